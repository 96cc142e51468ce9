/** What the tool answered about a volume whose bodies a reference mask outlines; plain JSON. */
import type { PointLps } from '#core/image/geometry.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding } from '#core/tool.ts';
import type { BodyHeights } from '#tools/vertebral-fracture/heights.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { answerTo, type FoundBody, type HeightsMm, isMeasured, measuredOf, setBits } from './judge-phantom.ts';
import type { ReferenceBody, ReferenceMask } from './reference.ts';

export interface MaskBody {
  readonly level: string;
  /** Of the reference, by the tool's own rule. */
  readonly heightsMm?: HeightsMm;
  readonly found?: Pick<FoundBody, 'id' | 'measured' | 'dice'>;
}

export interface MaskOutcome {
  readonly answer: string;
  readonly bodies: readonly MaskBody[];
  /** Graded findings, and those of them that lie in no body of the reference. */
  readonly findings: number;
  readonly spurious: number;
  /** Of all masks together and all bodies of the reference that were found. */
  readonly dice: number;
}

/** Bodies' middles are apart by 20 mm and more; a finding belongs to the one nearer than this. */
const NEAR_MM = 12;

/** Runs the tool on a volume and judges what it says against a mask of the same grid. */
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
    const found = { id: finding.id, dice: (2 * shared) / (size + voxels), ...(measured && { measured }) };
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

/** Absolute differences of the measured heights from `expected` of a body, none where it was not measured. */
export function heightErrors({ found }: MaskBody, expected: HeightsMm | undefined): readonly number[] {
  const heights = found?.measured?.heightsMm;
  if (heights === undefined || expected === undefined) return [];
  return heights.map((height, n) => Math.abs(height - (expected[n] ?? 0)));
}
