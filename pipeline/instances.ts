/** Reads instances from the chunks into which the forwarder sealed them. */
import { createHash } from 'node:crypto';
import { IntegrityError, MissingChunkError } from '#core/errors.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { chunkKey } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { ByteRange, ObjectStore } from './ports.ts';

type Place = Manifest['instances'][number];
type ReadInstance = (instance: InstanceIndex) => Promise<Uint8Array>;

/** A range of a chunk that is read at once because most of its bytes are wanted. */
interface Span extends ByteRange {
  readonly unread: Set<string>;
  bytes?: Promise<Uint8Array>;
}

/** A span is fetched in parts of this size, in parallel: fewer requests than instances, but more than one connection. */
const PART_BYTES = 4 * 1024 * 1024;
/** The memory limit for spans, which are held until their last instance is read. Beyond it, instances are read singly. */
const HELD_BYTES = 128 * 1024 * 1024;

/**
 * Makes a function that reads an instance's bytes from its chunk and checks their digest.
 *
 * @param expected all instances that will be read, if known. If they fill most of a chunk, the chunk is read only once.
 * @throws MissingChunkError (from the returned function) if the chunk is not in the bucket
 * @throws IntegrityError (from the returned function) if the bytes differ from the manifest's digest
 */
export function instanceReader(
  objects: Pick<ObjectStore, 'get'>,
  manifest: Manifest,
  expected: readonly InstanceIndex[] = [],
): ReadInstance {
  const places = new Map(manifest.instances.map((instance) => [instance.sha256, instance]));
  const spans = spansOf(expected.flatMap(({ sha256 }) => places.get(sha256) ?? []));
  let held = 0;

  async function readRange(chunk: string, range: ByteRange): Promise<Uint8Array> {
    const bytes = await objects.get(chunkKey(chunk), { range });
    if (bytes === undefined)
      throw new MissingChunkError(`The chunk ${chunk} of the study is not in the bucket`, { facts: { chunk } });
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
    const { chunk, offset, length, sha256 } = place;
    const span = spans.get(chunk);
    if (span === undefined || (span.bytes === undefined && held + span.length > HELD_BYTES)) {
      return readRange(chunk, { offset, length });
    }
    if (span.bytes === undefined) {
      held += span.length;
      span.bytes = readSpan(chunk, span);
    }
    const bytes = await span.bytes;
    span.unread.delete(sha256);
    if (span.unread.size === 0 && spans.delete(chunk)) held -= span.length;
    return bytes.subarray(offset - span.offset, offset - span.offset + length);
  }

  return async ({ SOPInstanceUID, sha256 }) => {
    const place = places.get(sha256);
    if (place?.SOPInstanceUID !== SOPInstanceUID) {
      throw new IntegrityError('The manifest does not list an instance', { facts: { SOPInstanceUID } });
    }
    const bytes = await bytesOf(place);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new IntegrityError("An instance's bytes differ from the manifest's digest", { facts: { SOPInstanceUID } });
    }
    return bytes;
  };
}

/** One span per chunk, from the first to the last wanted byte, if at least half of the bytes between are wanted. */
function spansOf(places: readonly Place[]): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const [chunk, wanted] of Map.groupBy(places, (place) => place.chunk)) {
    const offset = Math.min(...wanted.map((place) => place.offset));
    const length = Math.max(...wanted.map((place) => place.offset + place.length)) - offset;
    const wantedBytes = wanted.reduce((sum, place) => sum + place.length, 0);
    if (wanted.length < 2 || wantedBytes * 2 < length) continue;
    spans.set(chunk, { offset, length, unread: new Set(wanted.map((place) => place.sha256)) });
  }
  return spans;
}
