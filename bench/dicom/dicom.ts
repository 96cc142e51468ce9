/**
 * Compares reading, decoding and writing DICOM with pydicom and its fastest plugins, and with highdicom. Every cell of a
 * table is a separate process. The cells of a repetition run one after the other, so that machine conditions are similar.
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
import type { DicomMeasurements, Reader, Repetition } from './measurements.ts';
import { describeDicom } from './report.ts';
import { sameHeaders, sameMasks, sameSamples } from './same-answers.ts';
import type { SegmentTimes } from './segment-hilum.ts';
import { type BenchFiles, makeFiles } from './study.ts';
import { type BenchSyntax, SYNTAXES } from './syntaxes.ts';

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
    const runners = createRunners(bundle(folder), python, files, folder);
    const repetitions: Repetition[] = [];
    for (let number = 1; number <= options.repetitions; number++) {
      repetitions.push(await repeat(runners, (step) => console.error(`repetition ${number}: ${step}`)));
    }
    return describeDicom({
      ...options,
      threads: THREADS,
      versions: await versionsOf(python),
      repetitions,
      segmentationMb: statSync(runners.written.hilum).size / 1e6,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs every cell once, one after the other, and compares their answers. */
async function repeat(runners: ReturnType<typeof createRunners>, say: (step: string) => void): Promise<Repetition> {
  say('headers');
  const headers = {
    hilum: await runners.headers('head'),
    pydicom: await runners.headersByPydicom(),
    index: await runners.headers('index'),
  };
  sameHeaders(headers.hilum, headers.pydicom);
  say('segmentations');
  const segmentation = { hilum: await runners.segment(), highdicom: await runners.segmentByHighdicom() };
  sameMasks(readFileSync(runners.written.hilum), readFileSync(runners.written.highdicom));
  const decoding = new Map<BenchSyntax, ReadonlyMap<Reader, DecodeTimes>>();
  for (const syntax of SYNTAXES) {
    say(syntax.name);
    const times = new Map<Reader, DecodeTimes>();
    for (const reader of readersOf(syntax)) times.set(reader, await runners.decode(syntax, reader));
    sameSamples(syntax, times);
    decoding.set(syntax, times);
  }
  return { headers, segmentation, decoding };
}

/** Bundles the cells' programs to plain JavaScript, as Hilum's functions are. */
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

function createRunners(program: ReturnType<typeof bundle>, python: string, files: BenchFiles, folder: string) {
  const written = { hilum: join(folder, 'hilum.dcm'), highdicom: join(folder, 'highdicom.dcm') };
  const script = (name: string): string => join(import.meta.dirname, name);
  const node = <T>(...args: readonly string[]): Promise<Cell<T>> => runCell(process.execPath, args);
  return {
    written,
    async decode({ TransferSyntaxUID }: BenchSyntax, reader: Reader): Promise<DecodeTimes> {
      const encoded = files.encoded(TransferSyntaxUID);
      const threads = reader === 'pool' ? [String(THREADS)] : [];
      const plugin = reader === 'pydicom' ? [] : [reader];
      const isOurs = reader === 'hilum' || reader === 'pool';
      const { measured } = isOurs
        ? await node<DecodeTimes>(program('decode-hilum'), encoded, ...threads)
        : await runCell<DecodeTimes>(python, [script('decode_pydicom.py'), encoded, ...plugin]);
      return measured;
    },
    headers: async (what: 'head' | 'index') =>
      (await node<HeaderTimes>(program('headers-hilum'), files.study, what)).measured,
    headersByPydicom: async () =>
      (await runCell<HeaderTimes>(python, [script('headers_pydicom.py'), files.study, TEXTS.join(), NUMBERS.join()]))
        .measured,
    segment: () => node<SegmentTimes>(program('segment-hilum'), files.study, files.labels, written.hilum),
    segmentByHighdicom: () =>
      runCell<SegmentTimes>(python, [script('segment_highdicom.py'), files.study, files.labels, written.highdicom]),
  };
}

/** The pool is measured only for compressed syntaxes. */
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
