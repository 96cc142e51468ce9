/** Instances out of the chunks that the forwarder sealed them into. */
import { createHash } from 'node:crypto';
import { IntegrityError } from '#core/errors.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { chunkKey } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { ByteRange, ObjectStore } from './ports.ts';

type Place = Manifest['instances'][number];
type ReadInstance = (instance: InstanceIndex) => Promise<Uint8Array>;

/** What of a chunk is read at once because most of it is wanted. */
interface Span extends ByteRange {
  readonly unread: Set<string>;
  bytes?: Promise<Uint8Array>;
}

/** The size in which a span is fetched, side by side: fewer requests than instances, more than one connection. */
const PART_BYTES = 4 * 1024 * 1024;
/** Spans are held until their last instance was read, up to this much; beyond it, instances are read one by one. */
const HELD_BYTES = 128 * 1024 * 1024;

/**
 * Reads instances by ranges of their chunks.
 *
 * @param expected the instances that are going to be read, all of them: where they fill most of a chunk, it is read once
 *   for all of them. None for reading one or another.
 * @throws IntegrityError (from the function it makes) where the chunk is missing or the bytes are not those that the
 *   manifest names
 */
export function instanceReader(
  objects: ObjectStore,
  manifest: Manifest,
  expected: readonly InstanceIndex[] = [],
): ReadInstance {
  const places = new Map(manifest.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  const spans = spansOf(expected.flatMap(({ SOPInstanceUID }) => places.get(SOPInstanceUID) ?? []));
  let held = 0;

  async function readRange(chunk: string, range: ByteRange): Promise<Uint8Array> {
    const bytes = await objects.get(chunkKey(chunk), { range });
    if (bytes === undefined)
      throw new IntegrityError('A chunk of the study is not in the bucket', { facts: { chunk } });
    return bytes;
  }

  async function readSpan(chunk: string, { offset, length }: Span): Promise<Uint8Array> {
    const parts = Array.from({ length: Math.ceil(length / PART_BYTES) }, (_, index) => {
      const start = index * PART_BYTES;
      return readRange(chunk, { offset: offset + start, length: Math.min(PART_BYTES, length - start) });
    });
    return Buffer.concat(await Promise.all(parts));
  }

  async function bytesOf(place: Place): Promise<Uint8Array> {
    const { chunk, offset, length, SOPInstanceUID } = place;
    const span = spans.get(chunk);
    if (span === undefined || (span.bytes === undefined && held + span.length > HELD_BYTES)) {
      return readRange(chunk, { offset, length });
    }
    if (span.bytes === undefined) {
      held += span.length;
      span.bytes = readSpan(chunk, span);
    }
    const bytes = await span.bytes;
    span.unread.delete(SOPInstanceUID);
    if (span.unread.size === 0 && spans.delete(chunk)) held -= span.length;
    return bytes.subarray(offset - span.offset, offset - span.offset + length);
  }

  return async ({ SOPInstanceUID, sha256 }) => {
    const place = places.get(SOPInstanceUID);
    if (place === undefined) {
      throw new IntegrityError('The manifest does not hold an instance', { facts: { SOPInstanceUID } });
    }
    const bytes = await bytesOf(place);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new IntegrityError("An instance's bytes differ from the manifest's digest", { facts: { SOPInstanceUID } });
    }
    return bytes;
  };
}

/** From the first wanted byte of each chunk to the last, where at least half of what lies between is wanted. */
function spansOf(places: readonly Place[]): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const [chunk, wanted] of Map.groupBy(places, (place) => place.chunk)) {
    const offset = Math.min(...wanted.map((place) => place.offset));
    const length = Math.max(...wanted.map((place) => place.offset + place.length)) - offset;
    const wantedBytes = wanted.reduce((sum, place) => sum + place.length, 0);
    if (wanted.length < 2 || wantedBytes * 2 < length) continue;
    spans.set(chunk, { offset, length, unread: new Set(wanted.map((place) => place.SOPInstanceUID)) });
  }
  return spans;
}
