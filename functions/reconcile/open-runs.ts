/** Runs that stopped at a step because their message is gone: its queue was purged, or its retention passed. */
import { toolVersion } from '#core/tool-manifest.ts';
import { manifestKey } from '#pipeline/keys.ts';
import {
  carryingOn,
  isLost,
  isOpen,
  LOST_AFTER_S,
  OPEN_STATES,
  type OpenState,
  quietSinceMs,
  RUN_STEPS,
  type RunStep,
  SILENT_AFTER_S,
  STEP_OF,
  timeMs,
} from '#pipeline/lost.ts';
import type { KnownWork, RunRecord } from '#pipeline/ports.ts';
import { intakeWork, runWork } from '#pipeline/work.ts';
import type { ReconcilePorts, Resending } from './resend.ts';
import type { Sweep } from './sweep.ts';

const PAGE = 100;

export function openRuns(
  { runs, ledger, catalog }: ReconcilePorts,
  { nowMs, emptyAtMs, queuesOf, isDeployed, mended, resend }: Resending,
): Sweep<RunRecord> {
  async function look(run: RunRecord): Promise<void> {
    const { state, tool, lane, resent } = run;
    if (!isOpen(state)) return;
    const quietMs = quietSinceMs(run);
    if (isForTool(state) && !isDeployed(tool)) return await endWithoutTool(run, quietMs);
    // A run is recorded as routed only after its message was sent.
    const queues = [...queuesOf(STEP_OF[state], run), ...(state === 'received' ? queuesOf('infer', run) : [])];
    const waiting = { lane, quietSinceMs: quietMs, silentSinceMs: quietMs, resends: resent?.times ?? 0 };
    if (!isLost({ ...waiting, emptyAtMs: await emptyAtMs(queues) }, nowMs)) return;

    const entries = await entriesOf(run, state);
    const elsewhere = earlierSteps(run, state, entries).flatMap((step) => queuesOf(step, run));
    const silentSinceMs = Math.max(quietMs, ...[...entries.values()].map(({ at }) => timeMs(at)));
    const known = { ...waiting, silentSinceMs, emptyAtMs: await emptyAtMs([...queues, ...elsewhere]) };
    if (!isLost(known, nowMs)) return;
    await resend('message-lost', run, carryingOn(run, state));
    if (state === 'received') await endOlderVersion(run);
  }

  /** The run was never routed. Routing takes the version that is deployed, which is another run. */
  async function endOlderVersion({ runId, StudyInstanceUID, revision, tool, version, lane }: RunRecord): Promise<void> {
    const present = catalog.find(({ manifest }) => manifest.id === tool);
    if (present === undefined || toolVersion(present) === version) return;
    const message = `The tool was updated to ${toolVersion(present)} before the study was routed.`;
    const reason = { code: 'version-replaced', message };
    await runs.record({ runId, StudyInstanceUID, revision, tool, version, lane, state: 'rejected', reason });
  }

  /** What the ledger knows of the run's step, and of those before it to which the run may have gone back. */
  async function entriesOf(run: RunRecord, state: OpenState): Promise<ReadonlyMap<RunStep | 'intake', KnownWork>> {
    const { lane, StudyInstanceUID, revision } = run;
    const intake = intakeWork([manifestKey(lane, StudyInstanceUID, revision)]);
    const names: readonly (readonly [RunStep | 'intake', string])[] =
      state === 'received' && intake !== undefined
        ? [['intake', intake]]
        : stepsUpTo(state).map((step) => [step, runWork(step, { runId: run.runId, answer: 'result' })]);
    const known = await Promise.all(names.map(async ([step, name]) => [step, await ledger.get(name)] as const));
    return new Map(known.filter(([, { open, failing }]) => open > 0 || failing !== undefined));
  }

  /** The run of a tool that was taken out of the deployment, together with its queue. Once it is back, `hilum redrive` helps. */
  async function endWithoutTool(run: RunRecord, quietMs: number): Promise<void> {
    const { runId, StudyInstanceUID, revision, tool, version, lane } = run;
    if (nowMs - quietMs < SILENT_AFTER_S.live * 1000) return;
    const reason = { code: 'tool-not-deployed', message: `The tool ${tool} is not deployed any more.` };
    const end = { state: 'rejected', reason, gaveUp: { step: 'infer', cause: 'person' } } as const;
    await runs.record({ runId, StudyInstanceUID, revision, tool, version, lane, ...end });
    mended('tool-not-deployed', { runId, tool });
  }

  return {
    name: 'open-runs',
    async page(after) {
      const before = new Date(nowMs - LOST_AFTER_S * 1000).toISOString();
      const query = { state: OPEN_STATES, before, limit: PAGE, ...(after !== undefined && { after }) };
      const { runs: entries, next } = await runs.list(query);
      return { entries, ...(next !== undefined && { next }) };
    },
    look,
    mostPages: 20,
    mostEntries: 2000,
  };
}

/** Later steps need the tool's answer only. */
const isForTool = (state: OpenState): boolean => state === 'received' || state === 'routed';

function stepsUpTo(state: OpenState): readonly RunStep[] {
  const step = STEP_OF[state];
  return step === 'intake' ? [] : RUN_STEPS.slice(0, RUN_STEPS.indexOf(step) + 1);
}

/** The steps before the run's own where its message may be: those that it has begun, or all if something that was stored is gone. */
function earlierSteps(
  { reason }: RunRecord,
  state: OpenState,
  entries: ReadonlyMap<RunStep | 'intake', KnownWork>,
): readonly RunStep[] {
  const earlier = stepsUpTo(state).slice(0, -1);
  return reason?.code === 'missing-product' ? earlier : earlier.filter((step) => entries.has(step));
}
