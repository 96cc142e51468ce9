/** Makes a function's folder: its code as ESM bundles, and the files that the code reads. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { ConfigurationError } from '../core/errors.ts';
import type { ToolManifest } from '../core/tool-manifest.ts';
import { modelsOf } from './models.ts';

/** The contents of a function's folder besides its own code. */
export interface BundleContents {
  /** Tools of which the function reads manifests and model cards. */
  readonly catalog?: readonly ToolManifest[];
  /** The tool that the function runs: manifest, model cards, code, weights and onnxruntime. */
  readonly tool?: ToolManifest;
}

/** Makes the folder of `functions/<name>` and returns its path. */
export type Bundler = (name: string, contents?: BundleContents) => string;

const REPOSITORY = resolve(import.meta.dirname, '..');
const ONNXRUNTIME = 'onnxruntime-node';
/** The pixel codecs, which load their WebAssembly from beside their scripts (`dicom/codecs/emscripten.ts`). */
const CODECS = {
  charls: 'charlswasm_decode',
  openjpeg: 'openjpegwasm_decode',
  openjph: 'openjphjs',
  'libjpeg-turbo-8bit': 'libjpegturbowasm_decode',
};
const CPU_BINARIES = join('bin', 'napi-v6', 'linux', 'x64');

/** CommonJS inside an ESM bundle calls `require` for Node's own modules. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Node's `http` without reading its getters. An ESM import reads all exported names, and three of them load undici, which
 * no function uses. This saves a tenth of a function's start-up time.
 */
const HTTP = "data:text/javascript,module.exports = process.getBuiltinModule('node:http')";

/**
 * @param root the folder that holds `tools/` and `layers/models/`
 * @param outdir where the folders are made; an existing folder is replaced
 */
export function createBundler({ root, outdir }: { readonly root: string; readonly outdir: string }): Bundler {
  return (name, { catalog = [], tool } = {}) => {
    const out = join(outdir, tool === undefined ? name : `${name}-${tool.id}`);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    bundleCode(name, tool, { root, out });
    for (const manifest of tool === undefined ? catalog : [tool]) copyDescriptions(manifest, { root, out });
    if (tool !== undefined) {
      copyWeights(tool, { root, out });
      copyOnnxruntime(out);
      copyCodecs(out);
    }
    const dockerfile = join(REPOSITORY, 'functions', name, 'Dockerfile');
    if (existsSync(dockerfile)) cpSync(dockerfile, join(out, 'Dockerfile'));
    return out;
  };
}

interface Places {
  readonly root: string;
  readonly out: string;
}

/** Handler and tool are built together and share chunks, so that `instanceof` works for errors across them. */
function bundleCode(name: string, tool: ToolManifest | undefined, { root, out }: Places): void {
  const entryPoints: Record<string, string> = {
    index: join(REPOSITORY, 'functions', name, 'index.ts'),
    // A worker thread starts from a separate file, which `adapters/lease/lease.ts` expects beside itself.
    renewer: join(REPOSITORY, 'adapters', 'lease', 'renewer.ts'),
  };
  if (tool !== undefined) {
    entryPoints[`tools/${tool.id}/tool`] = resolve(root, 'tools', tool.id, 'tool.ts');
    // The same for `adapters/decoder/thread.ts`.
    entryPoints['worker'] = join(REPOSITORY, 'adapters', 'decoder', 'worker.ts');
  }
  buildSync({
    absWorkingDir: REPOSITORY,
    entryPoints,
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    alias: { http: HTTP, 'node:http': HTTP },
    external: [ONNXRUNTIME, '@cornerstonejs/*'],
    legalComments: 'none',
    logLevel: 'error',
  });
}

/** Copies a tool's manifest and its models' cards. */
function copyDescriptions({ id, models }: ToolManifest, { root, out }: Places): void {
  cpSync(join(root, 'tools', id, 'manifest.json'), join(out, 'tools', id, 'manifest.json'));
  for (const model of models) {
    const card = join('layers', 'models', model, 'model.json');
    cpSync(join(root, card), join(out, card));
  }
}

/** @throws ConfigurationError if a model's file is not in its folder */
function copyWeights(tool: ToolManifest, { root, out }: Places): void {
  for (const { folder, card } of modelsOf(tool, root)) {
    const file = join(folder, card.file);
    if (!existsSync(join(root, file))) {
      throw new ConfigurationError(
        `The file of the model ${card.id} is not in ${folder}. \`bin/hilum models pull ${card.id}\` fetches it.`,
      );
    }
    cpSync(join(root, file), join(out, file));
  }
}

/** Copies onnxruntime-node without the platforms and accelerators that a Lambda does not have: 46 MB of 288. */
function copyOnnxruntime(out: string): void {
  const from = join(REPOSITORY, 'node_modules', ONNXRUNTIME);
  const to = join(out, 'node_modules', ONNXRUNTIME);
  for (const part of ['package.json', 'dist', CPU_BINARIES])
    cpSync(join(from, part), join(to, part), { recursive: true });
  const common = 'onnxruntime-common';
  for (const part of ['package.json', join('dist', 'cjs')]) {
    cpSync(join(REPOSITORY, 'node_modules', common, part), join(out, 'node_modules', common, part), {
      recursive: true,
    });
  }
}

function copyCodecs(out: string): void {
  for (const [codec, build] of Object.entries(CODECS)) {
    const path = join('node_modules', '@cornerstonejs', `codec-${codec}`);
    for (const file of ['package.json', ...['js', 'wasm'].map((type) => join('dist', `${build}.${type}`))])
      cpSync(join(REPOSITORY, path, file), join(out, path, file));
  }
}
