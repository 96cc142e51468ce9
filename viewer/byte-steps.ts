/** Bytes changed while they stream: who reads them is a generator that says step by step what it wants to see of them. */

/**
 * `look`: hand me the next bytes, at once, to read or to overwrite. `pass`: let that many go by. `insert`: put these before
 * what comes next. What was looked at goes on as well.
 */
export type Step = { readonly look: number } | { readonly pass: number } | { readonly insert: Buffer };

/** Reads a stream in steps; when it returns, everything after goes by as it is. */
export type Walk = Generator<Step, void, Buffer>;

export interface Stepper {
  /** What can go on, now that these bytes are there. They may be overwritten. */
  push(chunk: Buffer): readonly Buffer[];
  /** What was still waited with: a stream may end anywhere. */
  end(): readonly Buffer[];
}

const NOTHING = Buffer.alloc(0);

/** Never holds more than the longest `look`. */
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
