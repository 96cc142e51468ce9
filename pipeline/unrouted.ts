/** Records studies that could not be routed, so that `hilum status` shows them although no run message exists. */
import type { Reason } from '#core/errors.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { allRuns } from './all-runs.ts';
import type { Cause } from './ends.ts';
import { parseManifestKey, runIdOf } from './keys.ts';
import type { RunRecord, RunStore } from './ports.ts';

export interface Unrouted {
  readonly state: 'rejected' | 'failed';
  readonly reason: Reason;
  readonly cause: Cause;
}

/** Whether this upload gave the run, be it as the first or as a later one with the same input. */
export const isOfRevision = (run: Pick<RunRecord, 'revision' | 'revisions'>, revision: string): boolean =>
  run.revision === revision || run.revisions?.includes(revision) === true;

/**
 * Records an ended run for every tool that has no run of this upload yet. Without a readable manifest there is no input
 * digest, so the run id is derived from the upload's revision, as for a tool that is not applicable.
 *
 * @returns false if the key is not a manifest's key
 */
export async function recordUnrouted(
  { runs, catalog }: { readonly runs: RunStore; readonly catalog: readonly ToolEntry[] },
  manifestKey: string,
  { cause, ...end }: Unrouted,
): Promise<boolean> {
  const place = parseManifestKey(manifestKey);
  if (place === undefined) return false;
  const { StudyInstanceUID, revision } = place;
  const known = (await allRuns(runs, { StudyInstanceUID })).filter((run) => isOfRevision(run, revision));
  for (const entry of catalog) {
    const [tool, version] = [entry.manifest.id, toolVersion(entry)];
    if (known.some((run) => run.tool === tool)) continue;
    const runId = runIdOf({ inputDigest: revision, tool, version });
    await runs.record({ runId, ...place, tool, version, ...end, gaveUp: { step: 'intake', cause } });
  }
  return true;
}
