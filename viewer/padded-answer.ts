/** Pads masks in answers that contain whole DICOM objects (PS3.18 8.7.3), on their way to OHIF; see `mask-padding.ts`. */
import type { IncomingHttpHeaders } from 'node:http';
import { boundaryOf } from '#adapters/dicomweb/multipart.ts';
import { createStepper, type Stepper } from './byte-steps.ts';
import { padMask } from './mask-padding.ts';

/** Changes an answer's body as it streams. */
export type BodyChange = (body: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/** The longest header of a part. RFC 2046 sets no limit; vendors' headers have some hundred bytes. */
const MAX_HEAD_BYTES = 16 * 1024;
/** How many bytes of an object are held until its SOP Class is known. Normally it is in the first kilobyte. */
const MAX_WAITING_BYTES = 256 * 1024;
const HEAD_END = '\r\n\r\n';
const NOTHING = Buffer.alloc(0);

/** The change to apply to an answer with these headers; undefined if it contains no DICOM objects. */
export function paddingFor(headers: IncomingHttpHeaders): BodyChange | undefined {
  const type = headers['content-type'] ?? '';
  if (headers['content-encoding'] !== undefined) return undefined;
  if (/^application\/dicom *(;|$)/i.test(type)) return padObject;
  if (!/^multipart\/related *;(.*;)? *type="?application\/dicom"? *(;|$)/i.test(type)) return undefined;
  const delimiter = delimiterOf(type);
  return delimiter && ((body) => padParts(body, delimiter));
}

function delimiterOf(contentType: string): Buffer | undefined {
  try {
    return Buffer.from(`\r\n--${boundaryOf(contentType)}`);
  } catch {
    // Without a boundary, the objects cannot be separated.
    return undefined;
  }
}

async function* padObject(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stepper = createStepper(padMask(() => undefined));
  for await (const chunk of body) yield* stepper.push(chunk);
  yield* stepper.end();
}

async function* padParts(body: AsyncIterable<Buffer>, delimiter: Buffer): AsyncGenerator<Buffer> {
  let held: Buffer = NOTHING;
  /** Undefined between parts. */
  let part: Stepper | undefined;
  for await (const chunk of body) {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      if (part === undefined) {
        const end = held.indexOf(HEAD_END);
        if (end < 0) break;
        part = partStepper(held.subarray(0, end + HEAD_END.length));
        held = held.subarray(end + HEAD_END.length);
      }
      const end = held.indexOf(delimiter);
      // The last bytes may be the beginning of a delimiter.
      const ready = end < 0 ? Math.max(0, held.length - delimiter.length + 1) : end;
      yield* part.push(held.subarray(0, ready));
      held = held.subarray(ready);
      if (end < 0) break;
      yield* part.end();
      part = undefined;
    }
    if (part !== undefined || held.length <= MAX_HEAD_BYTES) continue;
    // No header is that long. Only the last bytes are held, since they may be the beginning of a header's end.
    yield held.subarray(0, 1 - HEAD_END.length);
    held = held.subarray(1 - HEAD_END.length);
  }
  if (part !== undefined) yield* part.end();
  yield held;
}

/**
 * Streams one part with its header. The header may hold the part's length, as Orthanc's do. If the part may become longer,
 * the length is removed; the delimiter ends the part (RFC 2046 5.1). The header is therefore held until the part's SOP Class
 * is known.
 */
function partStepper(head: Buffer): Stepper {
  let isSegmentation: boolean | undefined;
  const onKind = (is: boolean): void => {
    isSegmentation = is;
  };
  const stepper = createStepper(padMask(onKind));
  let waiting: Buffer | undefined = NOTHING;
  let isLeft = false;
  return {
    push: (chunk) => {
      if (isLeft) return [chunk];
      if (waiting === undefined) return stepper.push(chunk);
      waiting = Buffer.concat([waiting, ...stepper.push(chunk)]);
      // An object whose SOP Class is not known by then passes unchanged.
      isLeft = isSegmentation === undefined && waiting.length > MAX_WAITING_BYTES;
      if (isSegmentation === undefined && !isLeft) return [];
      const ready = [isSegmentation === true ? withoutLength(head) : head, waiting, ...(isLeft ? stepper.end() : [])];
      waiting = undefined;
      return ready;
    },
    end: () => [...(waiting === undefined ? [] : [head, waiting]), ...(isLeft ? [] : stepper.end())],
  };
}

function withoutLength(head: Buffer): Buffer {
  return Buffer.from(head.toString('latin1').replace(/\r\nContent-Length:[^\r\n]*/gi, ''), 'latin1');
}
