/**
 * Compares Hilum's engine with Python's onnxruntime of the same version, and measures memory and CPU of `hilum run` on large
 * CTs. Every cell is a separate process. The cells of a repetition run one after the other, so that machine conditions are
 * similar.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { ROOT, VENVS } from '../../localstack/parts.mjs';
import { measuredHilum, type Taken } from '../../test/fixtures/hilum.ts';
import { runCell, runProgram } from '../dicom/cell.ts';
import { benchPhantom } from '../phantom.ts';
import type { InferenceTimes } from './infer-hilum.ts';
import { type ModelInput, recordInputs } from './inputs.ts';
import type { ModelTimes, RunTaken } from './measurements.ts';
import { describeModels } from './report.ts';

/** Runs in one process, after one run to warm up. */
const RUNS = 5;
/** A whole trunk, and a CT of twice as many slices. */
const FACTORS = [1, 2] as const;
const TOOL = 'vertebral-fracture';

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measureModels(options: {
  readonly repetitions: number;
  readonly slices: number;
}): Promise<string> {
  const { repetitions } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
  const say = (line: string): void => console.error(line);
  try {
    say("recording the models' inputs on phantoms");
    const inputs = await recordInputs(folder, say);
    const models: ModelTimes[] = [];
    for (const input of inputs) models.push(await measureModel(input, repetitions, say));
    const runs: RunTaken[] = [];
    for (const factor of FACTORS) runs.push(await measureRun(folder, options.slices * factor, repetitions, say));
    return describeModels({ models, runs, repetitions, versions: await versionsOf() });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PYTHON = join(VENVS.training.folder, 'bin', 'python');

async function measureModel(input: ModelInput, repetitions: number, say: (line: string) => void): Promise<ModelTimes> {
  const hilum: InferenceTimes[] = [];
  const python: InferenceTimes[] = [];
  const shared = [input.spec, String(input.threads), String(RUNS)];
  const script = (name: string): string => join(import.meta.dirname, name);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    say(`repetition ${repetition}: ${input.model} on ${input.phantom}`);
    const ours = await runCell<InferenceTimes>(process.execPath, [script('infer-hilum.ts'), input.model, ...shared]);
    const theirs = await runCell<InferenceTimes>(PYTHON, [script('infer_onnxruntime.py'), input.modelPath, ...shared]);
    sameOutputs(input, ours.measured, theirs.measured);
    hilum.push(ours.measured);
    python.push(theirs.measured);
  }
  return { input, hilum, python };
}

/** @throws Error if the runtimes' outputs differ, because their times could then not be compared */
function sameOutputs({ model }: ModelInput, ours: InferenceTimes, theirs: InferenceTimes): void {
  const scale = Math.sqrt(theirs.power);
  const isSame = Math.abs(ours.mean - theirs.mean) < 1e-5 * scale && Math.abs(ours.power / theirs.power - 1) < 1e-4;
  if (!isSame) throw new Error(`${model}: the outputs of Hilum and Python differ (means ${ours.mean}, ${theirs.mean})`);
}

async function measureRun(
  folder: string,
  slices: number,
  repetitions: number,
  say: (line: string) => void,
): Promise<RunTaken> {
  const study = join(folder, `ct-${slices}`);
  mkdirSync(study);
  for (const [index, bytes] of spinePhantomToDicom(benchPhantom(slices), { seed: 1 }).entries()) {
    writeFileSync(join(study, `${index}.dcm`), bytes);
  }
  const taken: Taken[] = [];
  let answer = '';
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    say(`repetition ${repetition}: hilum run on ${slices} slices`);
    const out = join(folder, `out-${slices}-${repetition}`);
    const ended = await measuredHilum(['run', study, '--tool', TOOL, '--out', out, '--json']);
    if (ended.code !== 0) throw new Error(`hilum run ended with ${ended.code}: ${ended.stderr}`);
    const [report] = JSON.parse(ended.stdout) as readonly {
      readonly outcome: string;
      readonly findings: readonly unknown[];
    }[];
    answer = `${report?.outcome}, ${report?.findings.length} findings`;
    taken.push(ended);
  }
  rmSync(study, { recursive: true });
  return { slices, taken, answer };
}

async function versionsOf(): Promise<{ readonly hilum: string; readonly python: string }> {
  const path = join(ROOT, 'node_modules', 'onnxruntime-node', 'package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  const python = await runProgram(PYTHON, [
    '-c',
    'from importlib.metadata import version; print(version("onnxruntime"))',
  ]);
  return { hilum: version, python: python.trim() };
}
