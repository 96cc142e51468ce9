/** References: their target is in the source or in the same result, and is what the reference says. */
import type { Attributes } from '#dicom/write.ts';
import type { DicomObject } from '../results/dicom-object.ts';
import { replacedObjects } from '../results/replacing.ts';
import type { SourceStudy } from '../results/source-study.ts';
import { itemsOf, numbersOf, textOf } from './attribute-values.ts';
import type { Place, Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

/** An instance that may be referred to. */
interface Target {
  readonly SOPClassUID: string;
  readonly SeriesInstanceUID: string | undefined;
  readonly frames: number;
  readonly segments: number;
  readonly isSource: boolean;
}
export type Targets = ReadonlyMap<string, Target>;

/** What a result's objects may refer to: the source's instances, the documents that they replace, and each other. */
export function targetsOf(objects: readonly DicomObject[], source: SourceStudy): Targets {
  const targets = new Map<string, Target>();
  for (const { SOPInstanceUID, SOPClassUID, SeriesInstanceUID, NumberOfFrames = 1 } of source.instances) {
    targets.set(SOPInstanceUID, {
      SOPClassUID,
      SeriesInstanceUID,
      frames: NumberOfFrames,
      segments: 0,
      isSource: true,
    });
  }
  for (const { SOPInstanceUID, SOPClassUID, SeriesInstanceUID } of [
    ...(source.rejects ?? []),
    ...replacedObjects(source),
  ]) {
    targets.set(SOPInstanceUID, { SOPClassUID, SeriesInstanceUID, frames: 1, segments: 0, isSource: false });
  }
  for (const { SOPInstanceUID, SOPClassUID, attributes } of objects) {
    targets.set(SOPInstanceUID, {
      SOPClassUID,
      SeriesInstanceUID: textOf(attributes['SeriesInstanceUID']),
      frames: numbersOf(attributes['NumberOfFrames'])[0] ?? 1,
      segments: itemsOf(attributes['SegmentSequence']).length,
      isSource: false,
    });
  }
  return targets;
}

const EVIDENCE = new Set(['CurrentRequestedProcedureEvidenceSequence', 'PertinentOtherEvidenceSequence']);

interface Surroundings {
  readonly StudyInstanceUID: string;
  readonly targets: Targets;
  readonly refuse: Refuse;
  /** The content's references, each with the place where it occurs first, and the instances that the evidence lists. */
  readonly content: Map<string, Place | undefined>;
  readonly evidence: Set<string>;
}

/** The context of a reference: the series and study that contain it, and its kind. */
interface Level {
  readonly place: Place | undefined;
  readonly SeriesInstanceUID?: string | undefined;
  readonly isContent?: boolean;
  readonly isEvidence?: boolean;
  /** Whether the reference is about one frame: a mask's source, or the image of a region. */
  readonly isOfOneFrame?: boolean;
}

export function checkReferences({ attributes, source }: Whole, targets: Targets, refuse: Refuse): void {
  const { StudyInstanceUID } = source;
  const surroundings: Surroundings = { StudyInstanceUID, targets, refuse, content: new Map(), evidence: new Set() };
  for (const [keyword, value] of Object.entries(attributes)) {
    if (value === source.patientAndStudy[keyword]) continue;
    visit(attributes, keyword, { place: undefined }, surroundings);
  }
  for (const [uid, place] of surroundings.content) {
    if (!surroundings.evidence.has(uid)) refuse('not-in-evidence', 'ReferencedSOPInstanceUID', place);
  }
}

function visit(of: Attributes, sequence: string, level: Level, surroundings: Surroundings): void {
  const items = itemsOf(of[sequence]);
  if (items.length === 0) return;
  const { refuse, StudyInstanceUID } = surroundings;
  const below: Level = {
    ...level,
    isContent: level.isContent === true || sequence === 'ContentSequence',
    isEvidence: level.isEvidence === true || EVIDENCE.has(sequence),
    isOfOneFrame: (sequence === 'SourceImageSequence' && level.place !== undefined) || isRegion(of, level),
  };
  items.forEach((item, index) => {
    const place: Place = { within: level.place, sequence, number: index + 1 };
    const study = textOf(item['StudyInstanceUID']);
    if (study !== undefined && study !== StudyInstanceUID) refuse('reference-hierarchy', 'StudyInstanceUID', place);
    const SeriesInstanceUID = textOf(item['SeriesInstanceUID']) ?? level.SeriesInstanceUID;
    const here: Level = { ...below, place, SeriesInstanceUID };
    if (item['ReferencedSOPInstanceUID'] !== undefined) checkReference(item, here, surroundings);
    for (const keyword of Object.keys(item)) visit(item, keyword, here, surroundings);
  });
}

/** Whether a reference is to the image of a planar region. */
function isRegion({ ValueType, RelationshipType }: Attributes, { isOfOneFrame }: Level): boolean {
  return isOfOneFrame === true || ValueType === 'SCOORD' || RelationshipType === 'SELECTED FROM';
}

function checkReference(item: Attributes, level: Level, surroundings: Surroundings): void {
  const { targets, refuse, content, evidence } = surroundings;
  const { place, SeriesInstanceUID } = level;
  const uid = textOf(item['ReferencedSOPInstanceUID']) ?? '';
  const target = targets.get(uid) ?? refuse('unresolved-reference', 'ReferencedSOPInstanceUID', place);
  if (textOf(item['ReferencedSOPClassUID']) !== target.SOPClassUID)
    refuse('reference-sop-class', 'ReferencedSOPClassUID', place);
  if (SeriesInstanceUID !== undefined && target.SeriesInstanceUID !== SeriesInstanceUID)
    refuse('reference-hierarchy', 'SeriesInstanceUID', place);
  const frames = numbersOf(item['ReferencedFrameNumber']);
  if (frames.some((frame) => !(frame >= 1 && frame <= target.frames)))
    refuse('reference-frame', 'ReferencedFrameNumber', place);
  const isAmbiguous = level.isOfOneFrame === true && target.isSource && target.frames > 1;
  if (isAmbiguous && frames.length === 0) refuse('reference-frame', 'ReferencedFrameNumber', place);
  const segments = numbersOf(item['ReferencedSegmentNumber']);
  if (segments.some((segment) => !(segment >= 1 && segment <= target.segments)))
    refuse('reference-frame', 'ReferencedSegmentNumber', place);
  if (level.isEvidence === true) evidence.add(uid);
  if (level.isContent === true && !content.has(uid)) content.set(uid, place);
}
