/** Runs the tool on one phantom: its lesions, the places that the tool would mark at any threshold, the teeth it saw. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import {
  type DentalPhantom,
  type DentalTruth,
  makeBitewing,
  makePanoramic,
  makePeriapical,
  radiographOf,
} from '#phantoms/dental.ts';
import type { DepthClass } from '#tools/caries/depth.ts';
import { lesionsOf, type MarkedLesion } from '#tools/caries/evaluate.ts';
import { OPERATING_POINT, type OperatingPoint } from '#tools/caries/lesions.ts';
import { lookAt, type Seen } from '#tools/caries/look.ts';
import type { DentalView } from '#tools/caries/scale.ts';
import { type StoredTile, storeTile } from '../gallery.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { type SeedsByView, seedsOf } from './seeds.ts';

export type PhantomKind = DentalPhantom['kind'];
export const KINDS: readonly PhantomKind[] = ['bitewing', 'periapical', 'panoramic'];

export interface PictureCase {
  readonly kind: PhantomKind;
  readonly seed: number;
}

/** A lesion of the phantom. */
export interface TrueLesion {
  readonly number: number;
  readonly depth: DepthClass;
  readonly surface: 'mesial' | 'distal' | 'occlusal';
}

/** A place that the tool marks if its threshold is at most `score`. */
export interface Place {
  readonly score: number;
  readonly depth: DepthClass;
  /** The phantom's lesions that the place touches, the one with the most shared pixels first. */
  readonly lesions: readonly number[];
  /** For the first lesion: whether crown, side of the crown and FDI number are right. The number is absent if none was given. */
  readonly rightCrown?: boolean;
  readonly rightSide?: boolean;
  readonly rightNumber?: boolean;
}

/** Counts of teeth with the middle of their crown in the picture, and of crowns that the tool saw. */
export interface TeethSeen {
  readonly all: number;
  readonly seen: number;
  /** Crowns seen where there is no tooth. */
  readonly stray: number;
  readonly numbered: number;
  readonly rightlyNumbered: number;
}

export interface PictureOutcome extends PictureCase {
  /** The code of the reason if the tool could not evaluate the picture. */
  readonly notEvaluable?: string;
  readonly lesions: readonly TrueLesion[];
  readonly places: readonly Place[];
  readonly teeth?: TeethSeen;
  readonly failures: readonly StoredTile[];
}

const MAKE: Readonly<Record<PhantomKind, (seed: number) => DentalPhantom>> = {
  bitewing: (seed) => makeBitewing({ seed }),
  periapical: (seed) => makePeriapical({ seed }),
  panoramic: (seed) => makePanoramic({ seed }),
};

const viewOf = (kind: PhantomKind): DentalView => (kind === 'panoramic' ? 'panoramic' : 'intra-oral');
export const phantomOf = ({ kind, seed }: PictureCase): DentalPhantom => MAKE[kind](seed);
export const thresholdOf = (kind: PhantomKind): number => OPERATING_POINT[viewOf(kind)].peak;

/** Pictures of each kind in turn, so that the first few include every kind. */
export function picturesOf(seeds: SeedsByView): readonly PictureCase[] {
  const byKind = KINDS.map((kind) => seedsOf(seeds[kind]).map((seed) => ({ kind, seed })));
  const most = Math.max(...byKind.map(({ length }) => length));
  return Array.from({ length: most }, (_, turn) => byKind.flatMap((cases) => cases[turn] ?? [])).flat();
}

export async function lookAtPicture(one: PictureCase, { context }: ToolUnderEvaluation): Promise<PictureOutcome> {
  const phantom = phantomOf(one);
  const image = radiographOf(phantom, one.seed);
  const lesions = phantom.truth.lesions.map(({ number, depth, surface }) => ({ number, depth, surface }));
  try {
    const seen = await lookAt(image, context);
    const marked = lesionsOf(seen, curvePoint(OPERATING_POINT[seen.scale.view]));
    const places = marked.map((lesion) => placeOf(lesion, phantom, seen));
    return {
      ...one,
      lesions,
      places,
      teeth: teethOf(seen, phantom),
      failures: failuresOf({ one, image, phantom, marked, places }),
    };
  } catch (error) {
    if (!(error instanceof NotEvaluableError)) throw error;
    return { ...one, notEvaluable: error.code, lesions, places: [], failures: [] };
  }
}

/** The operating point with the lowest possible threshold. Outlines depend only on `edge`, so they do not change. */
const curvePoint = (point: OperatingPoint): OperatingPoint => ({ ...point, peak: point.edge });

/** The phantom's lesions that some pixels touch, the one with the most pixels first. */
function touched({ lesionLabels }: DentalTruth, pixels: readonly number[]): readonly number[] {
  const shared = new Map<number, number>();
  for (const index of pixels) {
    const label = lesionLabels[index] ?? 0;
    if (label > 0) shared.set(label, (shared.get(label) ?? 0) + 1);
  }
  return [...shared].toSorted((a, b) => b[1] - a[1]).map(([label]) => label);
}

function placeOf(lesion: MarkedLesion, { truth, columns }: DentalPhantom, { grid }: Seen): Place {
  const lesions = touched(truth, lesion.pixels);
  const place = { score: lesion.score, depth: lesion.depthClass, lesions };
  const own = truth.lesions.find(({ number }) => number === lesions[0]);
  const tooth = truth.teeth.find(({ fdi }) => fdi === own?.fdi);
  if (own === undefined || tooth === undefined) return place;
  const { crown, side } = lesion;
  const at =
    Math.round(crown.row / grid.rowScale) * columns +
    Math.min(columns - 1, Math.round(crown.column / grid.columnScale));
  const shownSide = own.centre[0] < tooth.centre[0] ? 'left' : 'right';
  return {
    ...place,
    rightCrown: truth.crownCores[at] === own.fdi,
    rightSide: side === (own.surface === 'occlusal' ? 'occlusal' : shownSide),
    ...(crown.fdi !== undefined && { rightNumber: crown.fdi === String(own.fdi) }),
  };
}

function teethOf({ crowns, grid }: Seen, { truth, columns }: DentalPhantom): TeethSeen {
  const middles = truth.teeth.filter(({ fdi }) => truth.crownCores.includes(fdi));
  const toothAt = crowns.map(({ row, column }) => {
    const at = Math.round(row / grid.rowScale) * columns + Math.min(columns - 1, Math.round(column / grid.columnScale));
    return truth.crownCores[at] ?? 0;
  });
  return {
    all: middles.length,
    seen: new Set(toothAt.filter((fdi) => fdi > 0)).size,
    stray: toothAt.filter((fdi) => fdi === 0).length,
    numbered: crowns.filter(({ fdi }) => fdi !== undefined).length,
    rightlyNumbered: crowns.filter(({ fdi }, index) => fdi === String(toothAt[index])).length,
  };
}

/** Half the side of a failure's tile in mm, its side in pixels, and the most tiles kept per picture. */
const HALF_TILE_MM = 5;
const TILE_PIXELS = 110;
const MOST_TILES = 3;

interface Judged {
  readonly one: PictureCase;
  readonly image: Radiograph;
  readonly phantom: DentalPhantom;
  readonly marked: readonly MarkedLesion[];
  readonly places: readonly Place[];
}

/** Tiles of what the tool missed or marked wrongly at its operating point. */
function failuresOf({ one, image, phantom, marked, places }: Judged): readonly StoredTile[] {
  const threshold = thresholdOf(one.kind);
  const found = new Set(places.filter(({ score }) => score >= threshold).flatMap(({ lesions }) => lesions));
  const missed = phantom.truth.lesions
    .filter(({ number }) => !found.has(number))
    .map(({ centre, depth, surface }) => ({ centre, caption: `missed ${depth} ${surface}` }));
  const wrong = places.flatMap(({ lesions, score }, index) => {
    const pixels = marked[index]?.pixels ?? [];
    const middle = pixels[pixels.length >> 1] ?? 0;
    const centre = [middle % phantom.columns, Math.floor(middle / phantom.columns)] as const;
    if (lesions.length > 0 || score < threshold) return [];
    return [{ centre, caption: `no lesion (${score.toFixed(2)})` }];
  });
  return [...wrong, ...missed].slice(0, MOST_TILES).map(({ centre, caption }) =>
    storeTile({
      caption: `${caption}\n${one.kind} ${one.seed}`,
      rows: TILE_PIXELS,
      columns: TILE_PIXELS,
      pixels: cutOut(image, centre, phantom.spacingMm[0]),
    }),
  );
}

/** A square of 10 mm around a point, with the contrast stretched to its own range. */
function cutOut(image: Radiograph, [column, row]: readonly [number, number], spacingMm: number): Uint8Array {
  const step = (2 * HALF_TILE_MM) / spacingMm / TILE_PIXELS;
  const values = Float32Array.from({ length: TILE_PIXELS * TILE_PIXELS }, (_, at) => {
    const x = Math.round(column + ((at % TILE_PIXELS) - TILE_PIXELS / 2) * step);
    const y = Math.round(row + (Math.floor(at / TILE_PIXELS) - TILE_PIXELS / 2) * step);
    const outside = x < 0 || y < 0 || x >= image.columns || y >= image.rows;
    return outside ? Number.NaN : (image.pixels[y * image.columns + x] ?? 0);
  });
  const known = values.filter((value) => !Number.isNaN(value));
  const [dark, bright] = [Math.min(...known), Math.max(...known)];
  return Uint8Array.from(values, (value) =>
    Number.isNaN(value) ? 0 : Math.round((255 * (value - dark)) / Math.max(1e-6, bright - dark)),
  );
}
