/** Compares a body with the digest in its request. */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** The body does not have the digest in its request. Its last piece was not forwarded. */
export class WrongDigest extends Error {
  override readonly name = 'WrongDigest';
}

/**
 * Forwards a body as it arrives, but holds the last piece back until the digest is checked. MiniStack acts on complete bodies
 * only, so it never acts on a wrong one.
 *
 * @param sha256 of the whole body, in hex
 */
export function checkedBody(sha256: string): Transform {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      const before = held;
      held = piece;
      done(null, before);
    },
    flush(done) {
      if (hash.digest('hex') === sha256) done(null, held);
      else done(new WrongDigest());
    },
  });
}
