/**
 * Reading, decoding and writing DICOM beside pydicom with its fastest plugins and highdicom. Every cell of a table is a
 * process of its own; the cells of a repetition follow each other, so that all meet the same machine.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ROOT, VENVS } from '../../localstack/parts.mjs';
import { type Cell, runCell, runProgram } from './cell.ts';
import type { DecodeTimes } from './decode-hilum.ts';
import { NUMBERS, TEXTS } from './header-attributes.ts';
import type { HeaderTimes } from './headers-hilum.ts';
import { describeDicom } from './report.ts';
import { sameSamples } from './same-samples.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import { type BenchFiles, makeFiles } from './study.ts';
import { type BenchSyntax, type Plugin, SYNTAXES } from './syntaxes.ts';

/** Who read or wrote: Hilum in one thread or through its pool, or pydicom with a plugin or without. */
export type Reader = 'hilum' | 'pool' | 'pydicom' | Plugin;

export interface DicomMeasurements {
  readonly repetitions: number;
  readonly slices: number;
  readonly threads: number;
  readonly versions: { readonly hilum: string; readonly peers: string };
  /** Of every syntax and reader, one a repetition. */
  readonly decoding: ReadonlyMap<BenchSyntax, ReadonlyMap<Reader, readonly DecodeTimes[]>>;
  /** Attributes from the first bytes of files; `index` is the pipeline's header index with the SHA-256 of each file. */
  readonly headers: Readonly<Record<'hilum' | 'index' | 'pydicom', readonly HeaderTimes[]>>;
  readonly segmentation: Readonly<Record<'hilum' | 'highdicom', readonly Cell<SegmentTimes>[]>>;
  readonly segmentationMb: number;
}

const THREADS = 2;
const PROGRAMS = ['decode-hilum', 'headers-hilum', 'segment-hilum'] as const;

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measureDicom(options: {
  readonly repetitions: number;
  readonly slices: number;
}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
  try {
    const python = join(VENVS.bench.folder, 'bin', 'python');
    const files = await makeFiles(folder, options.slices, python);
    const runners = createRunners(bundle(folder), python, files, join(folder, 'segmentation.dcm'));
    const decoding = new Map(SYNTAXES.map((syntax) => [syntax, new Map<Reader, DecodeTimes[]>()]));
    const headers = { hilum: [] as HeaderTimes[], index: [] as HeaderTimes[], pydicom: [] as HeaderTimes[] };
    const segmentation = { hilum: [] as Cell<SegmentTimes>[], highdicom: [] as Cell<SegmentTimes>[] };
    for (let repetition = 0; repetition < options.repetitions; repetition++) {
      console.error(`repetition ${repetition + 1}: headers and segmentations`);
      headers.hilum.push(await runners.headers('head'));
      headers.pydicom.push(await runners.headersByPydicom());
      headers.index.push(await runners.headers('index'));
      segmentation.hilum.push(await runners.segment());
      segmentation.highdicom.push(await runners.segmentByHighdicom());
      for (const [syntax, times] of decoding) {
        console.error(`repetition ${repetition + 1}: ${syntax.name}`);
        for (const reader of readersOf(syntax)) {
          times.set(reader, [...(times.get(reader) ?? []), await runners.decode(syntax, reader)]);
        }
        sameSamples(syntax, times);
      }
    }
    const segmentationMb = statSync(join(folder, 'segmentation.dcm')).size / 1e6;
    const versions = await versionsOf(python);
    return describeDicom({ ...options, threads: THREADS, versions, decoding, headers, segmentation, segmentationMb });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The cells' programs as Hilum's functions run, bundled to plain JavaScript. */
function bundle(folder: string): (name: (typeof PROGRAMS)[number]) => string {
  const out = join(folder, 'programs');
  mkdirSync(out);
  symlinkSync(join(ROOT, 'node_modules'), join(out, 'node_modules'));
  const entries = PROGRAMS.map((name) => [name, join(import.meta.dirname, `${name}.ts`)] as const);
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries([...entries, ['worker', join(ROOT, 'adapters', 'decoder', 'worker.ts')]]),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24', logLevel: 'error' },
    mainFields: ['module', 'main'],
    external: ['@cornerstonejs/*'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return (name) => join(out, `${name}.mjs`);
}

function createRunners(program: ReturnType<typeof bundle>, python: string, files: BenchFiles, out: string) {
  const script = (name: string): string => join(import.meta.dirname, name);
  const node = <T>(...args: readonly string[]): Promise<Cell<T>> => runCell(process.execPath, args);
  return {
    async decode({ TransferSyntaxUID }: BenchSyntax, reader: Reader): Promise<DecodeTimes> {
      const folder = files.encoded(TransferSyntaxUID);
      if (reader === 'hilum') return (await node<DecodeTimes>(program('decode-hilum'), folder)).measured;
      if (reader === 'pool')
        return (await node<DecodeTimes>(program('decode-hilum'), folder, String(THREADS))).measured;
      const plugin = reader === 'pydicom' ? [] : [reader];
      return (await runCell<DecodeTimes>(python, [script('decode_pydicom.py'), folder, ...plugin])).measured;
    },
    headers: async (what: 'head' | 'index') =>
      (await node<HeaderTimes>(program('headers-hilum'), files.study, what)).measured,
    headersByPydicom: async () =>
      (await runCell<HeaderTimes>(python, [script('headers_pydicom.py'), files.study, TEXTS.join(), NUMBERS.join()]))
        .measured,
    segment: () => node<SegmentTimes>(program('segment-hilum'), files.study, files.labels, out),
    segmentByHighdicom: () =>
      runCell<SegmentTimes>(python, [script('segment_highdicom.py'), files.study, files.labels, `${out}.highdicom`]),
  };
}

/** A pool is of use where there is something to decode. */
function readersOf({ plugins }: BenchSyntax): readonly Reader[] {
  if (plugins === undefined) return ['hilum', 'pool'];
  return plugins.length === 0 ? ['hilum', 'pydicom'] : ['hilum', 'pool', ...plugins];
}

async function versionsOf(python: string): Promise<DicomMeasurements['versions']> {
  const listed = await runProgram(python, ['-m', 'pip', 'list', '--format=freeze', '--disable-pip-version-check']);
  const peers = listed
    .split('\n')
    .filter((line) => /^(highdicom|numpy|pillow|pydicom|pyjpegls|pylibjpeg|python-gdcm)/.test(line));
  const codecs = ['charls', 'libjpeg-turbo-8bit', 'openjpeg', 'openjph'].map((name) => {
    const path = join(ROOT, 'node_modules', '@cornerstonejs', `codec-${name}`, 'package.json');
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
    return `codec-${name} ${version}`;
  });
  return {
    hilum: codecs.join(', '),
    peers: [(await runProgram(python, ['--version'])).trim(), ...peers.map((line) => line.replace('==', ' '))].join(
      ', ',
    ),
  };
}
