/** What multi-frame functional groups say about each frame (PS3.3 C.7.6.16), limited to the allow-list of the header index. */
import { keywordOf } from '#dicom/dictionary.ts';
import type { Dataset } from '#dicom/read.ts';
import { bodyPartOf } from './body-parts.ts';
import { type Notes, noNotes } from './header-numbers.ts';
import { frameOffsets } from './header-times.ts';
import {
  anatomicRegion,
  bodyPart,
  code,
  codes,
  modality,
  mrTerms,
  number,
  pair,
  rescaleType,
  sextuple,
  thickness,
  triple,
} from './header-values.ts';
import { readClaims } from './read-claims.ts';
import { type FrameAttributes, MAX_FRAMES } from './study-index.ts';

/** Enhanced and Legacy Converted Enhanced CT, MR and PET Image Storage (PS3.4 B.5). */
export const ENHANCED: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.2.1',
  '1.2.840.10008.5.1.4.1.1.2.2',
  '1.2.840.10008.5.1.4.1.1.4.1',
  '1.2.840.10008.5.1.4.1.1.4.4',
  '1.2.840.10008.5.1.4.1.1.130',
  '1.2.840.10008.5.1.4.1.1.128.1',
]);
/** Limit on a list of dimensions, or of a frame's Dimension Index Values. Real lists have a few entries. */
const MAX_DIMENSIONS = 16;
const STACK_ID = /^\d{1,16}$/;

export interface FunctionalGroups extends FrameAttributes {
  readonly frames: readonly FrameAttributes[];
}

/**
 * The attributes of each frame of an enhanced image; attributes that all frames share become the instance's own. Undefined
 * where the SOP Class has no such groups, where the groups do not describe each frame once, or where there are more than
 * `MAX_FRAMES`. The frames of such an instance have no position, and a volume of them is refused (`core/image/slices.ts`).
 */
export function functionalGroups(dataset: Dataset): FunctionalGroups | undefined {
  const frameCount = dataset.number('NumberOfFrames') ?? 0;
  if (!ENHANCED.has(dataset.text('SOPClassUID') ?? '') || frameCount > MAX_FRAMES) return undefined;
  const perFrame = dataset.items('PerFrameFunctionalGroupsSequence');
  if (perFrame.length === 0 || perFrame.length !== frameCount) return undefined;
  const [shared] = dataset.items('SharedFunctionalGroupsSequence');
  const Modality = modality(dataset);
  const offsetOf = frameOffsets(dataset);
  return lifted(
    perFrame.map((frame) => frameAttributes(shared === undefined ? [frame] : [frame, shared], Modality, offsetOf)),
  );
}

/** Keywords of the dimensions' attributes; '' where an attribute is private or unknown. */
export function dimensionPointers(dataset: Dataset): string[] | undefined {
  const items = dataset.items('DimensionIndexSequence');
  if (items.length === 0 || items.length > MAX_DIMENSIONS) return undefined;
  return items.map((item) => keywordOf(item.number('DimensionIndexPointer') ?? 0) ?? '');
}

/** @param groups the frame's own groups, then the shared ones; each macro is in one of the two (C.7.6.16) */
function frameAttributes(
  groups: readonly Dataset[],
  Modality: string | undefined,
  offsetOf: ReturnType<typeof frameOffsets>,
): FrameAttributes {
  const notes = noNotes();
  const macro = (...keywords: readonly string[]): Dataset | undefined =>
    groups.flatMap((group) => keywords.flatMap((keyword) => group.items(keyword)))[0];
  /** Attributes of the single-frame images for which the converter had no macro (C.7.6.16.2). */
  const unassigned = groups.flatMap((group) => [
    ...group.items('UnassignedPerFrameConvertedAttributesSequence'),
    ...group.items('UnassignedSharedConvertedAttributesSequence'),
  ]);
  const position = macro('PlanePositionSequence');
  const orientation = macro('PlaneOrientationSequence');
  const measures = macro('PixelMeasuresSequence');
  const values = macro('PixelValueTransformationSequence');
  const content = macro('FrameContentSequence');
  const type = macro('CTImageFrameTypeSequence', 'MRImageFrameTypeSequence', 'PETFrameTypeSequence');
  const diffusion = macro('MRDiffusionSequence');
  const gradient = diffusion?.items('DiffusionGradientDirectionSequence')[0];
  const anatomy = macro('FrameAnatomySequence');
  const AnatomicRegion = anatomy && anatomicRegion(anatomy);
  const words = unassigned.map((item) => bodyPart(item, notes));
  const stack = content?.text('StackID') ?? '';
  const derivation = groups.flatMap((group) => group.items('DerivationImageSequence'));
  const mappings = groups.filter((group) => group.has('RealWorldValueMappingSequence'));
  const energies = groups.filter((group) => group.has('MultienergyCTProcessingSequence'));
  const described = [type, values].filter((item) => item !== undefined);
  const read = readClaims(
    [...described, ...derivation, ...mappings, ...energies, ...unassigned],
    'FrameType',
    Modality,
  );
  const indices = content?.numbers('DimensionIndexValues') ?? [];
  const attributes: FrameAttributes = {
    ImageType: type && codes(type, 'FrameType'),
    ComplexImageComponent: type && code(type, 'ComplexImageComponent'),
    AcquisitionContrast: type && mrTerms(type, 'AcquisitionContrast')?.[0],
    AnatomicRegion,
    BodyPartExamined: words.find((word) => word !== undefined) ?? bodyPartOf(AnatomicRegion),
    AcquisitionNumber: content?.number('FrameAcquisitionNumber'),
    acquisitionOffsetS: offsetOf(content),
    StackID: STACK_ID.test(stack) ? stack : undefined,
    InStackPositionNumber: content?.number('InStackPositionNumber'),
    TemporalPositionIndex: content?.number('TemporalPositionIndex'),
    DimensionIndexValues: indices.length === 0 || indices.length > MAX_DIMENSIONS ? undefined : [...indices],
    ImagePositionPatient: position && triple(position, 'ImagePositionPatient', notes),
    ImageOrientationPatient: orientation && sextuple(orientation, 'ImageOrientationPatient', notes),
    PixelSpacing: measures && pair(measures, 'PixelSpacing', notes),
    SliceThickness: measures && thickness(measures, 'SliceThickness', notes),
    SpacingBetweenSlices: measures && number(measures, 'SpacingBetweenSlices', notes),
    RescaleSlope: values && number(values, 'RescaleSlope', notes),
    RescaleIntercept: values && number(values, 'RescaleIntercept', notes),
    RescaleType: values && rescaleType(values),
    GantryDetectorTilt: numberIn([macro('CTAcquisitionDetailsSequence'), ...unassigned], 'GantryDetectorTilt', notes),
    EffectiveEchoTime: macro('MREchoSequence')?.number('EffectiveEchoTime') ?? numberIn(unassigned, 'EchoTime', notes),
    DiffusionBValue: numberIn([diffusion, ...unassigned], 'DiffusionBValue', notes),
    DiffusionGradientOrientation: gradient && triple(gradient, 'DiffusionGradientOrientation', notes),
    NominalPercentageOfCardiacPhase: macro('CardiacSynchronizationSequence')?.number('NominalPercentageOfCardiacPhase'),
    KVP: numberIn([macro('CTXRayDetailsSequence'), ...unassigned], 'KVP', notes),
    MonoenergeticEnergyEquivalent: read.energyKeV,
    ...(read.claims.length > 0 && { claims: [...read.claims] }),
  };
  return Object.keys(notes.unreadable).length === 0 ? attributes : { ...attributes, unreadable: notes.unreadable };
}

/** The number from the first item that has it. */
function numberIn(items: readonly (Dataset | undefined)[], keyword: string, notes: Notes): number | undefined {
  const item = items.find((each) => each?.has(keyword) === true);
  return item && number(item, keyword, notes, keyword === 'EchoTime' ? 'EffectiveEchoTime' : keyword);
}

/** Moves values that are the same in all frames to the instance, and leaves the others with their frames. */
function lifted(frames: readonly FrameAttributes[]): FunctionalGroups {
  const entries = frames.map((frame) => Object.entries(frame).filter(([, value]) => value !== undefined));
  const alike = new Map((entries[0] ?? []).map(([keyword, value]) => [keyword, JSON.stringify(value)]));
  for (const frame of entries) {
    const values = new Map(frame.map(([keyword, value]) => [keyword, JSON.stringify(value)]));
    for (const [keyword, value] of alike) if (values.get(keyword) !== value) alike.delete(keyword);
  }
  const own = entries.map((frame) => Object.fromEntries(frame.filter(([keyword]) => !alike.has(keyword))));
  return { ...Object.fromEntries((entries[0] ?? []).filter(([keyword]) => alike.has(keyword))), frames: own };
}
