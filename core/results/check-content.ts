/** The parts of a tool's contract that the compiler cannot check. */
import { type CodedConcept, Sct } from '#dicom/codes.ts';
import { textProblem } from '#dicom/text-rules.ts';
import { ToolFailedError } from '../errors.ts';
import { frameKey } from '../study/frames.ts';
import type { Finding, Image, ImageRegion, ReportTable, ResultContent, Segment } from '../tool.ts';
import { SEVERITY_CODES } from './quantities.ts';
import { ResultContentSchema } from './result-schema.ts';

interface Size {
  readonly rows: number;
  readonly columns: number;
}
/** Sizes of the frames that the tool was given, by `frameKey`. */
type Sizes = ReadonlyMap<string, Size>;

/** @throws ToolFailedError where the content violates the contract of a tool; the message says how */
export function checkContent(content: ResultContent, images: readonly Image[]): void {
  const problem = problemOf(content, images);
  if (problem !== undefined) throw new ToolFailedError(`The tool handed back a result that cannot be used: ${problem}`);
}

function problemOf(content: ResultContent, images: readonly Image[]): string | undefined {
  try {
    return contentProblem(content, images) ?? shapeProblem(content);
  } catch (error) {
    // Content of another shape than the compiler would have asked for.
    const problem = shapeProblem(content);
    if (problem === undefined) throw error;
    return problem;
  }
}

/** What is not of the shape that is stored: the names of the fields, and none of their values. */
function shapeProblem(content: ResultContent): string | undefined {
  const { error } = ResultContentSchema.safeParse(content);
  const [issue] = error?.issues ?? [];
  return issue && `${issue.path.join('.') || 'its content'}: ${issue.message}`;
}

function contentProblem(content: ResultContent, images: readonly Image[]): string | undefined {
  const sizes: Sizes = new Map(
    images.flatMap((image) => {
      const frames = image.kind === 'volume' ? image.frames : [{ SOPInstanceUID: image.header.SOPInstanceUID }];
      return frames.map((frame) => [frameKey(frame), image] as const);
    }),
  );
  return (
    conceptProblem(content) ??
    findingsProblem(content, sizes) ??
    content.segments.map((segment, index) => segmentProblem(segment, index, sizes)).find(Boolean) ??
    picturesProblem(content, new Set(inputUids(images)))
  );
}

/** SOP Instance UIDs of images, each once, in source order. */
export function inputUids(images: readonly Image[]): readonly string[] {
  const uids = images.flatMap((image) =>
    image.kind === 'volume' ? image.frames.map(({ SOPInstanceUID }) => SOPInstanceUID) : [image.header.SOPInstanceUID],
  );
  return [...new Set(uids)];
}

/** Code Meaning is LO (PS3.3 8.8). A meaning that the writer would refuse is refused here, where the tool is at fault. */
function conceptProblem({ findings, segments }: ResultContent): string | undefined {
  const concepts = [...findings.flatMap(conceptsOf), ...segments.flatMap(({ category, type }) => [category, type])];
  const problem = concepts.map(({ meaning }) => textProblem('LO', meaning)).find(Boolean);
  return problem && `a code meaning (${problem})`;
}

function conceptsOf({ finding, site, laterality, siteModifier, ...rest }: Finding): readonly CodedConcept[] {
  return [
    finding,
    ...[site, laterality, siteModifier].filter((concept) => concept !== undefined),
    ...rest.measurements.flatMap(({ name, unit }) => [name, unit]),
    ...rest.evaluations.flatMap(({ name, value }) => [name, value]),
  ];
}

function findingsProblem({ outcome, reason, findings, segments }: ResultContent, sizes: Sizes): string | undefined {
  if (outcome === 'no-finding' && reason === undefined) return 'the outcome no-finding without a reason';
  if (outcome === 'no-finding' && findings.length > 0) return 'the outcome no-finding together with findings';
  if (new Set(findings.map(({ id }) => id)).size < findings.length) return 'two findings with the same id';
  return findings.map((finding) => findingProblem(finding, segments, sizes)).find(Boolean);
}

function findingProblem(finding: Finding, segments: readonly Segment[], sizes: Sizes): string | undefined {
  const { measurements, certainty = 0, segmentNumber, position = [], regions = [] } = finding;
  const numbers = [...measurements.map(({ value }) => value), ...position, certainty];
  if (!numbers.every(Number.isFinite)) return 'a number that is not finite';
  const first = new Set(
    measurements.flatMap(({ name, inferredFrom }) => (inferredFrom === undefined ? name.value : [])),
  );
  if (!measurements.every(({ inferredFrom = [] }) => inferredFrom.every((value) => first.has(value))))
    return 'a number that is inferred from one that the finding lacks, or that is inferred itself';
  if (certainty < 0 || certainty > 1) return 'a certainty that is not between 0 and 1';
  if (!isOfOneSeverity(finding)) return "a Severity among a finding's evaluations that is not the finding's severity";
  if (segmentNumber !== undefined && segments[segmentNumber - 1] === undefined)
    return 'a finding whose segment does not exist';
  if (regions.some((region) => !sizes.has(frameKey(region)))) return 'a region on an image that was not given';
  if (!regions.every((region) => isDrawable(region, sizes))) return 'a region without points or outside its image';
  return undefined;
}

/** Pictures, masks and the order of findings follow `severity`, reports a code that the tool states: they must not differ. */
function isOfOneSeverity({ severity, evaluations }: Finding): boolean {
  const stated = evaluations.filter(({ name }) => isSame(name, Sct.severity));
  return stated.every(({ value }) => severity !== undefined && isSame(value, SEVERITY_CODES[severity]));
}

const isSame = (a: CodedConcept, b: CodedConcept): boolean => a.value === b.value && a.scheme === b.scheme;

function isDrawable(region: ImageRegion, sizes: Sizes): boolean {
  const { points } = region;
  const { rows, columns } = sizes.get(frameKey(region)) ?? { rows: 0, columns: 0 };
  const isInside = ([column, row]: readonly [number, number]): boolean =>
    column >= 0 && column <= columns && row >= 0 && row <= rows;
  return points.length > 0 && points.every(isInside);
}

function segmentProblem({ number, frames }: Segment, index: number, sizes: Sizes): string | undefined {
  if (number !== index + 1) return 'segments not numbered from 1';
  if (frames.length === 0) return 'a segment without frames';
  if (new Set(frames.map(frameKey)).size < frames.length) return 'two frames of a segment on one image';
  for (const frame of frames) {
    const { bits } = frame;
    const size = sizes.get(frameKey(frame));
    if (size === undefined) return 'a mask on an image that was not given';
    if (bits.length !== Math.ceil((size.rows * size.columns) / 8)) return "a mask that does not have its image's size";
    if (isBlank(bits)) return 'a segment frame without a voxel';
  }
  return undefined;
}

/** A plain loop: it sees every byte of every mask. */
function isBlank(bits: Uint8Array): boolean {
  for (let i = 0; i < bits.length; i += 1) if (bits[i] !== 0) return false;
  return true;
}

function picturesProblem(
  { findings, keyImages, report }: ResultContent,
  given: ReadonlySet<string>,
): string | undefined {
  if (keyImages.some(({ rows, columns, rgb }) => rgb.length !== rows * columns * 3))
    return 'a picture whose bytes do not fit its size';
  if (keyImages.some(({ sources }) => !sources.every((uid) => given.has(uid)))) return 'a picture of an unknown image';
  if (report?.kind !== 'page') return undefined;
  if (!report.pictures.every((index) => index in keyImages)) return 'a report with a picture that does not exist';
  const { header, rows, findings: ids }: ReportTable = report.table ?? { header: [], rows: [] };
  if (!rows.every((row) => row.length === header.length)) return 'a table whose rows are not as long as its header';
  const known = new Set(['', ...findings.map(({ id }) => id)]);
  return ids === undefined || (ids.length === rows.length && ids.every((id) => known.has(id)))
    ? undefined
    : 'a table whose rows name findings that do not exist';
}
