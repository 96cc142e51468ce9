/** Studies that arrived and could not be routed: `hilum status` is to show them, though no message names a run of theirs. */
import type { Reason } from '#core/errors.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { allRuns } from './all-runs.ts';
import { parseManifestKey, runIdOf } from './keys.ts';
import type { RunStore } from './ports.ts';

export interface Unrouted {
  readonly state: 'rejected' | 'failed';
  readonly reason: Reason;
}

/**
 * Ends the study's run of every tool that has none for this upload yet. Without a readable manifest there is no input
 * digest: the run is named after the upload's revision, as that of a tool which is not applicable.
 *
 * @returns whether the key names a study at all
 */
export async function recordUnrouted(
  { runs, catalog }: { readonly runs: RunStore; readonly catalog: readonly ToolEntry[] },
  manifestKey: string,
  end: Unrouted,
): Promise<boolean> {
  const place = parseManifestKey(manifestKey);
  if (place === undefined) return false;
  const { StudyInstanceUID, revision } = place;
  const known = (await allRuns(runs, { StudyInstanceUID })).filter((run) => run.revision === revision);
  for (const entry of catalog) {
    const [tool, version] = [entry.manifest.id, toolVersion(entry)];
    if (known.some((run) => run.tool === tool)) continue;
    await runs.record({ runId: runIdOf({ inputDigest: revision, tool, version }), ...place, tool, version, ...end });
  }
  return true;
}
