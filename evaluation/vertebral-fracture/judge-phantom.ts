/** Compares the tool's answer about a phantom with the phantom's truth. The outcome is plain JSON. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding, ImageProcessingTool, ProcessingContext, ProcessingResult, Segment } from '#core/tool.ts';
import { LEVELS } from '#phantoms/spine/anatomy.ts';
import { compare, measured, volumeOf } from '#phantoms/spine-compare.ts';
import {
  makeSpineLabels,
  makeSpinePhantom,
  type SpineConditions,
  type SpinePhantomOptions,
  type VertebraTruth,
} from '#phantoms/spine-ct.ts';

/** Anterior, middle and posterior height, mm. */
export type HeightsMm = readonly [anterior: number, middle: number, posterior: number];

export interface FoundBody {
  /** The finding's id: the level's name, or `body-…` if the level is not known. */
  readonly id: string;
  /** Absent if the body was outlined but not graded; it then has no heights either. */
  readonly measured?: {
    readonly heightsMm: HeightsMm;
    readonly lossPercent: number;
    readonly grade: number;
  };
  /** Why the body is not graded, in the tool's words, with `n` for numbers. */
  readonly withheld?: string;
  /** Dice's coefficient of the body's mask and the truth, on the source's voxels. */
  readonly dice: number;
  /** Whether the mask also covers a quarter or more of another body. */
  readonly merged: boolean;
}

export interface BodyOutcome {
  readonly level: string;
  readonly complete: boolean;
  readonly type?: string;
  readonly grade: number;
  readonly lossPercent: number;
  readonly heightsMm: HeightsMm;
  readonly found?: FoundBody;
}

export interface SpineOutcome {
  /** `result`, or the code of a non-result. */
  readonly answer: string;
  readonly sliceMm: number;
  readonly conditions: SpineConditions;
  readonly bodies: readonly BodyOutcome[];
  /** The numbers of graded findings, and of graded findings that lie in no body. */
  readonly findings: number;
  readonly spurious: number;
}

/** Runs the tool on a phantom and compares its answer with the truth. */
export async function judgePhantom(
  options: SpinePhantomOptions,
  tool: ImageProcessingTool,
  context: ProcessingContext,
): Promise<SpineOutcome> {
  const phantom = makeSpinePhantom(options);
  const volume = volumeOf(phantom);
  const { answer, result } = await answerTo(volume, tool, context);
  const { pairs, spurious } = compare(result, phantom.truth.vertebrae);
  const { bodies: truthLabels } = makeSpineLabels(options, phantom);
  const overlaps = overlapsOf(result.segments, truthLabels, volume);
  return {
    answer,
    sliceMm: phantom.spacingMm[2],
    conditions: phantom.truth.conditions,
    bodies: phantom.truth.vertebrae.map((truth): BodyOutcome => {
      const finding = pairs.find((pair) => pair.truth === truth)?.finding;
      const { level, complete, type, grade, lossPercent, heightsMm } = truth;
      return {
        level,
        complete,
        ...(type && { type }),
        grade,
        lossPercent,
        heightsMm: [heightsMm.anterior, heightsMm.middle, heightsMm.posterior],
        ...(finding && { found: foundBody(finding, truth, overlaps) }),
      };
    }),
    findings: result.findings.filter(isMeasured).length,
    spurious: spurious.filter(isMeasured).length,
  };
}

/** The tool's answer, with the code of the reason if it could not evaluate the volume. */
export async function answerTo(
  volume: Volume,
  tool: ImageProcessingTool,
  context: ProcessingContext,
): Promise<{ readonly answer: string; readonly result: Pick<ProcessingResult, 'findings' | 'segments'> }> {
  try {
    const result = await tool.process([volume], context);
    const { outcome, reason } = result.metadata;
    return { answer: reason?.code ?? outcome, result };
  } catch (error) {
    if (!(error instanceof NotEvaluableError)) throw error;
    return { answer: error.code, result: { findings: [], segments: [] } };
  }
}

export const isMeasured = ({ measurements }: Finding): boolean => measurements.length > 0;

/** The three heights of a finding, its loss and its grade. */
export function measuredOf(finding: Finding): FoundBody['measured'] {
  if (!isMeasured(finding)) return undefined;
  return {
    heightsMm: [
      measured(finding, 'vb-height-ant'),
      measured(finding, 'vb-height-mid'),
      measured(finding, 'vb-height-post'),
    ],
    lossPercent: measured(finding, 'vb-height-loss'),
    grade: Number(finding.evaluations[0]?.value.value.replace('genant-', '')),
  };
}

/** Why a finding has no grade: the parenthesis after "no grade". */
export function reasonOf({ summary }: Finding): string {
  return (/no grade \((.*)\)/.exec(summary)?.[1] ?? summary).replaceAll(/\d+(\.\d+)?/g, 'n');
}

interface Overlaps {
  /** The number of voxels of each true body. */
  readonly truth: ReadonlyMap<number, number>;
  /** For each segment: the number of its voxels, and of those in each true body. */
  readonly segments: ReadonlyMap<number, { readonly size: number; readonly shared: ReadonlyMap<number, number> }>;
}

function foundBody(finding: Finding, { level }: VertebraTruth, { truth, segments }: Overlaps): FoundBody {
  const number = LEVELS.indexOf(level) + 1;
  const segment = segments.get(finding.segmentNumber ?? 0);
  const shared = segment?.shared.get(number) ?? 0;
  const held = [...(segment?.shared ?? [])].filter(([body, voxels]) => voxels >= 0.25 * (truth.get(body) ?? Infinity));
  const values = measuredOf(finding);
  return {
    id: finding.id,
    ...(values ? { measured: values } : { withheld: reasonOf(finding) }),
    dice: (2 * shared) / ((segment?.size ?? 0) + (truth.get(number) ?? 0)),
    merged: held.length > 1,
  };
}

function overlapsOf(segments: readonly Segment[], bodies: Uint8Array, { rows, columns, frames }: Volume): Overlaps {
  const truth = new Map<number, number>();
  for (const body of bodies) if (body > 0) truth.set(body, (truth.get(body) ?? 0) + 1);
  const sliceOf = new Map(frames.map(({ SOPInstanceUID }, slice) => [SOPInstanceUID, slice]));
  const overlaps = segments.map(({ number, frames: masks }) => {
    const shared = new Map<number, number>();
    let size = 0;
    for (const { SOPInstanceUID, bits } of masks) {
      const start = (sliceOf.get(SOPInstanceUID) ?? 0) * rows * columns;
      for (const at of setBits(bits)) {
        size += 1;
        const body = bodies[start + at] ?? 0;
        if (body > 0) shared.set(body, (shared.get(body) ?? 0) + 1);
      }
    }
    return [number, { size, shared }] as const;
  });
  return { truth, segments: new Map(overlaps) };
}

/** Indices of the bits that are set, least significant first. */
export function* setBits(bits: Uint8Array): Generator<number> {
  for (let byte = 0; byte < bits.length; byte += 1) {
    const value = bits[byte] ?? 0;
    if (value === 0) continue;
    for (let bit = 0; bit < 8; bit += 1) if ((value >> bit) & 1) yield 8 * byte + bit;
  }
}
