/** The main job, whole: from a real Orthanc through the deployed pipeline and back into Orthanc. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunRecord } from '#core/ports.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { startOrthanc, stopOrthanc } from '#localstack/local.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';

/** What `hilum demo` ends with, as far as these tests look at it. */
interface DemoReport {
  readonly studies: readonly {
    readonly name: string;
    readonly StudyInstanceUID: string;
    readonly ok: boolean;
    readonly runs: readonly RunRecord[];
    readonly objects: readonly { readonly SOPInstanceUID: string; readonly kind: string }[];
  }[];
  readonly objects: number;
}

/** What `hilum run --json` prints, as far as these tests look at it. */
type RunReport = readonly {
  readonly tool: string;
  readonly outcome: string;
  readonly findings: readonly unknown[];
  readonly objects: readonly { readonly path: string; readonly kind: string; readonly SOPInstanceUID: string }[];
}[];

describeWith(['cloud', 'orthanc', 'postgresql', 'data'], 'a study on its way from Orthanc to Orthanc', () => {
  let cloud: DeployedCloud;
  const folder = mkdtempSync(join(tmpdir(), 'hilum-run-'));
  beforeAll(async () => {
    cloud = await startDeployedCloud({ context: { retryBaseS: '1', retryCapS: '2' } });
  }, 180_000);
  afterAll(async () => {
    await cloud?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const demo = async (...args: readonly string[]): Promise<DemoReport> =>
    JSON.parse(await cloud.hilum('demo', '--json', ...args)) as DemoReport;
  const run = async (path: string, tool: string): Promise<RunReport> =>
    JSON.parse(await cloud.hilum('run', path, '--tool', tool, '--out', join(folder, tool), '--json')) as RunReport;

  it('comes back with results, and a second time adds nothing', async () => {
    const first = await demo();

    const second = await demo();

    expect(first.studies.map(({ ok }) => ok)).toEqual([true, true]);
    expect(first.objects).toBeGreaterThanOrEqual(8);
    const uids = ({ studies }: DemoReport) => studies.map(({ objects }) => objects.map((it) => it.SOPInstanceUID));
    expect(uids(second)).toEqual(uids(first));
  });

  it('brings every kind of object to a real lumbar spine CT, the same that `hilum run` writes', async () => {
    const study = join(dataFolder(), 'ct-spine-ref-dicom');

    const { studies } = await demo('--study', study);
    const [local] = await run(study, 'vertebral-fracture');
    const [again] = await run(study, 'vertebral-fracture');

    const [report] = studies;
    const kinds = new Set(report?.objects.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['pdf', 'secondary-capture', 'segmentation', 'structured-report']);
    expect(local?.findings.length).toBeGreaterThanOrEqual(5);
    expect(again).toEqual({ ...local, timings: expect.anything() });
    await expectSameBytes(report?.StudyInstanceUID ?? '', local);
  });

  it.each([
    ['ct-abdomen-20', 'vertebral-fracture'],
    ['dental', 'caries'],
  ])(
    'answers the real study %s with results or an honest non-result, the same that `hilum run` writes',
    async (name, tool) => {
      const study = join(dataFolder(), name);

      const { studies } = await demo('--study', study);
      const [local] = await run(study, tool);

      const [report] = studies;
      const answer = report?.runs.find((it) => it.tool === tool);
      expect(report?.ok).toBe(true);
      expect(answer).toMatchObject({ state: 'delivered', outcome: local?.outcome });
      await expectSameBytes(report?.StudyInstanceUID ?? '', local);
    },
  );

  it('arrives once, when Orthanc is killed during return and comes back', async () => {
    const { files = [] } = PHANTOM_STUDIES['bitewing']?.() ?? {};
    const { home } = cloud.environment;

    const study = await cloud.arrive(files);
    await stopOrthanc(home, { kill: true });
    const waiting = await cloud.runOf(study, 'caries', ({ reason }) => reason?.code === 'archive-unavailable');
    await startOrthanc(home);
    const delivered = await cloud.runOf(study, 'caries', ended);

    expect(waiting.state).toBe('converted');
    expect(delivered.state).toBe('delivered');
    const stored = await Array.fromAsync(cloud.archive.retrieveStudy({ StudyInstanceUID: study }), indexInstance);
    const written = stored.filter(({ writtenByHilum }) => writtenByHilum === true);
    expect(written.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()).toEqual([...(delivered.objects ?? [])].sort());
  });

  /** Every object that `hilum run` wrote lies in Orthanc, byte for byte. */
  async function expectSameBytes(StudyInstanceUID: string, report: RunReport[number] | undefined): Promise<void> {
    expect(report?.objects.length).toBeGreaterThan(0);
    const stored = new Map<string, Uint8Array>();
    for await (const bytes of cloud.archive.retrieveStudy({ StudyInstanceUID })) {
      stored.set(indexInstance(bytes).SOPInstanceUID, bytes);
    }
    for (const { path, SOPInstanceUID } of report?.objects ?? []) {
      expect(Buffer.compare(readFileSync(path), stored.get(SOPInstanceUID) ?? new Uint8Array())).toBe(0);
    }
  }
});
