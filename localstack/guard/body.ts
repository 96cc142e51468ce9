/** A body that is compared with the digest that its request names. */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** The body does not have the digest that its request names. Its last piece was not handed on. */
export class WrongDigest extends Error {
  override readonly name = 'WrongDigest';
}

/**
 * Hands a body on as it comes, but keeps the last piece back until the digest is right. MiniStack acts on whole bodies only:
 * it never acts on a wrong one.
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
