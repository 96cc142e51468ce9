/**
 * Measures the start-up of the functions: the CPU time of importing each bundle as it is deployed, in a fresh process without
 * a network. The cells of a repetition run one after the other, so that machine conditions are similar.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolManifest } from '#core/tool-manifest.ts';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';
import { type BundleContents, createBundler } from '../../infra/bundle.ts';
import { withoutMissingModels } from '../../infra/models.ts';
import { discoverTools } from '../../infra/tools.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { runCell } from '../dicom/cell.ts';
import type { MeasuredStart, StartTimes } from './measurements.ts';
import { describeImports } from './report.ts';

type Subject = Omit<MeasuredStart, 'times'> & { readonly file: string; readonly tool?: string };

const GOALS_MS: Readonly<Record<string, number>> = { route: 150, return: 150, infer: 400 };

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measureImports({ repetitions }: { readonly repetitions: number }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
  try {
    const tools = discoverTools(ROOT);
    const here = withoutMissingModels(tools, ROOT).tools;
    const functions = bundleAll(here, folder);
    const references = makeReferences(folder);
    const times = new Map<Subject, StartTimes[]>();
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      console.error(`repetition ${repetition}`);
      for (const subject of [...functions, ...references]) {
        times.set(subject, [...(times.get(subject) ?? []), await start(subject)]);
      }
    }
    const measured = (subjects: readonly Subject[]): readonly MeasuredStart[] =>
      subjects.map((subject) => ({ ...subject, times: times.get(subject) ?? [] }));
    return describeImports({
      functions: measured(functions),
      references: measured(references),
      repetitions,
      leftOut: tools.filter((tool) => !here.includes(tool)).map(({ id }) => id),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bundleAll(tools: readonly ToolManifest[], folder: string): readonly Subject[] {
  const bundle = createBundler({ root: ROOT, outdir: folder });
  const make = (name: string, contents: BundleContents = {}): Subject => {
    const out = bundle(name, contents);
    const scripts = readdirSync(out).filter((file) => file.endsWith('.mjs'));
    const codeBytes = scripts.reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
    const { [name]: goalMs } = GOALS_MS;
    const tool = contents.tool?.id;
    return {
      ...{ name: tool === undefined ? name : `${name} of ${tool}`, file: join(out, 'index.mjs'), codeBytes },
      ...(tool === undefined ? {} : { tool }),
      ...(goalMs === undefined ? {} : { goalMs }),
    };
  };
  return [
    make('route', { catalog: tools }),
    ...tools.map((tool) => make('infer', { tool })),
    make('convert'),
    make('return'),
    make('dead-letter', { catalog: tools }),
  ];
}

/** Imports for comparison. */
function makeReferences(folder: string): readonly Subject[] {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export {};\n');
  return [
    { name: 'an empty module', file: empty },
    { name: '`return` from the checkout, not bundled', file: join(ROOT, 'functions', 'return', 'index.ts') },
    {
      name: "dcmjs's dictionary, which no function loads",
      file: join(ROOT, 'node_modules', 'dcmjs', 'generate', 'dictionary.mjs'),
    },
  ];
}

/** @throws SyntaxError if the function logs anything at its start, such as that its model is not ready */
async function start({ file, tool = '' }: Subject): Promise<StartTimes> {
  const environment = {
    ...{ HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: 'http://127.0.0.1:1/0/hilum-' },
    ...{ HILUM_ARCHIVE_SECRET: 'arn', HILUM_TOOL: tool, HILUM_TOOL_TIMEOUT_S: '60' },
    ...{ AWS_REGION: 'eu-central-1', ...TELEMETRY_OFF },
  };
  const program = join(import.meta.dirname, 'start.mjs');
  return (await runCell<StartTimes>(process.execPath, [program, file], environment)).measured;
}
