/** Forwards one series from the archive to the bucket: read, index, pack into chunks, check the tools' selections, upload. */
import { createHash } from 'node:crypto';
import type { DicomWebClient, SeriesUids } from '#adapters/dicomweb/client.ts';
import type { OrthancSeries } from '#adapters/orthanc/client.ts';
import { ArchiveUnavailableError, type Reason, reasonOf } from '#core/errors.ts';
import { indexInstance, MANUFACTURER } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { DicomReadError } from '#dicom/error.ts';
import { uidProblem } from '#dicom/uid.ts';
import { chunkKey } from '#pipeline/keys.ts';
import type { ObjectStore, StoredFile } from '#pipeline/ports.ts';
import type { Journal, JournalSeries, RefusedFile } from './journal.ts';
import { indexLarge } from './large-file.ts';
import type { Log } from './log.ts';
import {
  type IndexedFile,
  LARGE_BYTES,
  type ManifestInstance,
  type SealedChunk,
  type Spool,
  withSpool,
} from './spool.ts';
import type { Wants } from './wanted.ts';

export interface SeriesForwarding {
  /** The study in the journal. */
  readonly key: string;
  readonly archive: Pick<DicomWebClient, 'retrieveSeries' | 'retrieveHeader'>;
  readonly store: ObjectStore;
  readonly journal: Journal;
  /** Holds chunks until it is known whether a tool takes their series. */
  readonly spoolFolder: string;
  readonly chunkBytes?: number | undefined;
  readonly wants: Wants;
  readonly log: Log;
}

/** The places of the series' instances in the bucket, or why it was left out. `stored` counts bytes that are new there. */
export type SeriesOutcome =
  | { readonly forwarded: true; readonly instances: readonly ManifestInstance[]; readonly storedBytes: number }
  | { readonly forwarded: false; readonly reason: Reason };

/**
 * Forwards one series, unless no tool wants it or Hilum wrote it. A series that has not changed since it was last
 * forwarded or left out is not read again.
 *
 * @throws ArchiveUnavailableError if the archive stops answering or sends fewer instances than it lists
 */
export async function forwardSeries(
  edge: SeriesForwarding,
  StudyInstanceUID: string,
  series: OrthancSeries,
  signal?: AbortSignal,
): Promise<SeriesOutcome> {
  const { SeriesInstanceUID } = series;
  const remembered = edge.journal.instances(edge.key, SeriesInstanceUID);
  const refusal = refusedUnread(series, edge.wants, remembered.size > 0);
  if (refusal) return { forwarded: false, reason: refusal };

  const before = edge.journal.series(edge.key, SeriesInstanceUID);
  const unchanged =
    before?.lastUpdate === series.lastUpdate &&
    before.listed === series.instances &&
    before.wants === edge.wants.digest;
  if (unchanged && before.reason) return { forwarded: false, reason: before.reason };
  const present = await stillInBucket(edge.store, remembered, signal);
  if (unchanged && present.size === remembered.size)
    return { forwarded: true, instances: [...present.values()], storedBytes: 0 };

  const { spoolFolder: folder, chunkBytes } = edge;
  return await withSpool({ folder, chunkBytes }, async (spool) => {
    const content = await readSeries({ ...edge, spool }, StudyInstanceUID, series, present, signal);
    // A series that went up before goes up as it is now: the study may have results of it.
    const wentUp = remembered.size > 0 && content.instances.length > 0;
    const reason = wentUp ? undefined : judge(content, StudyInstanceUID, edge.wants);
    const storedBytes = reason
      ? 0
      : await upload({ ...edge, spool }, StudyInstanceUID, SeriesInstanceUID, content.chunks, signal);
    if (!reason) edge.journal.uploaded(edge.key, SeriesInstanceUID, indexedAgain(content.instances, present));
    close(edge, series, content, reason);
    if (reason) return { forwarded: false, reason };
    const placed = edge.journal.instances(edge.key, SeriesInstanceUID);
    return { forwarded: true, instances: [...placed.values()], storedBytes };
  });
}

/** Instances that are in the bucket, with the header index of this version: an older one may lack attributes. */
function indexedAgain(
  instances: readonly InstanceIndex[],
  present: ReadonlyMap<string, ManifestInstance>,
): readonly ManifestInstance[] {
  return instances.flatMap((instance) => {
    const { chunk, offset, length } = present.get(instance.sha256) ?? {};
    return chunk === undefined || offset === undefined || length === undefined
      ? []
      : [{ ...instance, chunk, offset, length }];
  });
}

/** Records the series' content and the decision in the journal, so that an unchanged series is not read again. */
function close(
  { key, journal, wants }: SeriesForwarding,
  { SeriesInstanceUID, lastUpdate, instances: listed }: OrthancSeries,
  { instances, refused }: SeriesContent,
  reason: Reason | undefined,
): void {
  const closed: JournalSeries = {
    SeriesInstanceUID,
    lastUpdate,
    listed,
    wants: wants.digest,
    ...(reason && { reason }),
  };
  const sha256s = new Set(instances.map((instance) => instance.sha256));
  journal.closeSeries(key, closed, { sha256s, refused });
}

/** Records that the archive refuses a series, so that it is not asked for again until the series or the tools change. */
export function rejectSeries(
  edge: SeriesForwarding,
  StudyInstanceUID: string,
  series: OrthancSeries,
  error: unknown,
): Reason {
  const reason = reasonOf(error);
  close(edge, series, { instances: [], chunks: [], refused: [], own: 0 }, reason);
  const { SeriesInstanceUID } = series;
  edge.log.warn('series-refused', { StudyInstanceUID, SeriesInstanceUID, ...reason });
  return reason;
}

/** The reason for leaving a series out without reading it. What went up before is read whatever its modality is now. */
function refusedUnread(series: OrthancSeries, wants: Wants, wentUp: boolean): Reason | undefined {
  const problem = uidProblem(series.SeriesInstanceUID);
  if (problem !== undefined) return { code: 'invalid-uid', message: `The Series Instance UID ${problem}.` };
  if (series.Manufacturer?.startsWith(MANUFACTURER)) return OWN_OUTPUT;
  const verdict = wants.judgeModality(series.Modality);
  return verdict.wanted || wentUp ? undefined : verdict.reason;
}

const OWN_OUTPUT: Reason = { code: 'own-output', message: 'Hilum wrote the series.' };

function judge(content: SeriesContent, StudyInstanceUID: string, wants: Wants): Reason | undefined {
  if (content.instances.length === 0 && content.own > 0) return OWN_OUTPUT;
  if (content.instances.length === 0 && content.refused.length > 0) {
    const codes = [...new Set(content.refused.map((file) => file.reason.code))].sort().join(', ');
    return {
      code: 'unreadable',
      message: `No file of the series can be read (${codes}).`,
    };
  }
  const verdict = wants.judgeSeries(StudyInstanceUID, content.instances);
  return verdict.wanted ? undefined : verdict.reason;
}

/** The recorded instances whose chunks are still in the bucket. Its owner may have deleted chunks, or they may have expired. */
async function stillInBucket(
  store: ObjectStore,
  remembered: ReadonlyMap<string, ManifestInstance>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ManifestInstance>> {
  const there = new Map<string, boolean>();
  for (const { chunk } of remembered.values())
    if (!there.has(chunk)) there.set(chunk, await store.exists(chunkKey(chunk), signal && { signal }));
  return new Map([...remembered].filter(([, entry]) => there.get(entry.chunk)));
}

type WithSpool = SeriesForwarding & { readonly spool: Spool };

interface SeriesContent {
  /** All readable instances that Hilum did not write. */
  readonly instances: readonly InstanceIndex[];
  /** Chunks of the instances that are not in the bucket yet. */
  readonly chunks: readonly SealedChunk[];
  readonly refused: readonly RefusedFile[];
  /** The number of instances that Hilum wrote. */
  readonly own: number;
}

async function readSeries(
  { archive, spool, log }: WithSpool,
  StudyInstanceUID: string,
  { SeriesInstanceUID, instances: listed }: OrthancSeries,
  present: ReadonlyMap<string, ManifestInstance>,
  signal: AbortSignal | undefined,
): Promise<SeriesContent> {
  const instances = new Map<string, InstanceIndex>();
  const refused: RefusedFile[] = [];
  const large: SealedChunk[] = [];
  const asked = { StudyInstanceUID, SeriesInstanceUID };
  let [received, own] = [0, 0];

  /** Whether the file is one to upload. */
  function take(read: InstanceIndex | RefusedFile): read is InstanceIndex {
    received += 1;
    if ('reason' in read) {
      const { sha256, reason } = read;
      refused.push(read);
      log.warn('instance-refused', { ...asked, sha256, code: reason.code });
      return false;
    }
    if (read.writtenByHilum) own += 1;
    if (read.writtenByHilum || instances.has(read.sha256)) return false;
    instances.set(read.sha256, read);
    return !present.has(read.sha256);
  }

  async function keep(body: AsyncIterable<Uint8Array>): Promise<void> {
    const file = await spool.keep(body);
    const read = await tryIndex(() => indexLarge(file), asked, file);
    if (take(read)) large.push(await spool.sealKept(file, read));
    else await spool.drop(file);
  }

  async function* newFiles(): AsyncGenerator<IndexedFile> {
    const options = { ...(signal && { signal }), large: { over: LARGE_BYTES, keep } };
    for await (const bytes of archive.retrieveSeries(asked, options)) {
      const read = await tryIndex(() => indexInstance(bytes), asked, bytes);
      if (take(read)) yield { instance: read, bytes };
    }
  }

  const chunks = await spool.seal(newFiles());
  if (received < listed)
    throw new ArchiveUnavailableError(`The archive lists ${listed} instances of a series and sent ${received}`, {
      facts: { StudyInstanceUID, SeriesInstanceUID, listed, received },
    });
  return { instances: [...instances.values()], chunks: [...chunks, ...large], refused, own };
}

/** @param file the file, or its digest where it is not in memory */
async function tryIndex(
  index: () => InstanceIndex | Promise<InstanceIndex>,
  asked: SeriesUids,
  file: Uint8Array | StoredFile,
): Promise<InstanceIndex | RefusedFile> {
  const refused = ({ code, message }: Reason): RefusedFile => {
    const { sha256, sizeBytes } = file instanceof Uint8Array ? digestOf(file) : file;
    return { SeriesInstanceUID: asked.SeriesInstanceUID, sha256, sizeBytes, reason: { code, message } };
  };
  try {
    const found = await index();
    const { StudyInstanceUID, SeriesInstanceUID } = found;
    if (StudyInstanceUID === asked.StudyInstanceUID && SeriesInstanceUID === asked.SeriesInstanceUID) return found;
    return refused({
      code: 'other-series',
      message: 'The UIDs in the file are not those of the series that the archive lists it in.',
    });
  } catch (error) {
    if (error instanceof DicomReadError) return refused(error);
    throw error;
  }
}

const digestOf = (bytes: Uint8Array) => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});

/** Uploads chunks and records each in the journal. Returns the number of bytes that were new to the bucket. */
async function upload(
  { key, store, spool, journal, log }: WithSpool,
  StudyInstanceUID: string,
  SeriesInstanceUID: string,
  chunks: readonly SealedChunk[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const sizes = chunks.map((chunk) => chunk.sizeBytes).filter((size) => size <= LARGE_BYTES);
  const memory = new Uint8Array(Math.max(0, ...sizes));
  let storedBytes = 0;
  for (const chunk of chunks) {
    signal?.throwIfAborted();
    const { sha256, sizeBytes, instances } = chunk;
    const options = { ifAbsent: true, ...(signal && { signal }) };
    const answer =
      sizeBytes > LARGE_BYTES && store.putFile !== undefined
        ? await store.putFile(chunkKey(sha256), spool.fileOf(chunk), options)
        : await store.put(chunkKey(sha256), await spool.read(chunk, memory), options);
    journal.uploaded(key, SeriesInstanceUID, instances);
    log.info('chunk-stored', { StudyInstanceUID, chunk: sha256, bytes: sizeBytes, answer });
    if (answer === 'stored') storedBytes += sizeBytes;
  }
  return storedBytes;
}
