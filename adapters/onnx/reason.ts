/** The runtime's own reason for refusing a model or a run, as one line for people, with a fix if one is known. */
import { ModelError, type ModelErrorCode } from '#core/errors.ts';

const MOST_CHARACTERS = 500;

/** What the runtime says, and the fix. */
const FIXES: readonly (readonly [says: RegExp, fix: string])[] = [
  [/IR version/i, 'Export the model with an older release of onnx, or lower its ir_version.'],
  [/opset/i, 'Export the model with an opset that this runtime supports.'],
  [
    /No Op registered|not a registered function/i,
    'Export the model with ONNX’s own operators: custom operators are not supported.',
  ],
  [/NOT_IMPLEMENTED|Could not find an implementation/i, 'Export the model with operators that run on the CPU.'],
  [/protobuf parsing failed/i, 'The file is truncated or not an ONNX model: export it or copy it again.'],
];
const MEMORY = /failed to allocate|bad_alloc|out of memory|Array buffer allocation failed/i;
const MEMORY_FIX = 'Raise resources.memoryMb in the tool’s manifest, or give the model less at once.';

/** Translates an error that the runtime threw while it loaded or ran a model. */
export function modelError(model: string, did: 'loaded' | 'run', thrown: unknown): ModelError {
  const reason = runtimeReason(thrown);
  const isMemory = MEMORY.test(reason);
  const fix = isMemory ? MEMORY_FIX : FIXES.find(([says]) => says.test(reason))?.[1];
  const code: ModelErrorCode = isMemory
    ? 'model-out-of-memory'
    : did === 'loaded'
      ? 'model-not-loadable'
      : 'model-run-failed';
  const message = `The model ${model} cannot be ${did}: ${sentence(reason)}${fix === undefined ? '' : ` ${fix}`}`;
  return new ModelError(code, message, { cause: thrown, facts: { model } });
}

/** One line of at most 500 characters, without positions in the runtime's sources and without folders of files. */
export function runtimeReason(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const line = text
    .replace(/\S*\bonnxruntime\/core\/\S*:\d+ .{0,1000}?\) /g, '')
    .replace(/\b\w+\.(?:cc|h|cpp):\d+ \w+ /g, '')
    .replace(/(?:[A-Za-z]:)?(?:[\\/][^\s\\/"']+)+[\\/]([^\s\\/"']+)/g, '$1')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const shown = line === '' ? 'the runtime gives no reason' : line;
  return shown.length <= MOST_CHARACTERS ? shown : `${shown.slice(0, MOST_CHARACTERS - 1)}…`;
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
