/** The contract between Hilum and a tool. A tool is one folder in `tools/`; it never reads or writes DICOM itself. */
import type { CodedConcept } from '#dicom/codes.ts';
import type { Reason } from './errors.ts';
import type { FrameReference } from './image/frame-reference.ts';
import type { ImagePoint, PointLps } from './image/geometry.ts';
import type { Radiograph } from './image/radiograph.ts';
import type { Volume } from './image/volume.ts';
import type { InferenceEngine } from './ports.ts';
import type { DicomObject } from './results/dicom-object.ts';
import type { SourceStudy } from './results/source-study.ts';
import type { ImageIndex } from './study/study-index.ts';

/** One AI capability. `tools/<id>/tool.ts` exports `createTool(entry: ToolEntry): ImageProcessingTool`. */
export interface ImageProcessingTool {
  /** The tool's id, which is the name of its folder. */
  readonly name: string;
  /** Changes whenever code, model or configuration changes; see `toolVersion` in `core/tool-manifest.ts`. */
  versionId(): string;
  description(): ToolDescription;
  /** Decided from headers alone. Evaluates the manifest's selection and may refine it. A refusal gives a reason. */
  canProcessImage(image: ImageIndex): Suitability;
  /**
   * Runs the tool on the images that were selected for it: all of one study, or one at a time with `take: best`.
   *
   * @throws NotEvaluableError where the images turn out not to be evaluable, with the reason for the radiologist
   */
  process(images: readonly Image[], context: ProcessingContext): Promise<ProcessingResult>;
}

export type Suitability = { readonly suitable: true } | { readonly suitable: false; readonly reason: Reason };

/** What people read about a tool, and what results say about it. */
export interface ToolDescription {
  readonly id: string;
  /** A short name that a radiologist can read, at most 40 characters. */
  readonly label: string;
  readonly purpose: string;
  readonly inputs: string;
  readonly outputs: string;
  readonly limits: string;
  /** The base of the Series Numbers of its results, a multiple of 10,000. Absent in results of earlier versions: 9000. */
  readonly seriesNumber?: number;
  readonly models: readonly ModelReference[];
  /** SHA-256 (hex) of the tool's manifest as it was read: selection, resources and all other settings. */
  readonly configurationSha256?: string;
}

export interface ModelReference {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
}

/** Pixels with geometry, rescaled to the modality's units. */
export type Image = Volume | Radiograph;

/** What a tool gets besides images: no clock, no network, no file system. */
export interface ProcessingContext {
  /** Digest over the selected instances (`core/study/revision.ts`): the identity that results are named after. */
  readonly inputDigest: string;
  readonly engine: InferenceEngine;
  /** Aborted when the deadline is near. Long loops must check it (`signal.throwIfAborted()`). */
  readonly signal: AbortSignal;
}

/** The region of a finding on one source frame. Viewers draw it as SCOORD. */
export interface ImageRegion extends FrameReference {
  readonly graphicType: 'POINT' | 'POLYLINE' | 'CIRCLE' | 'ELLIPSE';
  /** At least one point; a closed POLYLINE repeats its first point. */
  readonly points: readonly ImagePoint[];
}

export interface Measurement {
  readonly name: CodedConcept;
  readonly value: number;
  readonly unit: CodedConcept;
  /**
   * Code values of the finding's measurements from which this one was computed. Reports state them below it: viewers draw the first five lines
   * of a finding, and the site is the last.
   */
  readonly inferredFrom?: readonly string[];
}

export interface QualitativeEvaluation {
  readonly name: CodedConcept;
  readonly value: CodedConcept;
}

/** How bad a finding is, from worst. `not-judged`: the place was found but could not be judged; `normal`: judged, and sound. */
export type Severity = 'severe' | 'moderate' | 'mild' | 'not-judged' | 'normal';

/** One finding. Its numbers are finite. */
export interface Finding {
  /** Unique in the result and stable over runs, e.g. `L3` or `lesion-1`: the Tracking Identifier. */
  readonly id: string;
  /** What is drawn beside the finding: where and what, at most 40 characters, e.g. `L2 wedge, 37 %`. By default, the id. */
  readonly label?: string;
  /** Decides colour and order. Absent where it makes no sense, as for a volume. */
  readonly severity?: Severity;
  /** A sentence for people, in Hilum's own words. */
  readonly summary: string;
  readonly finding: CodedConcept;
  readonly site?: CodedConcept;
  /** Qualifies `site`: left or right of the patient (CID 244), and the part that is meant, e.g. the surface of a tooth. */
  readonly laterality?: CodedConcept;
  readonly siteModifier?: CodedConcept;
  readonly measurements: readonly Measurement[];
  readonly evaluations: readonly QualitativeEvaluation[];
  /** 0 to 1. */
  readonly certainty?: number;
  /** The segment (1-based, in `ResultContent.segments`) that outlines the finding. */
  readonly segmentNumber?: number;
  /** Where to look in the volume. */
  readonly position?: PointLps;
  /** Where the finding is drawn on source images. */
  readonly regions?: readonly ImageRegion[];
}

/** One segment of the mask, on the source's own frames (never resampled). */
export interface Segment {
  /** 1-based and consecutive: Segment Number (0062,0004). */
  readonly number: number;
  readonly label: string;
  readonly category: CodedConcept;
  readonly type: CodedConcept;
  /** CIELab as 0–65535 triplet: Recommended Display CIELab Value (0062,000D). A finding with a severity has that one's colour. */
  readonly cielab?: readonly [number, number, number];
  /** The frames with at least one voxel, in source order. */
  readonly frames: readonly SegmentFrame[];
}

/** One frame of a segment: `Rows` × `Columns` of its source frame, row-major, one bit each, least significant first. */
export interface SegmentFrame extends FrameReference {
  readonly bits: Uint8Array;
}

/** A rendered picture for people, RGB, row-major. Its text is the tool's own; conversion adds a caption and the "research use only" band. */
export interface KeyImage {
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  readonly rgb: Uint8Array;
  /** SOP Instance UIDs of the picture's source instances. */
  readonly sources: readonly string[];
}

/** Every row is as long as the header. */
export interface ReportTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The finding of each row, by its id; '' where a row has none. The page adds its severity's colour, its images and its certainty. */
  readonly findings?: readonly string[];
}

/** The report: a page made from these lines and pictures, or a finished PDF that the tool brings. */
export type Report =
  | {
      readonly kind: 'page';
      readonly title: string;
      readonly paragraphs: readonly string[];
      readonly table?: ReportTable;
      /** Indices into `ResultContent.keyImages`. */
      readonly pictures: readonly number[];
    }
  | { readonly kind: 'pdf'; readonly title: string; readonly bytes: Uint8Array };

/**
 * The answer of a run. Only `result` has findings; the other four are non-results. `not-applicable` stays in the runs table,
 * unless a person asked for the tool.
 */
export type Outcome = 'result' | 'no-finding' | 'not-applicable' | 'not-evaluable' | 'failed';

/** What a tool returns: plain data, no DICOM. `reason` is required unless the outcome is `result`. */
export interface ResultContent {
  readonly outcome: 'result' | 'no-finding';
  readonly reason?: Reason;
  /**
   * True where the organ that the tool looks for is not in the image. With `take: best`, the next image of the study is then
   * tried, and the answer is `no-finding` only where no image shows the organ.
   */
  readonly notInView?: true;
  /** One sentence for lists and logs, without identity. */
  readonly summary: string;
  readonly findings: readonly Finding[];
  readonly segments: readonly Segment[];
  /** Without any, one is made (`core/results/default-picture.ts`). */
  readonly keyImages: readonly KeyImage[];
  readonly report?: Report;
}

export interface ResultMetadata {
  readonly tool: ToolDescription;
  readonly version: string;
  readonly inputDigest: string;
  /** SOP Instance UIDs of the tool's inputs, in source order (volumes: along the slice normal). */
  readonly inputs: readonly string[];
  readonly outcome: Outcome;
  readonly reason?: Reason;
  /** True where the tool says that its organ is not in the image. */
  readonly notInView?: true;
  readonly summary: string;
  /** When the answer was first stored (ISO 8601, UTC): the clock is read once, and whoever stores first wins. */
  readonly storedAt?: string;
  /** Wall time by stage, ms, and how often a tool looked at the images (`passes`). Kept beside the result, never inside the DICOM objects. */
  readonly timingsMs: Readonly<Record<string, number>>;
  /** Instances of the tool's images that were not evaluated: unreadable, odd, or copies. `inputDigest` covers them. */
  readonly leftOut?: readonly LeftOut[];
  /** Images of the study that the tool takes and that the answer is not about, best first. `inputDigest` covers them. */
  readonly passedOver?: readonly PassedOver[];
  /** Series Instance UIDs of series whose slices make one volume together, one list a volume. */
  readonly joined?: readonly (readonly string[])[];
  /** What else a reader should know about the input, e.g. that its positions are rounded. */
  readonly notes?: readonly Reason[];
}

/** An image that the answer is not about, and why, as readers find it in the study. */
export interface PassedOver {
  readonly SeriesInstanceUID: string;
  readonly SeriesNumber?: number;
  readonly Modality: string;
  /** How many, as people count the images of a series: frames of enhanced objects count, too. */
  readonly images: number;
  readonly reason: Reason;
}

/** An image that the tool was not given, and why. */
export interface LeftOut {
  readonly SOPInstanceUIDs: readonly string[];
  readonly reason: Reason;
}

/** The answer of a run. It is plain data except for `toDicom`, a pure function of the data and the source's headers. */
export interface ProcessingResult {
  readonly toolName: string;
  readonly metadata: ResultMetadata;
  readonly findings: readonly Finding[];
  readonly segments: readonly Segment[];
  readonly keyImages: readonly KeyImage[];
  readonly report?: Report;
  toDicom(source: SourceStudy): readonly DicomObject[];
}
