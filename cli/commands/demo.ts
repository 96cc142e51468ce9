import type { Command } from 'commander';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDicomWebClient, type DicomWebClient } from '#adapters/dicomweb/client.ts';
import { parseResult } from '#core/results/result.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { useLocalCloud } from '#files/deployment.ts';
import { edgeFolder, localHome } from '#localstack/home.ts';
import { type LocalEnvironment, localUp, readLocalEnvironment } from '#localstack/local.ts';
import { refuseBesideEdge } from '#localstack/lock.ts';
import { queueUrl } from '#pipeline/environment.ts';
import { resultKey } from '#pipeline/keys.ts';
import type { DeployedTools, ObjectListing, ObjectStore, Queue, RunRecord, RunStore } from '#pipeline/ports.ts';
import { modelPlaces, note, print, root, Unsuccessful } from '../command.ts';
import { counted } from '../counted.ts';
import { type ListedObject, listResults, pushStudy } from '../demo/archive.ts';
import { followStudy, presentRuns } from '../demo/follow.ts';
import { type RunningForwarder, startForwarder } from '../demo/forwarder.ts';
import { nextSteps } from '../demo/next-steps.ts';
import { choosePacs, type DemoPacs } from '../demo/pacs.ts';
import { describeStudy, type RunReport } from '../demo/report.ts';
import { type DemoStudy, folderStudies, phantomStudies } from '../demo/studies.ts';
import { placeModels } from '../place-models.ts';
import { explain, wholeNumber } from '../usage.ts';

interface DemoOptions {
  readonly study?: string;
  readonly timeout: string;
  readonly json?: true;
}

/** `hilum demo`: sends studies from Orthanc through the local cloud and back, and shows what became of each. */
export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .description('send studies from Orthanc through the local cloud and show what comes back')
    .option('--study <folder>', 'a folder of DICOM files (default: two phantoms)')
    .option('--timeout <seconds>', 'how long to wait for the results', '600')
    .option('--json', 'print one object for scripts')
    .action(demo);
  explain(command, {
    examples: ['hilum demo', 'hilum demo --study study/ --timeout 1200'],
    success: 'every study was answered, and the result objects are in the PACS',
    failure: 'a run gave no answer in time, or the local environment could not be started',
  });
}

async function demo({ study, timeout, json }: DemoOptions): Promise<void> {
  const timeoutS = wholeNumber(timeout, '--timeout', { least: 1, most: 86_400, unit: 'seconds' });
  const started = Date.now();
  const say = json === true ? note : print;
  refuseBesideEdge(edgeFolder(localHome()));
  const studies = study === undefined ? phantomStudies() : await folderStudies(study);
  const catalog = await loadCatalog(root);
  await placeModels(catalog, modelPlaces, say);
  const pacs = await choosePacs(say);
  try {
    const reports = await show(studies, { pacs, catalog, say, timeoutS });
    const objects = reports.reduce((sum, report) => sum + report.objects.length, 0);
    const seconds = (Date.now() - started) / 1000;
    if (json === true) process.stdout.write(`${JSON.stringify({ studies: reports, objects, seconds })}\n`);
    else {
      const many = counted(studies.length, 'study', 'studies');
      print(`\n${many}, ${counted(objects, 'object')} of Hilum in ${pacs.name}, ${seconds.toFixed(0)} s`);
      for (const line of nextSteps(pacs.lasts ? readLocalEnvironment() : undefined)) print(line);
    }
    if (reports.every(({ ok }) => ok)) return;
    say('Not every study got its answers: `hilum status` says why.');
    throw new Unsuccessful();
  } finally {
    await pacs.close();
  }
}

interface Setting {
  readonly pacs: DemoPacs;
  readonly catalog: readonly ToolEntry[];
  readonly say: (line: string) => void;
  readonly timeoutS: number;
}

/** Stores the studies in the PACS, forwards them, and reports what comes back. */
async function show(studies: readonly DemoStudy[], setting: Setting): Promise<readonly StudyReport[]> {
  const { pacs, say, timeoutS } = setting;
  const environment = await localUp({ onProgress: say, stableAgeS: 2, ...pacs.options });
  useLocalCloud(environment);
  const services = await connect(environment);
  const versions = await services.deployed.versions();
  const catalog = setting.catalog.filter(({ manifest }) => versions.has(manifest.id));
  const forwarder = await startForwarder({ environment, ...services, catalog });
  try {
    const stored: (readonly [DemoStudy, number])[] = [];
    for (const each of studies) {
      say(`storing ${each.name} in ${pacs.name} (${counted(each.instances.length, 'instance')})`);
      await pushStudy(each, services.archive);
      stored.push([each, Date.now()]);
    }
    const watch = { ...services, catalog, forwarder, signal: AbortSignal.timeout(timeoutS * 1000), say };
    const reports: StudyReport[] = [];
    for (const [each, storedAt] of stored) reports.push(await reportOn(each, storedAt, watch));
    return reports;
  } finally {
    await forwarder.stop();
  }
}

interface Services {
  readonly archive: DicomWebClient;
  readonly objects: ObjectStore & ObjectListing;
  readonly deployed: DeployedTools;
  readonly runs: RunStore;
  readonly intake: Queue;
}

async function connect(environment: LocalEnvironment): Promise<Services> {
  const { orthanc, bucket, runsTable, queues, toolsParameter } = environment;
  const { createSsmDeployedTools } = await import('#adapters/aws/deployed-tools.ts');
  const { createS3ObjectStore } = await import('#adapters/aws/object-store.ts');
  const { createSqsQueue } = await import('#adapters/aws/queue.ts');
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { dicomWebUrl, username, password } = orthanc;
  return {
    archive: createDicomWebClient({ url: dicomWebUrl, username, password }),
    objects: createS3ObjectStore({ bucket }),
    deployed: createSsmDeployedTools({ parameter: toolsParameter }),
    runs: createDynamoRunStore({ table: runsTable }),
    intake: createSqsQueue({ url: queueUrl(queues, { step: 'intake', lane: 'live' }) }),
  };
}

/** One study in the JSON object that the demo ends with. */
interface StudyReport {
  readonly name: string;
  readonly StudyInstanceUID: string;
  /** Whether every run ended with an answer and its objects are in the PACS. */
  readonly ok: boolean;
  readonly runs: readonly RunRecord[];
  readonly objects: readonly ListedObject[];
  /** The reason if the forwarder left the study out, so that there are no runs. */
  readonly skipped?: string;
}

interface Watch extends Services {
  readonly catalog: readonly ToolEntry[];
  readonly forwarder: RunningForwarder;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Waits for a study's runs, reports them, and checks that the PACS lists their objects. */
async function reportOn(study: DemoStudy, storedAt: number, services: Watch): Promise<StudyReport> {
  const { archive, objects: store, say, forwarder, ...watch } = services;
  const { StudyInstanceUID, name } = study;
  await routeAgain(StudyInstanceUID, services);
  const ending = await followStudy({
    ...watch,
    StudyInstanceUID,
    skipped: () => forwarder.skipped(StudyInstanceUID),
    onChange: ({ tool, state }) => say(`  ${name}: ${tool} ${state}`),
  });
  const listed = await listResults(study, archive);
  if (ending.kind === 'skipped') {
    say(`\n${name}: no tool takes it (${ending.reason})`);
    return { name, StudyInstanceUID, ok: true, runs: [], objects: listed, skipped: ending.reason };
  }
  const { runs } = ending;
  for (const line of describeStudy(study, { runs: await withFindings(runs, store), objects: listed, storedAt }))
    say(line);
  if (ending.kind === 'late')
    say(`  not finished in time; the forwarder's state of the study: ${forwarder.state(StudyInstanceUID)}`);
  const there = new Set(listed.map(({ SOPInstanceUID }) => SOPInstanceUID));
  const isAnswered = ({ state, objects = [] }: RunRecord): boolean =>
    state === 'not-applicable' ||
    (state === 'delivered' && objects.length > 0 && objects.every((uid) => there.has(uid)));
  return { name, StudyInstanceUID, ok: ending.kind === 'ended' && runs.every(isAnswered), runs, objects: listed };
}

/** Starts the pipeline for a study that was forwarded before, so that tools that have changed since then get it too. */
async function routeAgain(StudyInstanceUID: string, { forwarder, intake, ...watch }: Watch): Promise<void> {
  const key = forwarder.manifestKey(StudyInstanceUID);
  if (key === undefined || (await presentRuns(watch, StudyInstanceUID)).length === watch.catalog.length) return;
  await intake.send(JSON.stringify({ Records: [{ s3: { object: { key } } }] }));
}

function withFindings(runs: readonly RunRecord[], store: Pick<ObjectStore, 'get'>): Promise<readonly RunReport[]> {
  return Promise.all(
    runs.map(async (run) => {
      const bytes = run.state === 'delivered' ? await store.get(resultKey(run)) : undefined;
      return { run, findings: bytes === undefined ? [] : parseResult(bytes).findings };
    }),
  );
}
