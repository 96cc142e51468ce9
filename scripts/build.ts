/**
 * `npm run build`: makes `dist/`, from which the npm package runs (ADR 16). The package must be JavaScript, because Node
 * refuses to strip types below `node_modules`. The same sources give the same bytes in every folder and under every umask.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { commitOf } from '#localstack/commit.ts';
import { CLONE_ONLY, ROOT } from '../localstack/place.mjs';
import { readJson, writeJson } from './build/json.ts';
import { modulesIn, nameJavaScript, reachedFrom } from './build/modules.ts';
import { copyOnnxruntime, ONNXRUNTIME } from './build/onnxruntime.ts';

const DIST = join(ROOT, 'dist');
/** The entry points: the command, the threads of the decoder and the watchdog, every tool, and the modules that a tool's author imports. */
const ENTRIES = [
  'cli/hilum.js',
  'adapters/decoder/worker.js',
  'adapters/watchdog/thread.js',
  'tools/*/tool.js',
  '{core,dicom}/**/*.js',
];
const PACKAGE = z.object({
  version: z.string(),
  imports: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  files: z.array(z.string()),
});
const MODEL = z.object({ file: z.string(), source: z.record(z.string(), z.unknown()).default({}) });

rmSync(DIST, { recursive: true, force: true });
const description = PACKAGE.parse(readJson(join(ROOT, 'package.json')));
compile();
writeJson(join(DIST, 'package.json'), {
  type: 'module',
  version: description.version,
  imports: description.imports,
  build: commitOf(ROOT),
});
leaveOut();
copyTools();
copyModels();
copyViewer();
copyOnnxruntime(DIST);
setModes();

/** The compiler writes the types of every module that it reaches. esbuild writes JavaScript and source maps of the same modules. */
function compile(): void {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json')], { cwd: ROOT, stdio: 'inherit' });
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: globSync('**/*.d.ts', { cwd: DIST }).map((file) => file.replace(/\.d\.ts$/, '.ts')),
    outbase: ROOT,
    outdir: DIST,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    logLevel: 'error',
  });
  copy('{localstack,setup}/*.{mjs,d.mts}');
  copy('{core,dicom}/**/*.json');
  copy('core/fonts/NOTICE');
  nameJavaScript(DIST);
}

/**
 * Removes modules that only the clone's commands need, and checks that package.json declares the packages that the others
 * import.
 */
function leaveOut(): void {
  const entries = globSync(ENTRIES, { cwd: DIST });
  const commands = CLONE_ONLY.map((name) => `cli/commands/${name}.js`);
  const { files, packages } = reachedFrom(entries, commands, DIST);
  for (const file of modulesIn(DIST)) {
    if (files.has(file)) continue;
    rmSync(join(DIST, file));
    rmSync(join(DIST, `${file}.map`), { force: true });
  }
  const undeclared = [...packages].filter((name) => !(name in description.dependencies) && name !== ONNXRUNTIME);
  if (undeclared.length === 0) return;
  throw new Error(`dist/ imports packages that package.json does not declare: ${undeclared.join(', ')}`);
}

/** Copies the tools' manifests. Their code has been compiled already. */
function copyTools(): void {
  copy('tools/*/manifest.json');
}

/** Copies the cards of all models, and the files of committed models. The other files are fetched. */
function copyModels(): void {
  for (const card of copy('layers/models/*/model.json')) {
    const { file, source } = MODEL.parse(readJson(join(ROOT, card)));
    copy(join(dirname(card), 'CARD.md'));
    if ('url' in source || 'path' in source) continue;
    const weights = join(dirname(card), file);
    if (copy(weights).length === 0) throw new Error(`${weights} is gone: it belongs to the clone`);
  }
}

/** Copies the extension of OHIF, which the browser loads as it is. */
function copyViewer(): void {
  copy('viewer/ohif/*.js');
}

/** Copies files of the clone to the same places in `dist/`; returns their paths. */
function copy(pattern: string): readonly string[] {
  const files = globSync(pattern, { cwd: ROOT });
  for (const file of files) cpSync(join(ROOT, file), join(DIST, file));
  return files;
}

/** Sets the file modes, which npm packs as it finds them: in a clone and in `dist/` they depend on the umask. */
function setModes(): void {
  for (const file of globSync('**', { cwd: DIST, withFileTypes: true })) {
    chmodSync(join(file.parentPath, file.name), file.isDirectory() ? 0o755 : 0o644);
  }
  for (const file of ['package.json', 'README.md', 'LICENSE', ...description.files.filter((name) => name !== 'dist')]) {
    chmodSync(join(ROOT, file), file.startsWith('bin/') ? 0o755 : 0o644);
  }
}
