/** The two real CTs whose vertebrae are known: a lumbar one and one of the chest. Each is read once in a process. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PointLps } from '#core/image/geometry.ts';
import { toLps, type VoxelSpace } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { dataFolder } from '../../localstack/parts.mjs';
import { type NiftiVolume, nearestIn, readNifti } from '../nifti.ts';
import { imagesForTool } from '../study-images.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { bodyTest } from './body-of-vertebra.ts';
import { loadSeries, referenceMask } from './real-ct.ts';
import { WHOLE_LEVELS } from './real-ct-part.ts';
import type { ReferenceMask } from './reference.ts';
import { type Truth, truthOf } from './truth.ts';

export interface KnownCt {
  readonly volume: Volume;
  readonly truth: Truth;
  /** The bodies alone. */
  readonly bodies: ReferenceMask;
}

export type CtName = 'lumbar' | 'chest';

const read = new Map<CtName, Promise<KnownCt>>();

/** One of the two CTs, as the tool receives it, and what is known of it. */
export function knownCt(name: CtName, tool: ToolUnderEvaluation): Promise<KnownCt> {
  const found = read.get(name) ?? (name === 'lumbar' ? lumbar(tool) : chest(tool));
  read.set(name, found);
  return found;
}

async function lumbar(tool: ToolUnderEvaluation): Promise<KnownCt> {
  const volume = await loadSeries('ct-spine-ref-dicom', tool);
  const bodies = referenceMask(volume);
  const path = join(dataFolder(), 'ct-spine-ref', 'example_ct_report__totalseg.nii.gz');
  const vertebrae = vertebraeIn(readNifti(path));
  return { volume, bodies, truth: truthOf(vertebrae, bodies, WHOLE_LEVELS) };
}

/** Levels by TotalSegmentator's number, from the lowest up. */
const LEVELS: Readonly<Record<number, string>> = {
  25: 'S',
  26: 'S1',
  ...Object.fromEntries(
    [
      ...[5, 4, 3, 2, 1].map((n) => `L${n}`),
      ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `T${n}`),
      ...[7, 6, 5, 4, 3, 2, 1].map((n) => `C${n}`),
    ].map((level, index) => [27 + index, level]),
  ),
};
const NUMBERS = Object.keys(LEVELS).map(Number);

/** L2 and the cervical vertebrae are cut by the border of the picture. */
const WHOLE_IN_CHEST = ['L1', ...Array.from({ length: 12 }, (_, index) => `T${12 - index}`)];

async function chest(tool: ToolUnderEvaluation): Promise<KnownCt> {
  const folder = join(dataFolder(), 'real', 'ct-chest-lidc-0001');
  const [image] = await imagesForTool(unpacked(join(folder, 'dicom.tar.xz')), tool.entry);
  if (image?.kind !== 'volume') throw new Error('The CT of the chest does not load as a volume');
  const vertebrae = vertebraeIn(readNifti(join(folder, 'mask.nii.gz')));
  const bodies = bodiesIn(vertebrae);
  return { volume: image, bodies, truth: truthOf(vertebrae, bodies, WHOLE_IN_CHEST) };
}

/** The folder of an archive's files, unpacked by the first process that needs them. */
function unpacked(archive: string): string {
  const parent = join(import.meta.dirname, '..', '..', 'artefacts', 'evaluation');
  const folder = join(parent, 'ct-chest-lidc-0001');
  if (existsSync(folder)) return folder;
  mkdirSync(parent, { recursive: true });
  const scratch = mkdtempSync(join(parent, 'unpacking-'));
  execFileSync('tar', ['-xJf', archive, '-C', scratch]);
  try {
    renameSync(scratch, folder);
  } catch (error) {
    // Another process was faster.
    rmSync(scratch, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Whole vertebrae and the sacrum in a mask by TotalSegmentator: the part of its grid that holds them. */
function vertebraeIn(nifti: NiftiVolume): ReferenceMask {
  const { columns, rows, slices, values } = nifti;
  const size = [columns, rows, slices] as const;
  const [min, max] = [[...size], [-1, -1, -1]];
  const labelOf = new Map(NUMBERS.map((number, index) => [number, index + 1]));
  for (let at = 0; at < columns * rows * slices; at += 1) {
    if (!labelOf.has(values[at] ?? 0)) continue;
    for (const [axis, index] of indexOf(nifti, at).entries()) {
      min[axis] = Math.min(min[axis] ?? index, index);
      max[axis] = Math.max(max[axis] ?? index, index);
    }
  }
  const [i0 = 0, j0 = 0, k0 = 0] = min;
  const part = {
    ...nifti,
    columns: (max[0] ?? 0) - i0 + 1,
    rows: (max[1] ?? 0) - j0 + 1,
    slices: (max[2] ?? 0) - k0 + 1,
    origin: toLps(nifti, i0, j0, k0),
  };
  const labels = new Uint8Array(part.columns * part.rows * part.slices);
  for (let at = 0; at < labels.length; at += 1) {
    const [i, j, k] = indexOf(part, at);
    labels[at] = labelOf.get(values[((k + k0) * rows + j + j0) * columns + i + i0] ?? 0) ?? 0;
  }
  return { ...part, labels, levels: Object.values(LEVELS) };
}

/** Column, row and slice of a voxel. */
function indexOf({ columns, rows }: VoxelSpace, at: number): readonly [number, number, number] {
  return [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
}

/** The bodies of whole vertebrae: what lies in front of the canal. */
function bodiesIn(vertebrae: ReferenceMask): ReferenceMask {
  const { labels, levels } = vertebrae;
  const labelOf = nearestIn({ ...vertebrae, values: labels });
  const sacral = 2;
  const centres = new Map(
    levels.flatMap((_, index) => {
      const centre = index < sacral ? undefined : roughCentre(vertebrae, index + 1);
      return centre === undefined ? [] : [[index + 1, centre] as const];
    }),
  );
  const inBody = bodyTest(labelOf, centres, [...centres.keys()]);
  const kept = labels.map((label, at) => {
    if (label <= sacral) return 0;
    return inBody(label, toLps(vertebrae, ...indexOf(vertebrae, at))) ? label - sacral : 0;
  });
  return { ...vertebrae, labels: kept, levels: levels.slice(sacral) };
}

/** How far the middle part of a body reaches from its front, and to each side, mm: a part that has no arch. */
const FRONT_MM = 14;
const SIDE_MM = 12;

/** A point in the body of a vertebra: the middle of its foremost part. */
function roughCentre(vertebrae: ReferenceMask, label: number): PointLps | undefined {
  const { labels } = vertebrae;
  const points: PointLps[] = [];
  for (let at = labels.indexOf(label); at >= 0; at = labels.indexOf(label, at + 1)) {
    points.push(toLps(vertebrae, ...indexOf(vertebrae, at)));
  }
  if (points.length === 0) return undefined;
  const middle = points.map(([x]) => x).toSorted((a, b) => a - b)[points.length >> 1] ?? 0;
  const central = points.filter(([x]) => Math.abs(x - middle) < SIDE_MM).toSorted((a, b) => a[1] - b[1]);
  const front = central[Math.floor(central.length / 50)]?.[1] ?? 0;
  const body = central.filter(([, y]) => y < front + FRONT_MM);
  const mean = (axis: 0 | 1 | 2): number => body.reduce((sum, point) => sum + point[axis], 0) / body.length;
  return [mean(0), mean(1), mean(2)];
}
