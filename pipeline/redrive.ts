/**
 * Gives work back that was given up: each run's message goes to the step that gave up, with its whole budget. The run's row says
 * which step that was. The letter under `dead-letters/` stays as it is.
 */
import { ConfigurationError } from '#core/errors.ts';
import { allRuns } from './all-runs.ts';
import { queueName } from './environment.ts';
import { type Answer, manifestKey } from './keys.ts';
import { messageOf, roleOf } from './lost.ts';
import { s3EventOf } from './messages.ts';
import { newestRuns } from './newest-runs.ts';
import type { EndedRuns, GivenUp, Queue, RunRecord, RunStore, WorkLedger } from './ports.ts';
import type { RunState } from './run-state.ts';
import { intakeWork, runWork } from './work.ts';

export interface RedrivePorts {
  readonly runs: Pick<RunStore, 'get' | 'list'> & EndedRuns;
  readonly ledger: Pick<WorkLedger, 'end'>;
  /** A queue by its name without the deployment's prefix. */
  readonly queueNamed: (name: string) => Pick<Queue, 'send'>;
}

export interface RedriveQuery {
  /** Only runs with this code as their reason. */
  readonly cause?: string;
  readonly StudyInstanceUID?: string;
  /** Only runs that ended at or after this time (ISO 8601, UTC). */
  readonly since?: string;
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
}

/** What became of a run. */
export type Redriven = {
  readonly run: RunRecord;
} & (
  | { readonly end: 'sent'; readonly step: GivenUp['step']; readonly answer: Answer; readonly queue: string }
  /** Its input or its result was refused. Until a new version is deployed, it ends the same way again. */
  | { readonly end: 'hopeless' }
  /** The queue of its tool is gone, and the tool with it. */
  | { readonly end: 'not-deployed'; readonly queue: string }
);

/** The state in which a run enters each step. */
const ENTERS = { infer: 'routed', convert: 'inferred', return: 'converted' } as const;

const PAGE = 100;
/** The runs that are worked on at once. */
const AT_ONCE = 10;

/** What to send for a run, and the state that it then has; `gone` if other rows take its place. */
interface Plan {
  readonly run: RunRecord;
  readonly step: GivenUp['step'];
  readonly answer: Answer;
  readonly state: RunState | 'gone';
}

/**
 * Runs that ended, the latest first, and what becomes of each. It may run twice, and be interrupted: a run whose message was sent has
 * not ended any more. A message that was sent twice does no harm.
 */
export async function* redrive(ports: RedrivePorts, query: RedriveQuery): AsyncGenerator<Redriven> {
  const uploads = new Set<string>();
  let plans: Plan[] = [];
  for await (const run of endedRuns(ports.runs, query)) {
    if (query.cause !== undefined && run.reason?.code !== query.cause) continue;
    const plan = planFor(run, query.cause !== undefined || query.StudyInstanceUID !== undefined);
    if (plan === 'hopeless') yield { run, end: 'hopeless' };
    else if (plan !== undefined) plans.push(plan);
    if (plans.length < AT_ONCE) continue;
    yield* await Promise.all(plans.map((some) => giveBackTo(ports, some, uploads, query.dryRun === true)));
    plans = [];
  }
  yield* await Promise.all(plans.map((some) => giveBackTo(ports, some, uploads, query.dryRun === true)));
}

async function* endedRuns(runs: Pick<RunStore, 'list'>, query: RedriveQuery): AsyncGenerator<RunRecord> {
  const { StudyInstanceUID, since } = query;
  const ended = { state: ['failed', 'rejected'] as const, ...(since !== undefined && { since }) };
  if (StudyInstanceUID === undefined) yield* newestRuns(runs, ended, PAGE);
  else yield* await allRuns(runs, { ...ended, StudyInstanceUID });
}

/**
 * @param isNamed whether a person asked for this cause or study, and so for runs that ended without hope, too
 * @returns undefined if nothing was given up, or it was given back already
 */
export function planFor(run: RunRecord, isNamed: boolean): Plan | 'hopeless' | undefined {
  const { state, gaveUp, untold, redriven } = run;
  const canHelp = ({ cause }: GivenUp): boolean => isNamed || cause !== 'never';
  if (gaveUp !== undefined && canHelp(gaveUp)) {
    const { step } = gaveUp;
    return { run, step, answer: 'result', state: step === 'intake' ? 'gone' : ENTERS[step] };
  }
  if (untold !== undefined && canHelp(untold)) return { run, step: untold.step, answer: 'failure', state };
  if (gaveUp !== undefined || untold !== undefined) return 'hopeless';
  // Failed before rows held what gave up: routing the upload again carries the run on, from the answer that it has.
  if (state === 'failed' && redriven === undefined) return { run, step: 'intake', answer: 'result', state };
  return undefined;
}

/** Sends what a plan says, and puts the run back. */
export async function giveBackTo(
  { runs, ledger, queueNamed }: RedrivePorts,
  { run, step, answer, state }: Plan,
  uploads: Set<string>,
  dryRun: boolean,
): Promise<Redriven> {
  const { lane, StudyInstanceUID, revision } = run;
  const key = manifestKey(lane, StudyInstanceUID, revision);
  // Which set is to be delivered is decided anew: meanwhile, the study was told of the failure.
  const message = step === 'intake' ? undefined : messageOf({ ...run, set: undefined }, answer);
  const queue = queueName(roleOf(message === undefined ? 'intake' : step, run));
  const done = { run, end: 'sent', step, answer, queue } as const;
  if (dryRun) return done;
  const work = message === undefined || step === 'intake' ? intakeWork([key]) : runWork(step, message);
  // Every tool has a row of an upload that was not routed, and one message is for all.
  if (message !== undefined || !uploads.has(key)) {
    if (message === undefined) uploads.add(key);
    if (work !== undefined) await ledger.end(work);
    const body = message === undefined ? s3EventOf(key) : JSON.stringify(message);
    try {
      await queueNamed(queue).send(body);
    } catch (error) {
      if (step === 'infer' && isMissingQueue(error)) return { run, end: 'not-deployed', queue };
      throw error;
    }
  }
  // Last, so that nothing is lost if this process ends before. If the run has moved on meanwhile, it says so itself.
  if (state === 'gone') await makeWay(runs, run);
  else await runs.giveBack(run, state);
  return done;
}

/** Removes the row of an upload that was not routed, unless a run with the same id was routed meanwhile: the tool took all images. */
export async function makeWay(runs: RedrivePorts['runs'], run: RunRecord): Promise<void> {
  if (await runs.forget(run)) return;
  const present = await runs.get(run.runId);
  if (present?.state !== run.state || present.stages.received === undefined) return;
  await runs.giveBack(present, present.stages.routed === undefined ? 'received' : 'routed');
}

/** By the names that SQS and its protocols have for it. */
const isMissingQueue = (error: unknown): boolean =>
  error instanceof ConfigurationError && /QueueDoesNotExist|NonExistentQueue/.test(String(error.facts['error']));
