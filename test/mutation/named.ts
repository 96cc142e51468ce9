/** Mutations that are always tried, for any seed: faults that tests once missed and must never miss again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutantOf } from './mutants.ts';

interface NamedMutation {
  readonly name: string;
  readonly file: string;
  /** Once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const NAMED: readonly NamedMutation[] = [
  {
    name: 'the forwarder takes a series of which the archive sends less than it lists',
    file: 'edge/forward-series.ts',
    find: 'if (received < listed)',
    replace: 'if (false)',
  },
  {
    name: 'the look through all studies takes one that changed since it was settled as settled',
    file: 'edge/forwarder.ts',
    find: "known !== undefined && (known.state === 'seen' || known.lastUpdate === lastUpdate)",
    replace: 'known !== undefined',
  },
  {
    name: "the tool's deadline does not heed what is left of the invocation",
    file: 'functions/infer/handler.ts',
    find: 'Math.min(toolTimeoutMs, remainingMs - RESERVE_MS)',
    replace: 'toolTimeoutMs',
  },
  {
    name: 'the patient module is of another instance than the first by SOPInstanceUID',
    file: 'core/convert-result.ts',
    find: '(b.SOPInstanceUID < a.SOPInstanceUID ? b : a)',
    replace: '(b.SOPInstanceUID < a.SOPInstanceUID ? a : b)',
  },
];

/** @throws Error where the source no longer has the place */
export function namedMutants(root: string): readonly Mutant[] {
  return NAMED.map(({ name, file, find, replace }) => {
    const source = readFileSync(join(root, file), 'utf8');
    const start = source.indexOf(find);
    if (start === -1 || source.indexOf(find, start + 1) !== -1)
      throw new Error(`test/mutation/named.ts: ${file} does not have once: ${find}`);
    return mutantOf(file, source, name, { start, end: start + find.length, text: replace });
  });
}
