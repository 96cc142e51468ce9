/** One look at a spine: the model on one sagittal grid, and everything that is decided on its answer. */
import { boundsOf } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { ProcessingContext } from '#core/tool.ts';
import { findBodies, type SpineBodies } from './bodies.ts';
import { type Candidate, type Fit, fitBodies, SURE, standsOnSacrum } from './fit.ts';
import { type Grading, gradeBodies } from './grade.ts';
import { measureHeights } from './heights.ts';
import { type LevelName, nameLevels } from './levels.ts';
import { type Box, sagittalPlanes, type View } from './preprocess.ts';
import { type Range, type SpineMap, segmentSpine } from './segment.ts';

export interface Look {
  readonly view: View;
  readonly map: SpineMap;
  readonly spine: SpineBodies;
  /** The following lists have one entry per body, from the lowest up. */
  readonly candidates: readonly Candidate[];
  readonly fits: readonly Fit[];
  readonly names: readonly LevelName[];
  /** Absent where a body does not fit. */
  readonly gradings: readonly (Grading | undefined)[];
}

/** Segments the spine within a range of planes, and judges each body. Only the part of the volume within a box is read. */
export async function lookAt(
  volume: Volume,
  view: View,
  range: Range,
  context: ProcessingContext,
  box: Box = boundsOf(volume),
): Promise<Look> {
  const map = await segmentSpine(sagittalPlanes(volume, view, box), range, context);
  const spine = findBodies(map, boundsOf(volume));
  const candidates = spine.bodies.map((body): Candidate => {
    context.signal.throwIfAborted();
    const heights = body.complete ? measureHeights(map, spine, body) : undefined;
    return { ...body, ...(heights && { heights }) };
  });
  return judgeBodies({ view, map, spine, candidates }, SURE.confirmed);
}

/** The same look where nothing confirms it: its bodies must be sure. */
export function alone(look: Look): Look {
  return judgeBodies(look, SURE.alone);
}

type Measured = Pick<Look, 'view' | 'map' | 'spine' | 'candidates'>;

function judgeBodies({ view, map, spine, candidates }: Measured, sure: number): Look {
  const lowestIsL5 = spine.onSacrum && spine.hasDiscBelow === true;
  const fits = fitBodies(candidates, { sure, lowestIsL5 });
  // If the lowest body may be S1, no level is named. The first body that fits is close enough to L5 to be compared as such.
  const isSure = standsOnSacrum(fits);
  const names = nameLevels({ ...spine, onSacrum: spine.onSacrum && isSure });
  const first = isSure
    ? 0
    : Math.max(
        0,
        fits.findIndex((fit) => fit.fits),
      );
  const counted = nameLevels({ ...spine, onSacrum: spine.below !== 'none', bodies: spine.bodies.slice(first) });
  const gradings = gradeBodies(
    candidates.map(({ heights }, index) => {
      const level = counted[index - first]?.level;
      return heights && fits[index]?.fits ? { heights, ...(level && { level }) } : undefined;
    }),
  );
  return { view, map, spine, candidates, fits, names, gradings };
}

/** The model sees this much in front of the middles of a look's bodies, and behind them, mm: sternum and organs are not needed. */
const AROUND_MM = { front: 60, back: 90 } as const;

/** The part of a volume that shows the spine of a look. */
export function boxAround({ spine }: Look, volume: Volume): Box {
  const { min, max } = boundsOf(volume);
  const middles = spine.bodies.map(({ centre }) => centre[1]);
  return {
    min: [min[0], Math.max(min[1], Math.min(...middles) - AROUND_MM.front), min[2]],
    max: [max[0], Math.min(max[1], Math.max(...middles) + AROUND_MM.back), max[2]],
  };
}
