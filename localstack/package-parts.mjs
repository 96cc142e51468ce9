// What the npm package needs on a machine. Unlike a clone, it does not deploy, train or test. Plain JavaScript, like the
// lists beside it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasOhif } from './ohif.mjs';
import { findProgram } from './parts.mjs';
import { FETCHED_MODELS, ROOT } from './place.mjs';

const PLATFORM = `${process.platform}-${process.arch}`;
const BINARIES = join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6');

/** ONNX Runtime's library is there, and on Linux so is glibc, which it is linked with. */
function hasOnnxRuntime() {
  const there = existsSync(join(BINARIES, process.platform, process.arch, 'onnxruntime_binding.node'));
  return there && (process.platform !== 'linux' || process.report.getReport().header.glibcVersionRuntime !== undefined);
}

function fetchedModels() {
  const folder = join(ROOT, 'layers/models');
  const cards = readdirSync(folder).map((id) => JSON.parse(readFileSync(join(folder, id, 'model.json'), 'utf8')));
  return cards.filter(({ source }) => source?.url !== undefined);
}

/** Every part, in the shape of `PARTS`. */
export const PACKAGE_PARTS = {
  onnxruntime: {
    what: `ONNX Runtime for ${PLATFORM}, to run tools`,
    present: hasOnnxRuntime,
    fix: 'use a supported platform: Linux (glibc) on x64 or arm64, macOS on arm64, or Windows on x64',
  },
  models: {
    what: 'the models that are fetched, not committed',
    present: () => fetchedModels().every(({ id, file }) => existsSync(join(FETCHED_MODELS, id, file))),
    fix: '`hilum models pull`',
    optional: true,
  },
  fetching: {
    what: 'npm and tar, to fetch the viewer (OHIF)',
    present: () => hasOhif() || ['npm', 'tar'].every((name) => findProgram(name) !== undefined),
    fix: 'put both on the PATH; npm comes with Node.js',
    optional: true,
  },
};
