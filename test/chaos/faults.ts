/**
 * Faults at numbered points. A point is one call to the outside: who makes it, to which port, and the how-manieth call of this
 * kind it is. Points are counted while the real code runs, so that a new call is a new point.
 */

export const FAULT_KINDS = [
  // The process ends: nothing after this call happens.
  'killed before',
  'killed after',
  // The call fails, without effect, or after its effect took place and only the answer was lost.
  'fails before',
  'fails after',
  // The process stands still, longer than its lease lasts, and then goes on beside the next attempt.
  'frozen before',
  'frozen after',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly point: string;
  readonly kind: FaultKind;
}

/** How an invocation went. A frozen one goes on with `thaw`, and may be interrupted again. */
export type Invocation<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'killed' }
  | { readonly kind: 'frozen'; readonly thaw: () => Promise<Invocation<T>> };

export interface Faults {
  /** Makes a call, with the fault that is planned for it. */
  call<T>(name: string, make: () => Promise<T>, failure: () => Error): Promise<T>;
  /** Makes a call that answers at once. The only fault at it is the end of the process: what runs on must have no effect. */
  callNow<T>(name: string, make: () => T): T;
  /** Runs work until it answers or is interrupted by a fault. One at a time. */
  invoke<T>(work: () => Promise<T>): Promise<Invocation<T>>;
  /** All points so far, in order. */
  readonly points: readonly string[];
  /** The planned faults that took place. */
  readonly hit: readonly Fault[];
}

export function createFaults(planned: readonly Fault[] = []): Faults {
  const counts = new Map<string, number>();
  const points: string[] = [];
  const hit: Fault[] = [];
  let interrupt: (by: 'killed' | (() => void)) => void = () => undefined;

  async function invoke<T>(work: () => Promise<T>): Promise<Invocation<T>> {
    const interrupted = Promise.withResolvers<Invocation<T>>();
    const working = Promise.withResolvers<T>();
    interrupt = (by) => {
      if (by === 'killed') return interrupted.resolve({ kind: 'killed' });
      const goOn = (): Promise<T> => {
        by();
        return working.promise;
      };
      interrupted.resolve({ kind: 'frozen', thaw: () => invoke(goOn) });
    };
    work().then(working.resolve, working.reject);
    const answered = working.promise.then((answer) => ({ kind: 'answered', answer }) as const);
    return await Promise.race([answered, interrupted.promise]);
  }

  /** Counts a call, and returns what is planned for it. */
  function arrive(name: string): Fault | undefined {
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    const point = `${name} ${number}`;
    points.push(point);
    const fault = planned.find((one) => one.point === point);
    if (fault !== undefined) hit.push(fault);
    return fault;
  }

  return {
    points,
    hit,
    invoke,
    callNow(name, make) {
      const fault = arrive(name);
      if (fault === undefined) return make();
      if (fault.kind === 'killed after') make();
      interrupt('killed');
      throw new Error('The process is killed');
    },
    async call(name, make, failure) {
      const fault = arrive(name);
      if (fault === undefined) return await make();
      const [how, when] = fault.kind.split(' ');
      const done = when === 'after' ? { answer: await make() } : undefined;
      if (how === 'fails') throw failure();
      await new Promise<void>((goOn) => interrupt(how === 'killed' ? 'killed' : goOn));
      return done === undefined ? await make() : done.answer;
    },
  };
}
