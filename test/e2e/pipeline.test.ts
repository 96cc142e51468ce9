/** The whole path: from a real Orthanc through the deployed pipeline and back into Orthanc. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { phantomStudies, type Truth } from '#cli/demo/studies.ts';
import { parseResult } from '#core/results/result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Finding, ProcessingResult } from '#core/tool.ts';
import { Sct } from '#dicom/codes.ts';
import { startOrthanc, stopOrthanc } from '#localstack/local.ts';
import { resultKey } from '#pipeline/keys.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { dciodvfy } from '../fixtures/judges.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { momentsOf } from '../fixtures/object-times.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import { expectFindingsRead, expectMaskRead, expectSourcesRead, readObjects } from '../fixtures/read-results.ts';

/** The fields of the report of `hilum demo` that these tests check. */
interface DemoReport {
  readonly studies: readonly StudyReport[];
  readonly objects: number;
}
interface StudyReport {
  readonly StudyInstanceUID: string;
  readonly ok: boolean;
  readonly runs: readonly RunRecord[];
  readonly objects: readonly { readonly SOPInstanceUID: string; readonly kind: string }[];
}

/** The fields of the output of `hilum run --json` that these tests check. */
type RunReport = readonly {
  readonly tool: string;
  readonly outcome: string;
  readonly findings: readonly unknown[];
  readonly objects: readonly { readonly path: string; readonly kind: string; readonly SOPInstanceUID: string }[];
}[];

/** The stages whose durations the demo prints. */
const STAGES = [
  'stable in Orthanc, forwarded, received',
  'routed to the tool',
  'images loaded, tool run',
  'converted to DICOM',
  'stored in Orthanc and read back',
];

describeWith(['cloud', 'orthanc', 'postgresql'], 'a study on its way from Orthanc to Orthanc', () => {
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
  let first: Promise<DemoReport & { readonly text: string; readonly stored: number }> | undefined;
  /** What the first demo on this cloud printed for people, how many instances Orthanc held then, and a second demo's report. */
  const firstDemo = () => {
    first ??= (async () => {
      const text = await cloud.hilum('demo');
      const stored = await countInstances();
      return { text, stored, ...(await demo()) };
    })();
    return first;
  };
  /** @param report of the same study in the pipeline, whose times are taken */
  const run = async (path: string, tool: string, report: StudyReport | undefined): Promise<RunReport> => {
    const at = momentsOf(await objectOf(report, tool));
    const out = join(folder, tool);
    return JSON.parse(await cloud.hilum('run', path, '--tool', tool, '--out', out, '--at', at, '--json')) as RunReport;
  };
  /** An object that the tool's run delivered. */
  async function objectOf(report: StudyReport | undefined, tool: string): Promise<Uint8Array> {
    const { StudyInstanceUID = '', runs = [] } = report ?? {};
    const uids = runs.find((one) => one.tool === tool)?.objects ?? [];
    for await (const bytes of cloud.archive.retrieveStudy({ StudyInstanceUID }))
      if (uids.includes(indexInstance(bytes).SOPInstanceUID)) return bytes;
    throw new Error(`The run of ${tool} delivered no object`);
  }

  it('comes back with what the phantoms hold, and people are told so', async () => {
    const { text, studies } = await firstDemo();

    const [spine = [], bitewing = []] = await Promise.all(studies.map(findingsOf));
    const [vertebrae = [], lesions = []] = phantomStudies().map(({ truth }) => truth);
    const metBy = (findings: readonly Finding[]) => (one: Truth) => findings.some(one.isMetBy);
    const fractures = spine.filter(({ finding }) => finding.value === Sct.compressionFracture.value);
    expect(studies.map(({ ok }) => ok)).toEqual([true, true]);
    expect(vertebrae.length - vertebrae.filter(metBy(spine)).length).toBeLessThanOrEqual(1);
    expect(vertebrae.filter(isFractured).map(metBy(fractures))).toEqual([true]);
    expect(fractures.length).toBeLessThanOrEqual(2);
    expect(lesions.filter(metBy(bitewing)).length).toBeGreaterThanOrEqual(Math.max(1, lesions.length / 2));
    const lines = text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
    for (const stage of STAGES)
      expect(
        lines.filter((line) => line.startsWith(stage) && /\d+\.\d s$/.test(line)).length,
        stage,
      ).toBeGreaterThanOrEqual(2);
    for (const { text: words } of [...vertebrae, ...lesions])
      expect(lines.filter((line) => line.startsWith(`${words} `)).length).toBeGreaterThan(0);
    for (const { summary } of [...spine, ...bitewing]) expect(text.replaceAll(/\s+/g, ' ')).toContain(` ${summary} `);
    for (const { kind, SOPInstanceUID } of studies.flatMap(({ objects }) => objects))
      expect(lines).toContain(`${kind} ${SOPInstanceUID}`);
  });

  it('adds nothing a second time', async () => {
    const { text, stored, studies, objects } = await firstDemo();

    const told = studies.flatMap((study) => study.objects.map(({ SOPInstanceUID }) => text.includes(SOPInstanceUID)));
    const sent = phantomStudies().reduce((sum, { instances }) => sum + instances.length, 0);
    expect(objects).toBeGreaterThanOrEqual(8);
    expect(told).toEqual(Array.from({ length: objects }, () => true));
    expect([stored, await countInstances()]).toEqual([sent + objects, sent + objects]);
  });

  it('arrives once, even if Orthanc is killed during return and restarted', async () => {
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
    const ofRun = stored.filter(({ SOPInstanceUID }) => delivered.objects?.includes(SOPInstanceUID));
    expect(ofRun.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()).toEqual([...(delivered.objects ?? [])].sort());
  });

  describeWith(['data', 'judges', 'dicom3tools'], 'a real study', () => {
    it('of the lumbar spine gets every kind of object, the same that `hilum run` writes', async () => {
      const study = join(dataFolder(), 'ct-spine-ref-dicom');

      const { studies } = await demo('--study', study);
      const [report] = studies;
      const [local] = await run(study, 'vertebral-fracture', report);
      const [again] = await run(study, 'vertebral-fracture', report);

      const kinds = new Set(report?.objects.map(({ kind }) => kind));
      expect([...kinds].sort()).toEqual(['pdf', 'secondary-capture', 'segmentation', 'structured-report']);
      expect(local?.findings.length).toBeGreaterThanOrEqual(5);
      expect(again).toEqual({ ...local, timings: expect.anything() });
      await expectSameBytes(report?.StudyInstanceUID ?? '', local);
      await expectReadByOthers(study, report, local);
    });

    it.each([
      ['ct-abdomen-20', 'vertebral-fracture'],
      ['dental', 'caries'],
    ])('%s gets results or a non-result, the same that `hilum run` writes', async (name, tool) => {
      const study = join(dataFolder(), name);

      const { studies } = await demo('--study', study);
      const [report] = studies;
      const [local] = await run(study, tool, report);

      const answer = report?.runs.find((it) => it.tool === tool);
      expect(report?.ok).toBe(true);
      expect(answer).toMatchObject({ state: 'delivered', outcome: local?.outcome });
      await expectSameBytes(report?.StudyInstanceUID ?? '', local);
      await expectReadByOthers(study, report, local);
    });
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

  /** A tool's answer from the bucket, and the runs of a study that have one. */
  async function resultsOf(report: StudyReport | undefined): Promise<readonly ProcessingResult[]> {
    const stored = await Promise.all((report?.runs ?? []).map((run) => cloud.objects.get(resultKey(run))));
    return stored.flatMap((bytes) => (bytes === undefined ? [] : parseResult(bytes)));
  }
  const findingsOf = async (report: StudyReport) => (await resultsOf(report)).flatMap(({ findings }) => findings);

  /** dciodvfy has no error; pydicom and highdicom read the tool's own masks and findings, in the study, of its images. */
  async function expectReadByOthers(
    folder: string,
    report: StudyReport | undefined,
    local: RunReport[number] | undefined,
  ): Promise<void> {
    const paths = local?.objects.map(({ path }) => path) ?? [];
    const errors = paths.flatMap((path) => dciodvfy(path).errors.map((error) => `${basename(path)} ${error}`));
    const read = readObjects(paths.map((path) => ({ name: basename(path), bytes: readFileSync(path) })));
    const inputs = readdirSync(folder)
      .filter((name) => name.endsWith('.dcm'))
      .map((name) => indexInstance(readFileSync(join(folder, name))));
    const results = (await resultsOf(report)).filter(({ toolName }) => toolName === local?.tool);

    expect(errors).toEqual([]);
    expect(read.map(({ study }) => study)).toEqual(paths.map(() => report?.StudyInstanceUID));
    const named = local?.objects.filter(({ kind }) => kind === 'pdf' || kind === 'secondary-capture');
    expect(read.filter(({ sources }) => Object.keys(sources).length > 0)).toHaveLength(named?.length ?? 0);
    expect(results).toHaveLength(1);
    for (const result of results) {
      const given = inputs.filter(({ SOPInstanceUID }) => result.metadata.inputs.includes(SOPInstanceUID));
      expectSourcesRead(given, read);
      expectMaskRead(result, read);
      expectFindingsRead(result, read);
    }
  }

  /** The number of instances in Orthanc's own statistics. */
  async function countInstances(): Promise<number> {
    const { url, username, password } = cloud.environment.orthanc;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const response = await fetch(`${url}/statistics`, { headers: { authorization } });
    return ((await response.json()) as { readonly CountInstances: number }).CountInstances;
  }
});

const isFractured = ({ text }: Truth): boolean => text.includes('Genant grade');
