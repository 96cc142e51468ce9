/** What the contract asks of a tool's answer, and the compiler cannot check. */
import { ToolFailedError } from '../errors.ts';
import type { Finding, Image, ImageRegion, ResultContent, Segment } from '../tool.ts';

interface Size {
  readonly rows: number;
  readonly columns: number;
}
/** Sizes of the instances that the tool was given, by SOPInstanceUID. */
type Sizes = ReadonlyMap<string, Size>;

/** @throws ToolFailedError where the content is not what the contract of a tool asks; the sentence says what */
export function checkContent(content: ResultContent, images: readonly Image[]): void {
  const sizes: Sizes = new Map(
    images.flatMap((image) => {
      const uids = image.kind === 'volume' ? image.instances : [image.header.SOPInstanceUID];
      return uids.map((uid) => [uid, image] as const);
    }),
  );
  const problem =
    findingsProblem(content, sizes) ??
    content.segments.map((segment, index) => segmentProblem(segment, index, sizes)).find(Boolean) ??
    picturesProblem(content, sizes);
  if (problem !== undefined) throw new ToolFailedError(`The tool handed back a result that cannot be used: ${problem}`);
}

function findingsProblem({ outcome, reason, findings, segments }: ResultContent, sizes: Sizes): string | undefined {
  if (outcome === 'no-finding' && reason === undefined) return 'no reason for finding nothing';
  if (outcome === 'no-finding' && findings.length > 0) return 'findings beside the outcome no-finding';
  if (new Set(findings.map(({ id }) => id)).size < findings.length) return 'two findings with the same id';
  return findings.map((finding) => findingProblem(finding, segments, sizes)).find(Boolean);
}

function findingProblem(finding: Finding, segments: readonly Segment[], sizes: Sizes): string | undefined {
  const { measurements, certainty = 0, segmentNumber, position = [], regions = [] } = finding;
  const numbers = [...measurements.map(({ value }) => value), ...position, certainty];
  if (!numbers.every(Number.isFinite)) return 'a number that is not finite';
  if (certainty < 0 || certainty > 1) return 'a certainty that is not between 0 and 1';
  if (segmentNumber !== undefined && segments[segmentNumber - 1] === undefined)
    return 'a finding outlined by no segment';
  if (regions.some((region) => !sizes.has(region.SOPInstanceUID))) return 'a region on an image that was not given';
  if (!regions.every((region) => isDrawable(region, sizes))) return 'a region without points or outside its image';
  return undefined;
}

function isDrawable({ SOPInstanceUID, points }: ImageRegion, sizes: Sizes): boolean {
  const { rows, columns } = sizes.get(SOPInstanceUID) ?? { rows: 0, columns: 0 };
  const isInside = ([column, row]: readonly [number, number]): boolean =>
    column >= 0 && column <= columns && row >= 0 && row <= rows;
  return points.length > 0 && points.every(isInside);
}

function segmentProblem({ number, frames }: Segment, index: number, sizes: Sizes): string | undefined {
  if (number !== index + 1) return 'segments not numbered from 1';
  if (frames.length === 0) return 'a segment without frames';
  if (new Set(frames.map((frame) => frame.SOPInstanceUID)).size < frames.length)
    return 'two frames of a segment on one image';
  for (const { SOPInstanceUID, bits } of frames) {
    const size = sizes.get(SOPInstanceUID);
    if (size === undefined) return 'a mask on an image that was not given';
    if (bits.length !== Math.ceil((size.rows * size.columns) / 8)) return "a mask of another size than its image's";
    if (bits.every((byte) => byte === 0)) return 'a frame of a segment without a voxel';
  }
  return undefined;
}

function picturesProblem({ keyImages, report }: ResultContent, sizes: Sizes): string | undefined {
  if (keyImages.some(({ rows, columns, rgb }) => rgb.length !== rows * columns * 3)) return 'a picture of another size';
  if (keyImages.some(({ sources }) => !sources.every((uid) => sizes.has(uid)))) return 'a picture of an unknown image';
  if (report?.kind !== 'page') return undefined;
  if (!report.pictures.every((index) => index in keyImages)) return 'a report with a picture that is not there';
  const { header, rows } = report.table ?? { header: [], rows: [] };
  return rows.every((row) => row.length === header.length)
    ? undefined
    : 'a table whose rows are not as long as its header';
}
