/** Compares the tool's answer about a volume with a reference mask. The outcome is plain JSON. */
import type { PointLps } from '#core/image/geometry.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding } from '#core/tool.ts';
import type { BodyHeights } from '#tools/vertebral-fracture/heights.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import {
  answerTo,
  type FoundBody,
  type HeightsMm,
  isMeasured,
  measuredOf,
  reasonOf,
  setBits,
} from './judge-phantom.ts';
import type { ReferenceBody, ReferenceMask } from './reference.ts';

export interface MaskBody {
  readonly level: string;
  /** The heights of the reference mask, measured by the tool's own rule. */
  readonly heightsMm?: HeightsMm;
  readonly found?: Pick<FoundBody, 'id' | 'measured' | 'withheld' | 'dice'>;
}

export interface MaskOutcome {
  readonly answer: string;
  readonly bodies: readonly MaskBody[];
  /** The number of graded findings. */
  readonly findings: number;
  /** The number of graded findings that lie in no body of the reference. */
  readonly spurious: number;
  /** Dice's coefficient of all found bodies together. */
  readonly dice: number;
}

/** A finding belongs to the body whose centre is nearer than this. Centres of bodies are at least 20 mm apart. */
const NEAR_MM = 12;

/** Runs the tool on a volume and compares its answer with a mask on the same grid. */
export async function judgeMask(
  volume: Volume,
  mask: ReferenceMask,
  references: readonly ReferenceBody[],
  { tool, context }: ToolUnderEvaluation,
): Promise<MaskOutcome> {
  const { answer, result } = await answerTo(volume, tool, context);
  const sliceOf = new Map(volume.frames.map(({ SOPInstanceUID }, slice) => [SOPInstanceUID, slice]));
  const near = ({ position }: Finding, { centre }: ReferenceBody): boolean =>
    position !== undefined && apart(position, centre) < NEAR_MM;
  let [both, sum] = [0, 0];
  const bodies = references.map((reference): MaskBody => {
    const { level, label, voxels, heights } = reference;
    const finding = result.findings.find((one) => near(one, reference));
    const heightsMm = heights && heightsOf(heights);
    if (finding === undefined) return { level, ...(heightsMm && { heightsMm }) };
    const segment = result.segments.find(({ number }) => number === finding.segmentNumber);
    let [size, shared] = [0, 0];
    for (const { SOPInstanceUID, bits } of segment?.frames ?? []) {
      const start = (sliceOf.get(SOPInstanceUID) ?? 0) * volume.rows * volume.columns;
      for (const at of setBits(bits)) {
        size += 1;
        if (mask.labels[start + at] === label) shared += 1;
      }
    }
    both += 2 * shared;
    sum += size + voxels;
    const measured = measuredOf(finding);
    const found = {
      id: finding.id,
      dice: (2 * shared) / (size + voxels),
      ...(measured ? { measured } : { withheld: reasonOf(finding) }),
    };
    return { level, ...(heightsMm && { heightsMm }), found };
  });
  const measured = result.findings.filter(isMeasured);
  return {
    answer,
    bodies,
    findings: measured.length,
    spurious: measured.filter((finding) => !references.some((reference) => near(finding, reference))).length,
    dice: both / sum,
  };
}

const heightsOf = ({ anteriorMm, middleMm, posteriorMm }: BodyHeights): HeightsMm => [
  anteriorMm,
  middleMm,
  posteriorMm,
];

const apart = (a: PointLps, b: PointLps): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Absolute differences of a body's measured heights from `expected`; none if the body was not measured. */
export function heightErrors({ found }: MaskBody, expected: HeightsMm | undefined): readonly number[] {
  const heights = found?.measured?.heightsMm;
  if (heights === undefined || expected === undefined) return [];
  return heights.map((height, n) => Math.abs(height - (expected[n] ?? 0)));
}
