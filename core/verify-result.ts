/** Holds a tool to its contract: what it hands back is checked before anything is made of it. */
import { ToolFailedError } from './errors.ts';
import type { ImageIndex, InstanceIndex } from './study/study-index.ts';
import type { Finding, KeyImage, ProcessingResult, Report, Segment } from './tool.ts';
import { type ToolEntry, toolVersion } from './tool-manifest.ts';

/** What the answer is held against. */
export interface Expected {
  readonly entry: ToolEntry;
  /** What the tool was given. */
  readonly images: readonly ImageIndex[];
  readonly inputDigest: string;
}

/**
 * Checks an answer: identity, numbers, numbering, and that every reference is to something the tool was given.
 *
 * @throws ToolFailedError naming the first rule the answer breaks
 */
export function verifyResult(result: ProcessingResult, { entry, images, inputDigest }: Expected): void {
  const instances = new Map(images.flatMap((image) => image.instances.map((it) => [it.SOPInstanceUID, it] as const)));
  const require: Require = (holds, rule) => {
    if (!holds) {
      const tool = entry.manifest.id;
      throw new ToolFailedError(`The tool ${tool} broke its contract: ${rule}`, { facts: { tool, rule } });
    }
  };
  const { metadata, findings, segments, keyImages, report } = result;
  require(result.toolName === entry.manifest.id, 'toolName is not its id');
  require(metadata.version === toolVersion(entry), 'version is not that of its manifest, models and result format');
  require(metadata.inputDigest === inputDigest, 'inputDigest is not that of its input');
  require(metadata.inputs.length > 0, 'inputs are empty');
  require(new Set(metadata.inputs).size === metadata.inputs.length, 'inputs repeat an instance');
  require(metadata.inputs.every((uid) => instances.has(uid)), 'inputs name an instance it was not given');
  require(metadata.outcome === 'result' || metadata.reason !== undefined, 'an answer without findings has no reason');
  require(metadata.outcome === 'result' || findings.length === 0, `${metadata.outcome} comes with findings`);
  require(new Set(findings.map(({ id }) => id)).size === findings.length, 'two findings have the same id');
  for (const finding of findings) verifyFinding(finding, { instances, segments: segments.length, require });
  segments.forEach((segment, index) => {
    verifySegment(segment, { number: index + 1, instances, require });
  });
  for (const image of keyImages) verifyKeyImage(image, instances, require);
  if (report !== undefined) verifyReport(report, keyImages.length, require);
}

type Require = (holds: boolean, rule: string) => void;
type Instances = ReadonlyMap<string, InstanceIndex>;

interface FindingContext {
  readonly instances: Instances;
  readonly segments: number;
  readonly require: Require;
}

function verifyFinding(finding: Finding, { instances, segments, require }: FindingContext): void {
  const { id, certainty, segmentNumber } = finding;
  for (const { name, value } of finding.measurements) {
    require(Number.isFinite(value), `finding ${id}: ${name.meaning} is not a finite number`);
  }
  require(certainty === undefined ||
    (certainty >= 0 && certainty <= 1), `finding ${id}: certainty is not within 0 to 1`);
  require(segmentNumber === undefined ||
    (Number.isInteger(segmentNumber) &&
      segmentNumber >= 1 &&
      segmentNumber <= segments), `finding ${id}: segmentNumber names no segment`);
  require(finding.position?.every(Number.isFinite) ?? true, `finding ${id}: position is not finite`);
  for (const region of finding.regions ?? []) {
    const source = instances.get(region.SOPInstanceUID);
    require(source !== undefined, `finding ${id}: a region is on an instance it was not given`);
    const { Columns = Number.POSITIVE_INFINITY, Rows = Number.POSITIVE_INFINITY } = source ?? {};
    const isInside = ([column, row]: readonly [number, number]): boolean =>
      column >= 0 && column <= Columns && row >= 0 && row <= Rows;
    require(region.points.length > 0, `finding ${id}: a region has no points`);
    require(region.points.every(isInside), `finding ${id}: a region leaves its image`);
  }
}

interface SegmentContext {
  readonly number: number;
  readonly instances: Instances;
  readonly require: Require;
}

function verifySegment(segment: Segment, { number, instances, require }: SegmentContext): void {
  require(segment.number === number, `segment ${segment.number} is not numbered in sequence`);
  require(segment.frames.length > 0, `segment ${number} has no frames`);
  const uids = new Set(segment.frames.map((frame) => frame.SOPInstanceUID));
  require(uids.size === segment.frames.length, `segment ${number} has two frames on one instance`);
  for (const { SOPInstanceUID, bits } of segment.frames) {
    const source = instances.get(SOPInstanceUID);
    require(source !== undefined, `segment ${number} has a frame on an instance it was not given`);
    const pixels = (source?.Rows ?? 0) * (source?.Columns ?? 0);
    require(bits.length === Math.ceil(pixels / 8), `segment ${number} has a frame that is not one bit a pixel`);
    require(bits.some((byte) => byte !== 0), `segment ${number} has an empty frame`);
  }
}

function verifyKeyImage(
  { title, rows, columns, rgb, sources }: KeyImage,
  instances: Instances,
  require: Require,
): void {
  require(rgb.length === rows * columns * 3, `key image ${title}: rgb is not rows × columns × 3 bytes`);
  require(sources.every((uid) => instances.has(uid)), `key image ${title}: a source is an instance it was not given`);
}

function verifyReport(report: Report, keyImages: number, require: Require): void {
  if (report.kind === 'pdf') return;
  require(report.pictures.every(
    (index) => Number.isInteger(index) && index >= 0 && index < keyImages,
  ), 'the report shows a picture that is not among the key images');
  const { header, rows } = report.table ?? { header: [], rows: [] };
  require(rows.every((row) => row.length === header.length), 'a row of the report differs in length from its header');
}
