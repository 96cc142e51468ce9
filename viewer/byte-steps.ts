/** Changes bytes while they stream. A generator reads the stream and requests its bytes step by step. */

/**
 * `look` requests the next bytes in one buffer, to read or overwrite them; they are then sent on. `pass` sends on that many
 * bytes without reading them. `insert` sends additional bytes before the next ones.
 */
export type Step = { readonly look: number } | { readonly pass: number } | { readonly insert: Buffer };

/** Reads a stream in steps. After it returns, all further bytes are sent on unchanged. */
export type Walk = Generator<Step, void, Buffer>;

export interface Stepper {
  /** Takes a chunk, which may be overwritten, and returns the bytes that can be sent on now. */
  push(chunk: Buffer): readonly Buffer[];
  /** Returns the bytes that are still held. The stream may end anywhere. */
  end(): readonly Buffer[];
}

const NOTHING = Buffer.alloc(0);

/** Holds at most as many bytes as the longest `look`. */
export function createStepper(walk: Walk): Stepper {
  let step = walk.next();
  let passed = 0;
  let held: Buffer = NOTHING;
  return {
    push: (chunk) => {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const ready: Buffer[] = [];
      let [start, at] = [0, 0];
      while (step.done !== true) {
        const { value } = step;
        const left = bytes.length - at;
        if ('insert' in value) {
          ready.push(bytes.subarray(start, at), value.insert);
          start = at;
          step = walk.next(NOTHING);
        } else if ('look' in value) {
          if (left < value.look) break;
          at += value.look;
          step = walk.next(bytes.subarray(at - value.look, at));
        } else {
          const passing = Math.min(left, value.pass - passed);
          at += passing;
          passed += passing;
          if (passed < value.pass) break;
          passed = 0;
          step = walk.next(NOTHING);
        }
      }
      if (step.done === true) at = bytes.length;
      held = bytes.subarray(at);
      return [...ready, bytes.subarray(start, at)];
    },
    end: () => [held],
  };
}
