/** Acts on a message that asks only whether the PACS still has a set of results (`pipeline/check-set.ts`). */
import { errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { type Checked, checkSet, LOOKED_AGAIN_S } from '#pipeline/check-set.ts';
import type { OpenArchive } from '#pipeline/deliver.ts';
import type { QueueRole } from '#pipeline/environment.ts';
import { objectListKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { Queue } from '#pipeline/ports.ts';
import { readSetFile } from '#pipeline/set-file.ts';
import { storeAgain } from '#pipeline/store-again.ts';
import { identityOf, type RunDependencies } from '../shared/runs.ts';

export interface CheckDependencies extends Pick<RunDependencies, 'objects' | 'sets' | 'runs' | 'observer' | 'clock'> {
  readonly archive: () => Promise<OpenArchive>;
  readonly queue: (role: QueueRole) => Pick<Queue, 'send'>;
}

export function makeCheck({ objects, sets, runs, archive: open, queue, observer, clock }: CheckDependencies) {
  async function look({ tool, runId, set: setId = '' }: RunMessage, opened: OpenArchive): Promise<Checked> {
    const folder = { tool, runId, setId };
    const set = await readSetFile(objects, folder);
    const stored = await objects.get(objectListKey(folder));
    // What belongs to a delivered run may be gone from the bucket.
    if (set === undefined || stored === undefined) return { kind: 'left' };
    const ports = { ...opened, objects, sets, now: () => clock.now() };
    return await checkSet(set, parseObjectList(stored), ports);
  }

  /** The run says what became of its results, and keeps what it says of its answer. */
  async function record(message: RunMessage, state: 'delivered' | 'missing' | 'withdrawn'): Promise<void> {
    const run = await runs.get(message.runId);
    if (run === undefined || run.state === state) return;
    const { reason } = run;
    await runs.record({ ...identityOf(message), state, ...(reason && { reason }) });
    observer.log(state === 'delivered' ? 'info' : 'warn', state, { runId: message.runId, tool: message.tool });
    if (state === 'missing') observer.count(METRICS.missing);
  }

  async function act(message: RunMessage, checked: Checked, { restoresMissing }: OpenArchive): Promise<void> {
    const { check: _, ...delivery } = message;
    const { lane, runId } = message;
    const own = queue({ step: 'return', lane });
    switch (checked.kind) {
      case 'left':
        return;
      case 'missed':
        return await queue({ step: 'return', lane: 'backfill' }).send(JSON.stringify(message), {
          delayS: LOOKED_AGAIN_S,
        });
      case 'back':
        return await own.send(JSON.stringify(delivery));
      case 'other-identity':
        return await queue({ step: 'convert', lane }).send(
          JSON.stringify({ ...delivery, identity: checked.identity } satisfies RunMessage),
        );
      default:
        await record(message, checked.kind);
    }
    if (checked.kind !== 'missing' || !restoresMissing) return;
    if ((await storeAgain(sets, message, runId)).kind === 'again') await own.send(JSON.stringify(delivery));
  }

  /** A look that fails is not tried again: the reconciler asks for the next one. */
  return async (message: RunMessage): Promise<void> => {
    try {
      const opened = await open();
      await act(message, await look(message, opened), opened);
    } catch (error) {
      observer.log('warn', 'not-checked', { runId: message.runId, ...errorFacts(error) });
    }
  };
}
