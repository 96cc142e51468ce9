/** Compares the tool's answer about a copy of a CT with what is known of its vertebrae. The outcome is plain JSON. */
import { toLps } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import type { Finding, Segment } from '#core/tool.ts';
import type { ToolUnderEvaluation } from '../tool-under-evaluation.ts';
import { answerTo, measuredOf, reasonOf, setBits } from './judge-phantom.ts';
import { isInView, levelAt, type Truth } from './truth.ts';

/** What the tool says of one place. */
export interface Said {
  /** The level's name, or `body-…` if the level is not known. */
  readonly id: string;
  readonly grade?: number;
  readonly lossPercent?: number;
  /** Why there is no grade, in the tool's words, with `n` for numbers. */
  readonly withheld?: string;
}

export interface CopyBody {
  readonly level: string;
  /** Whether the copy shows all of the body. */
  readonly inView: boolean;
  /** Usually one finding. More than one: the body was taken for several. */
  readonly said: readonly Said[];
}

export interface CopyOutcome {
  /** `result`, or the code of a non-result. */
  readonly answer: string;
  /** Vertebrae with a body in the truth, or with a finding. */
  readonly bodies: readonly CopyBody[];
  /** What is said of places in no vertebra. */
  readonly strays: readonly Said[];
}

/** Less than this share of a finding's voxels in a vertebra is no vertebra. */
const LEAST_SHARE = 0.3;

export async function judgeCopy(
  volume: Volume,
  truth: Truth,
  tool: Pick<ToolUnderEvaluation, 'tool' | 'context'>,
): Promise<CopyOutcome> {
  const { answer, said: owners } = await saidOfVertebrae(
    volume,
    (i, j, k) => levelAt(truth, toLps(volume, i, j, k)),
    tool,
  );
  const known = truth.bodies.map(({ level }) => level);
  const others = owners.flatMap(({ owner }) => (owner === undefined || known.includes(owner) ? [] : [owner]));
  return {
    answer,
    bodies: [...known, ...new Set(others)].map((level) => ({
      level,
      inView: truth.bodies.some((body) => body.level === level && isInView(body, volume)),
      said: owners.filter(({ owner }) => owner === level).map(({ said }) => said),
    })),
    strays: owners.filter(({ owner }) => owner === undefined).map(({ said }) => said),
  };
}

export interface OwnedAnswer {
  readonly answer: string;
  /** Each finding, with the vertebra that it belongs to. */
  readonly said: readonly { readonly owner: string | undefined; readonly said: Said }[];
}

/** The tool's answer about a volume of which `levelOf` says which vertebra is at a voxel. */
export async function saidOfVertebrae(
  volume: Volume,
  levelOf: (column: number, row: number, slice: number) => string | undefined,
  { tool, context }: Pick<ToolUnderEvaluation, 'tool' | 'context'>,
): Promise<OwnedAnswer> {
  const { answer, result } = await answerTo(volume, tool, context);
  const said = result.findings.map((finding) => ({
    owner: ownerOf(
      result.segments.find(({ number }) => number === finding.segmentNumber),
      volume,
      levelOf,
    ),
    said: saidOf(finding),
  }));
  return { answer, said };
}
function saidOf(finding: Finding): Said {
  const { id } = finding;
  const measured = measuredOf(finding);
  if (measured === undefined) return { id, withheld: reasonOf(finding) };
  const { heightsMm: _, ...values } = measured;
  return { id, ...values };
}

/** The vertebra in which most of a segment's voxels lie; undefined if most lie in none. */
function ownerOf(
  segment: Segment | undefined,
  volume: Volume,
  levelOf: (column: number, row: number, slice: number) => string | undefined,
): string | undefined {
  const sliceOf = new Map(volume.frames.map(({ SOPInstanceUID }, slice) => [SOPInstanceUID, slice]));
  const shares = new Map<string, number>();
  let size = 0;
  for (const { SOPInstanceUID, bits } of segment?.frames ?? []) {
    const slice = sliceOf.get(SOPInstanceUID) ?? 0;
    for (const at of setBits(bits)) {
      size += 1;
      const level = levelOf(at % volume.columns, Math.floor(at / volume.columns), slice);
      if (level !== undefined) shares.set(level, (shares.get(level) ?? 0) + 1);
    }
  }
  const [most] = [...shares].toSorted((a, b) => b[1] - a[1]);
  return most !== undefined && most[1] >= LEAST_SHARE * size ? most[0] : undefined;
}
