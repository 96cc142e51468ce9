/**
 * Runs the tools once more for a study's current upload. A run is its input, its tool and its version, and has one result: the same version
 * computes nothing twice. So only a version that has no run of the upload yet begins one; of the others, each goes on where it stands.
 */
import { MessageError } from '#core/errors.ts';
import { allRuns } from './all-runs.ts';
import { queueName } from './environment.ts';
import { isOpen, messageOf } from './lost.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { type RunMessage, s3EventOf } from './messages.ts';
import { currentBeside } from './patients.ts';
import type { ObjectListing, ObjectStore, RunRecord, SetTable } from './ports.ts';
import { giveBackTo, makeWay, planFor, type RedrivePorts } from './redrive.ts';
import type { RunState } from './run-state.ts';
import { isAtHome, UNDER_WAY } from './sets.ts';
import { listManifests } from './study.ts';
import { isOfRevision } from './unrouted.ts';
import { intakeWork, runWork } from './work.ts';

export interface RerunPorts extends RedrivePorts {
  readonly objects: Pick<ObjectStore, 'get'> & ObjectListing;
  readonly sets: Pick<SetTable, 'get'>;
}

/** A study's upload of the greatest sequence. */
export type Upload = Pick<Manifest, 'StudyInstanceUID' | 'revision' | 'lane' | 'identity' | 'sequence'> & {
  readonly key: string;
};

/** What was done for a tool. `run` is that of its deployed version for the upload. */
export type Rerun = { readonly tool: string; readonly version: string } & (
  | { readonly end: 'new-run'; readonly queue: string }
  /** It has a result, of which the table has lost all sets. */
  | { readonly end: 'routed-again'; readonly run: RunRecord; readonly queue: string }
  /** It had failed, and is tried anew. */
  | { readonly end: 'tried-again'; readonly run: RunRecord; readonly queue: string }
  /** It was delivered: the PACS is asked whether it has the results. Nothing is stored. */
  | { readonly end: 'looked-for'; readonly run: RunRecord; readonly queue: string }
  /** Another version gave the current results. This one's, which are stored already, take their place. */
  | { readonly end: 'made-current'; readonly run: RunRecord; readonly queue: string }
  | { readonly end: 'under-way' | 'not-applicable' | 'withdrawn' | 'superseded'; readonly run: RunRecord }
  /** Its queue does not exist: the tool is not deployed completely. */
  | { readonly end: 'not-deployed'; readonly run: RunRecord; readonly queue: string }
);

/** The study's newest manifest; undefined if the bucket has none that can be read. Older edges do not count them. */
export async function newestUpload(
  objects: RerunPorts['objects'],
  StudyInstanceUID: string,
): Promise<Upload | undefined> {
  let newest: (Upload & { readonly modified: string }) | undefined;
  for await (const { key, lane, modified } of listManifests(objects, StudyInstanceUID)) {
    const manifest = await readable(objects, key);
    if (manifest === undefined) continue;
    const { revision, identity, sequence } = manifest;
    const upload = { StudyInstanceUID, revision, lane, identity, sequence, key, modified };
    if (newest === undefined || isNewer(upload, newest)) newest = upload;
  }
  return newest;
}

type Dated = { readonly sequence?: number | undefined; readonly modified: string };
const isNewer = (a: Dated, b: Dated): boolean => {
  const [ofA, ofB] = [a.sequence ?? 0, b.sequence ?? 0];
  return ofA === ofB ? a.modified > b.modified : ofA > ofB;
};

async function readable(objects: RerunPorts['objects'], key: string): Promise<Manifest | undefined> {
  try {
    const bytes = await objects.get(key);
    return bytes && parseManifest(bytes);
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}

/**
 * It may be repeated, and interrupted: whatever was sent twice has the same outcome.
 *
 * @param versions the tools to run, with their deployed versions
 */
export async function rerun(
  ports: RerunPorts,
  upload: Upload,
  versions: ReadonlyMap<string, string>,
): Promise<readonly Rerun[]> {
  const { StudyInstanceUID, lane, revision, key } = upload;
  const own = (await allRuns(ports.runs, { StudyInstanceUID })).filter((run) => isOfRevision(run, revision));
  const intake = queueName({ step: 'intake', lane });
  const [done, routed, ways]: [Rerun[], string[], RunRecord[]] = [[], [], []];
  for (const [tool, version] of versions) {
    const runs = own.filter((one) => one.tool === tool && one.version === version);
    const run = runs.find(({ inputDigest }) => inputDigest !== undefined) ?? runs[0];
    const step = run === undefined ? 'route' : await goOn(ports, run, own, upload);
    if (step !== 'route') done.push({ tool, version, ...step });
    else {
      routed.push(tool);
      const sent = { tool, version, queue: intake } as const;
      if (run === undefined) done.push({ ...sent, end: 'new-run' });
      else if (!isEnded(run.state)) done.push({ ...sent, end: 'routed-again', run });
      else {
        ways.push(run);
        done.push({ ...sent, end: 'tried-again', run });
      }
    }
  }
  if (routed.length === 0) return done;
  const work = intakeWork([key]);
  if (work !== undefined) await ports.ledger.end(work);
  await ports.queueNamed(intake).send(s3EventOf(key, routed));
  for (const run of ways) await makeWay(ports.runs, run);
  return done;
}

type Step = Rerun extends infer One ? (One extends Rerun ? Omit<One, 'tool' | 'version'> : never) : never;

const isEnded = (state: RunState): boolean => state === 'failed' || state === 'rejected';

/** What becomes of a run of the deployed version; `route` if only the upload can begin it anew. */
async function goOn(
  ports: RerunPorts,
  run: RunRecord,
  own: readonly RunRecord[],
  upload: Upload,
): Promise<Step | 'route'> {
  const { state } = run;
  if (isOpen(state)) return { end: 'under-way', run };
  if (state === 'not-applicable' || state === 'withdrawn') return { end: state, run };
  if (isEnded(state)) return await tryAgain(ports, run);
  const { sets } = (await ports.sets.get(run)).study;
  const current = currentBeside(sets, run.runId) ?? sets.at(-1);
  const message = messageOf(run);
  // Its objects may be in the PACS. They have the same UIDs once the table knows of them again.
  if (current === undefined || message === undefined) return 'route';
  if (current.runId === run.runId) {
    if (UNDER_WAY.includes(current.state)) return { end: 'under-way', run };
    if (current.state === 'withdrawn') return { end: 'withdrawn', run };
    if (!isAtHome(current.state)) return { end: 'superseded', run };
    const queue = queueName({ step: 'return', lane: 'backfill' });
    const asked: RunMessage = { ...message, answer: current.answer, set: current.setId, check: true };
    await ports.queueNamed(queue).send(JSON.stringify(asked));
    return { end: 'looked-for', run, queue };
  }
  if (!own.some(({ runId }) => runId === current.runId)) return { end: 'superseded', run };
  const { key, revision, identity, sequence } = upload;
  const queue = queueName({ step: 'convert', lane: run.lane });
  const again: RunMessage = { ...message, revision, manifestKey: key, identity, sequence, set: current.setId };
  await ports.ledger.end(runWork('convert', again));
  await ports.queueNamed(queue).send(JSON.stringify(again));
  return { end: 'made-current', run, queue };
}

/** As `hilum redrive` does, for runs without hope, too: a person asked for it. */
async function tryAgain(ports: RerunPorts, run: RunRecord): Promise<Step | 'route'> {
  const plan = planFor(run, true);
  if (plan === undefined || plan === 'hopeless' || plan.step === 'intake') return 'route';
  const { end, ...sent } = await giveBackTo(ports, plan, new Set(), false);
  if (end === 'hopeless') return 'route';
  return { end: end === 'sent' ? 'tried-again' : end, run, queue: 'queue' in sent ? sent.queue : '' };
}
