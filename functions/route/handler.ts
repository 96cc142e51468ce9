/** Routes a study that has arrived: evaluates every tool's selection and sends one message per study × tool. */
import { errorFacts, METRICS } from '#adapters/aws/observe.ts';
import { dispositionOf, MessageError, type Reason, reasonOf } from '#core/errors.ts';
import { nonResult, serialiseResult, storedAt } from '#core/results/result.ts';
import { namedInstances } from '#core/study/distinct-instances.ts';
import { noImage } from '#core/study/no-image.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ImageIndex } from '#core/study/study-index.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { type QueueRole, queueName } from '#pipeline/environment.ts';
import { parseManifestKey, resultKey, runIdOf } from '#pipeline/keys.ts';
import type { Manifest } from '#pipeline/manifest.ts';
import { parseS3Event, type RunMessage, toolsAsked } from '#pipeline/messages.ts';
import { isSetApart } from '#pipeline/patients.ts';
import type { Queue, RunStore, SetTable } from '#pipeline/ports.ts';
import { noteRouted, standing } from '#pipeline/sets.ts';
import { imagesOf, readManifest } from '#pipeline/study.ts';
import { recordUnrouted } from '#pipeline/unrouted.ts';
import { intakeWork } from '#pipeline/work.ts';
import { type ConsumerDependencies, consume, type QueueHandler } from '../shared/consume.ts';
import { identityOf } from '../shared/runs.ts';

export interface RouteDependencies extends ConsumerDependencies {
  readonly runs: RunStore;
  readonly sets: SetTable;
  readonly catalog: readonly ToolEntry[];
  /** The ids of the tools that begin no run any more. */
  readonly retired?: readonly string[];
  readonly queue: (role: QueueRole) => Queue;
}

/** Why a study is not for a tool. */
interface NotApplicable {
  readonly entry: ToolEntry;
  readonly manifest: Manifest;
  readonly reason: Reason;
}

/**
 * Every study × tool gets a run: routed, not applicable, or rejected with the reason, as what a retired tool would begin is. A repeated event has the same
 * outcome.
 */
export function makeHandler(dependencies: RouteDependencies): QueueHandler {
  const { objects, runs, sets, catalog, retired = [], queue, observer, clock } = dependencies;

  /** Routes a study, or records its runs as rejected if it can never be routed. */
  async function settle(manifestKey: string, asked: readonly ToolEntry[]): Promise<void> {
    try {
      await routeStudy(manifestKey, asked);
    } catch (error) {
      if (!isFinal(error)) throw error;
      const end = { state: 'rejected', reason: reasonOf(error), cause: 'never' } as const;
      if (!(await recordUnrouted({ runs, catalog: asked }, manifestKey, end))) throw error;
      observer.log('error', 'unrouted', { manifestKey, ...errorFacts(error) });
      observer.count(METRICS.rejected);
    }
  }

  async function routeStudy(manifestKey: string, asked: readonly ToolEntry[]): Promise<void> {
    const place = parseManifestKey(manifestKey);
    if (place === undefined) throw new MessageError("The event's key is not a manifest's key");
    const manifest = await readManifest(objects, manifestKey);
    checkManifest(manifest, place);
    const images = imagesOf(manifest);
    for (const entry of asked) await routeToTool(entry, images, manifest, manifestKey);
  }

  async function routeToTool(entry: ToolEntry, images: readonly ImageIndex[], manifest: Manifest, manifestKey: string) {
    const { StudyInstanceUID, revision, lane, identity, sequence, back } = manifest;
    const tool = entry.manifest.id;
    const version = toolVersion(entry);
    const { selected, refusals } = selectImages(entry.manifest.selection, images);
    const inputDigest = selected.length === 0 ? revision : inputDigestOf(selected);
    const runId = runIdOf({ inputDigest, tool, version });
    const message: RunMessage = {
      format: 'hilum.run/1',
      ...{ runId, StudyInstanceUID, revision, inputDigest, tool, version, lane, manifestKey },
      ...(identity !== undefined && { identity }),
      ...(sequence !== undefined && { sequence }),
      ...(back !== undefined && { back }),
      answer: 'result',
    };
    const run = identityOf(message);
    if (selected.length > 0 && retired.includes(tool) && !(await isBegun(runId)))
      return await decline(message, manifest);
    await runs.record({ ...run, state: 'received' });
    if (selected.length === 0) {
      const reason =
        reasonOfRefusals(refusals.map((refusal) => refusal.reason)) ?? noImage('The study', manifest.instances);
      if (await endsResults(message, manifest)) return await tellNotApplicable(message, { entry, manifest, reason });
      await runs.record({ ...run, state: 'not-applicable', outcome: 'not-applicable', reason });
      observer.log('info', 'not-applicable', { runId, StudyInstanceUID, tool, code: reason.code });
      return;
    }
    await noteUpload(message, manifest);
    const role: QueueRole = { step: 'infer', tool, lane };
    await queue(role).send(JSON.stringify(message));
    await runs.record({ ...run, state: 'routed' });
    observer.log('info', 'routed', { runId, StudyInstanceUID, tool, queue: queueName(role), images: selected.length });
  }

  /**
   * Whether a retired tool has the run to end: the upload was not routed to the end, a message was lost, or a patient was corrected. The row of
   * an upload that was never routed is no beginning.
   */
  const isBegun = async (runId: string): Promise<boolean> => (await runs.get(runId))?.stages.received !== undefined;

  /** The tool is retired: the run ends before it begins. What the tool makes of older uploads is not stored as what the study has now. */
  async function decline(message: RunMessage, manifest: Manifest): Promise<void> {
    const { runId, StudyInstanceUID, tool } = message;
    const reason = { code: 'tool-retired', message: `The tool ${tool} is retired: it takes no new images.` };
    await noteUpload(message, manifest);
    await runs.record({ ...identityOf(message), state: 'rejected', reason });
    observer.log('info', reason.code, { runId, StudyInstanceUID, tool });
  }

  async function noteUpload({ StudyInstanceUID, tool, runId }: RunMessage, upload: Manifest): Promise<void> {
    const { sequence, revision, patient, others } = upload;
    if (sequence !== undefined)
      await noteRouted(sets, { StudyInstanceUID, tool }, { sequence, runId, revision, patient, others });
  }

  /** Whether the PACS may have results of the tool for an older upload. Those that are still on their way are not stored any more. */
  async function endsResults(
    { StudyInstanceUID, tool, sequence, runId, revision }: RunMessage,
    { patient, others }: Manifest,
  ): Promise<boolean> {
    if (sequence === undefined) return false;
    const place = { StudyInstanceUID, tool };
    const { study } = await sets.get(place);
    // The message about an older upload may come later. Of a study's first one there is none.
    if (study.routed === undefined && study.sets.length === 0 && sequence === 1) return false;
    const upload = { sequence, runId, revision, patient, others };
    await noteRouted(sets, place, upload);
    return standing((await sets.get(place)).study.sets).some(
      (set) => !isSetApart(set, upload) && (set.sequence < sequence || set.runId === runId),
    );
  }

  /** The study is not for the tool any more: an object that says so replaces the results that it has. */
  async function tellNotApplicable(message: RunMessage, about: NotApplicable): Promise<void> {
    const { entry, manifest, reason } = about;
    const { version, inputDigest, runId, StudyInstanceUID, tool, lane } = message;
    const inputs = [...namedInstances(manifest.instances).keys()].sort();
    const description = describeTool(entry);
    const answer = nonResult({ description, version, inputDigest, inputs, outcome: 'not-applicable', reason });
    await objects.put(resultKey(message), serialiseResult(storedAt(answer, clock.now())), {
      ifAbsent: true,
      contentType: 'application/json',
    });
    await runs.record({ ...identityOf(message), state: 'inferred', outcome: 'not-applicable' });
    await queue({ step: 'convert', lane }).send(JSON.stringify(message));
    observer.log('info', 'not-applicable-any-more', { runId, StudyInstanceUID, tool, code: reason.code });
  }

  return consume(
    {
      stage: 'route',
      nameOf: (body) => intakeWork(parseS3Event(body)),
      async work({ body }) {
        const errors: unknown[] = [];
        const tools = toolsAsked(body);
        const asked = catalog.filter(({ manifest }) => tools?.includes(manifest.id) ?? true);
        for (const key of parseS3Event(body)) await settle(key, asked).catch((error: unknown) => errors.push(error));
        // An error that can be retried is thrown first, since it returns the message to the queue. Others acknowledge it.
        if (errors.length > 0) throw errors.find((error) => !isFinal(error)) ?? errors[0];
      },
    },
    dependencies,
  );
}

const isFinal = (error: unknown): boolean => dispositionOf(error) === 'reject';

/** @throws MessageError if the manifest does not match its key */
function checkManifest(manifest: Manifest, place: Pick<Manifest, 'lane' | 'StudyInstanceUID' | 'revision'>): void {
  const isSame =
    manifest.lane === place.lane &&
    manifest.StudyInstanceUID === place.StudyInstanceUID &&
    manifest.revision === place.revision &&
    revisionOf(manifest.instances) === place.revision;
  if (!isSame) throw new MessageError("The manifest's study, lane or revision differs from its key");
}

/** Joins the refusals to one reason: the first code and at most three different messages, in the images' order; undefined without any. */
function reasonOfRefusals(reasons: readonly Reason[]): Reason | undefined {
  const [first] = reasons;
  if (first === undefined) return undefined;
  const messages = [...new Set(reasons.map((reason) => reason.message))];
  return { code: first.code, message: messages.slice(0, 3).join(' ') };
}
