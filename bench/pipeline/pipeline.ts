/**
 * Measures a CT phantom of 300 slices of 512 × 512 on the local cloud, from "last instance in Orthanc" to "results listed by
 * Orthanc", and the floor of the same run. Every repetition has its own environment and processes. Its first study meets
 * functions that have not started yet (cold), its second one finds them running (warm).
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useLocalCloud } from '#files/deployment.ts';
import { readState } from '#localstack/home.ts';
import { localDown, localUp } from '#localstack/local.ts';
import { type CtPhantom, spinePhantomToDicom } from '#phantoms/dicom.ts';
import { benchPhantom } from '../phantom.ts';
import { describeBench } from './report.ts';
import { type MeasuredRun, measureRun, startForwarder } from './run.ts';

const TOOL = 'vertebral-fracture';

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measurePipeline(options: {
  readonly repetitions: number;
  readonly slices: number;
}): Promise<string> {
  const { repetitions, slices } = options;
  const phantom = benchPhantom(slices);
  // All repetitions share one home: restarted services keep their ports, so this process's AWS clients stay valid.
  const home = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
  const cold: MeasuredRun[] = [];
  const warm: MeasuredRun[] = [];
  try {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const [first, second] = await repeat(home, phantom, repetition);
      cold.push(first);
      warm.push(second);
    }
  } finally {
    await localDown({ home, purge: true });
  }
  return describeBench({ cold, warm, slices, repetitions });
}

/** Measures the first study of a new environment, and a second one. */
async function repeat(
  home: string,
  phantom: CtPhantom,
  repetition: number,
): Promise<readonly [MeasuredRun, MeasuredRun]> {
  const say = (step: string): void => console.error(`repetition ${repetition + 1}: ${step}`);
  try {
    const environment = await localUp({ home, ports: 'free', stableAgeS: 3, onProgress: say });
    useLocalCloud(environment);
    const forwarder = await startForwarder(environment);
    try {
      const { orthanc, cloud } = readState(home).processes ?? {};
      const pids = { Orthanc: orthanc?.pid ?? 0, 'local cloud': cloud?.pid ?? 0, forwarder: forwarder.pid };
      const measure = (which: string): Promise<MeasuredRun> => {
        say(`a study with ${which} functions`);
        const seed = repetition * 2 + (which === 'cold' ? 0 : 1);
        return measureRun({ environment, pids, forwarder }, spinePhantomToDicom(phantom, { seed }), TOOL);
      };
      return [await measure('cold'), await measure('warm')];
    } finally {
      forwarder.stop();
    }
  } finally {
    await localDown({ home });
  }
}
