/** How bright the inner brain is beside its rim. Which tissue is which does not matter: the model may have exchanged them. */
import { type ConformedHead, modelIndex, SIDE } from './conform.ts';
import type { TissueMap } from './tissue.ts';

/** The rim is cortex; what lies this deep is mostly white matter. In steps of 1 mm along the axes. */
const RIM = 2;
const DEEP = 6;

/** The mean value of the inner brain as a multiple of that of its rim; undefined where nothing lies deep enough. */
export function innerBrightness(tissue: TissueMap, { values }: ConformedHead): number | undefined {
  const depth = depthsOf(tissue);
  const sums = { rim: 0, inner: 0 };
  const counts = { rim: 0, inner: 0 };
  let at = 0;
  for (let z = 0; z < SIDE; z += 1) {
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const steps = depth[at] ?? 0;
        at += 1;
        if (steps === 0 || (steps > RIM && steps <= DEEP)) continue;
        const part = steps <= RIM ? 'rim' : 'inner';
        sums[part] += values[modelIndex(x, y, z)] ?? 0;
        counts[part] += 1;
      }
    }
  }
  if (counts.rim === 0 || counts.inner === 0 || sums.rim === 0) return undefined;
  return sums.inner / counts.inner / (sums.rim / counts.rim);
}

/** Steps from each point of the brain to the nearest point outside; two passes give them exactly. Points at the grid's ends have 1. */
function depthsOf(tissue: TissueMap): Uint8Array {
  const depth = new Uint8Array(tissue.length);
  const steps = [1, SIDE, SIDE * SIDE];
  const nearest = (at: number, direction: 1 | -1, most: number): number => {
    let least = most;
    for (const step of steps) least = Math.min(least, (depth[at + direction * step] ?? 0) + 1);
    return least;
  };
  for (let at = 0; at < depth.length; at += 1) if (tissue[at] !== 0) depth[at] = nearest(at, -1, 255);
  for (let at = depth.length - 1; at >= 0; at -= 1) if (depth[at] !== 0) depth[at] = nearest(at, 1, depth[at] ?? 0);
  return depth;
}
