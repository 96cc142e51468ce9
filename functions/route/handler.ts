/** A study arrived: asks every tool whether it can use it, and sends one message per study × tool. */
import { errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { dispositionOf, MessageError, type Reason, reasonOf } from '#core/errors.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { type QueueRole, queueName } from '#pipeline/environment.ts';
import { parseManifestKey, runIdOf } from '#pipeline/keys.ts';
import type { Manifest } from '#pipeline/manifest.ts';
import { parseS3Event, type RunMessage } from '#pipeline/messages.ts';
import type { Queue, RunStore } from '#pipeline/ports.ts';
import { imagesOf, readManifest } from '#pipeline/study.ts';
import { recordUnrouted } from '#pipeline/unrouted.ts';
import { type ConsumerDependencies, consume, type QueueHandler } from '../shared/consume.ts';
import { identityOf } from '../shared/runs.ts';

export interface RouteDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly catalog: readonly ToolEntry[];
  readonly queue: (role: QueueRole) => Queue;
}

/**
 * Every study × tool leaves a run: routed, not applicable, or rejected with the reason. Repeating an event repeats the
 * same.
 */
export function makeHandler(dependencies: RouteDependencies): QueueHandler {
  const { objects, runs, catalog, queue, observer } = dependencies;

  /** Routes a study, or writes down at its runs that it never can be. */
  async function settle(manifestKey: string): Promise<void> {
    try {
      await routeStudy(manifestKey);
    } catch (error) {
      if (!isFinal(error)) throw error;
      const end = { state: 'rejected', reason: reasonOf(error) } as const;
      if (!(await recordUnrouted(dependencies, manifestKey, end))) throw error;
      observer.log('error', 'unrouted', { manifestKey, ...errorFacts(error) });
      observer.count(METRICS.rejected);
    }
  }

  async function routeStudy(manifestKey: string): Promise<void> {
    const place = parseManifestKey(manifestKey);
    if (place === undefined) throw new MessageError("The event's key is not a manifest's");
    const manifest = await readManifest(objects, manifestKey);
    checkManifest(manifest, place);
    const images = imagesOf(manifest);
    for (const entry of catalog) await routeToTool(entry, images, manifest, manifestKey);
  }

  async function routeToTool(entry: ToolEntry, images: readonly ImageIndex[], manifest: Manifest, manifestKey: string) {
    const { StudyInstanceUID, revision, lane } = manifest;
    const tool = entry.manifest.id;
    const version = toolVersion(entry);
    const { selected, refusals } = selectImages(entry.manifest.selection, images);
    const inputDigest = selected.length === 0 ? revision : inputDigestOf(selected);
    const runId = runIdOf({ inputDigest, tool, version });
    const message: RunMessage = {
      format: 'hilum.run/1',
      ...{ runId, StudyInstanceUID, revision, inputDigest, tool, version, lane, manifestKey },
      answer: 'result',
    };
    const run = identityOf(message);
    await runs.record({ ...run, state: 'received' });
    if (selected.length === 0) {
      const reason = reasonOfRefusals(refusals.map((refusal) => refusal.reason));
      await runs.record({ ...run, state: 'not-applicable', outcome: 'not-applicable', reason });
      observer.log('info', 'not-applicable', { runId, StudyInstanceUID, tool, code: reason.code });
      return;
    }
    const role: QueueRole = { step: 'infer', tool, lane };
    await queue(role).send(JSON.stringify(message));
    await runs.record({ ...run, state: 'routed' });
    observer.log('info', 'routed', { runId, StudyInstanceUID, tool, queue: queueName(role), images: selected.length });
  }

  return consume(
    {
      async work({ body }) {
        const errors: unknown[] = [];
        for (const key of parseS3Event(body)) await settle(key).catch((error: unknown) => errors.push(error));
        // What may succeed another time brings the whole message back; after the others it would be acknowledged.
        if (errors.length > 0) throw errors.find((error) => !isFinal(error)) ?? errors[0];
      },
    },
    dependencies,
  );
}

const isFinal = (error: unknown): boolean => dispositionOf(error) === 'reject';

/** @throws MessageError where the manifest is not the one that its key names */
function checkManifest(manifest: Manifest, place: Pick<Manifest, 'lane' | 'StudyInstanceUID' | 'revision'>): void {
  const isSame =
    manifest.lane === place.lane &&
    manifest.StudyInstanceUID === place.StudyInstanceUID &&
    manifest.revision === place.revision &&
    revisionOf(manifest.instances) === place.revision;
  if (!isSame) throw new MessageError("The manifest's study, lane or revision is not its key's");
}

/** One reason for all: the different ones in the images' order, at most three. */
function reasonOfRefusals(reasons: readonly Reason[]): Reason {
  const [first] = reasons;
  if (first === undefined) return { code: 'no-images', message: 'The study holds no images that a tool could use.' };
  const messages = [...new Set(reasons.map((reason) => reason.message))];
  return { code: first.code, message: messages.slice(0, 3).join(' ') };
}
