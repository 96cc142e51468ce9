/**
 * Puts ONNX Runtime into the package. As a dependency, it could not be installed offline: its install script fetches CUDA
 * libraries, even on machines without a GPU, and fails if it cannot (ADR 16).
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../localstack/place.mjs';
import { readJson, writeJson } from './json.ts';

export const ONNXRUNTIME = 'onnxruntime-node';

const BIN = join('bin', 'napi-v6');
/** The libraries for the CPU. Those for accelerators are loaded only on request, and Hilum requests the CPU. */
const BINARIES = [
  'linux/x64/libonnxruntime.so.1',
  'linux/x64/onnxruntime_binding.node',
  'linux/arm64/libonnxruntime.so.1',
  'linux/arm64/onnxruntime_binding.node',
  'darwin/arm64/libonnxruntime.1.dylib',
  'darwin/arm64/onnxruntime_binding.node',
  'win32/x64/onnxruntime.dll',
  'win32/x64/onnxruntime_binding.node',
];

/** The files of its two packages that are copied. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  [ONNXRUNTIME]: ['README.md', 'dist', ...BINARIES.map((file) => join(BIN, file))],
  'onnxruntime-common': ['README.md', join('dist', 'cjs')],
};
/** The fields of their package.json that are kept. Scripts and dependencies are dropped. */
const FIELDS = ['name', 'version', 'description', 'license', 'author', 'repository', 'main', 'types'];
const NOTICES = ['LICENSE', 'ThirdPartyNotices.txt'];

/** Puts both packages into `<dist>/node_modules`, where the code of `dist` finds them under their own names. */
export function copyOnnxruntime(dist: string): void {
  for (const [name, parts] of Object.entries(PARTS)) {
    const from = join(ROOT, 'node_modules', name);
    const to = join(dist, 'node_modules', name);
    const isWanted = (path: string): boolean => !path.endsWith('.map');
    for (const part of parts) cpSync(join(from, part), join(to, part), { recursive: true, filter: isWanted });
    for (const file of NOTICES) cpSync(join(import.meta.dirname, 'onnxruntime', file), join(to, file));
    writeJson(join(to, 'package.json'), pick(readJson(join(from, 'package.json'))));
  }
}

const pick = (description: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(FIELDS.flatMap((field) => (field in description ? [[field, description[field]]] : [])));
