/** Seeded pseudo-random numbers: a phantom is the same wherever and whenever it is made. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Normal, mean 0 and standard deviation 1 (Box–Muller). */
  normal(): number;
  /** Uniform in [lo, hi). */
  between(lo: number, hi: number): number;
  /** Uniform integer from lo to hi, both included. */
  int(lo: number, hi: number): number;
  /** One item of the list, all equally likely. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** True with probability p. */
  chance(p: number): boolean;
}

/** The generator of a seed: mulberry32 (T. Ettinger, public domain). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (lo: number, hi: number): number => lo + Math.floor(next() * (hi - lo + 1));
  return {
    next,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    between: (lo, hi) => lo + next() * (hi - lo),
    pick: (list) => list[int(0, list.length - 1)] ?? list[0],
    chance: (p) => next() < p,
  };
}
