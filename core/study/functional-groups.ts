/** What multi-frame functional groups say about each frame (PS3.3 C.7.6.16), limited to the allow-list of the header index. */
import { keywordOf } from '#dicom/dictionary.ts';
import type { Dataset } from '#dicom/read.ts';
import { bodyPartOf } from './body-parts.ts';
import { anatomicRegion, code, codes, mrTerms, pair, rescaleType, sextuple, triple, whole } from './header-values.ts';
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
  const frameCount = whole(dataset, 'NumberOfFrames') ?? 0;
  if (!ENHANCED.has(dataset.text('SOPClassUID') ?? '') || frameCount > MAX_FRAMES) return undefined;
  const perFrame = dataset.items('PerFrameFunctionalGroupsSequence');
  if (perFrame.length === 0 || perFrame.length !== frameCount) return undefined;
  const [shared] = dataset.items('SharedFunctionalGroupsSequence');
  return lifted(perFrame.map((frame) => frameAttributes(shared === undefined ? [frame] : [frame, shared])));
}

/** Keywords of the dimensions' attributes; '' where an attribute is private or unknown. */
export function dimensionPointers(dataset: Dataset): string[] | undefined {
  const items = dataset.items('DimensionIndexSequence');
  if (items.length === 0 || items.length > MAX_DIMENSIONS) return undefined;
  return items.map((item) => keywordOf(item.number('DimensionIndexPointer') ?? 0) ?? '');
}

/** @param groups the frame's own groups, then the shared ones; each macro is in one of the two (C.7.6.16) */
function frameAttributes(groups: readonly Dataset[]): FrameAttributes {
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
  const words = unassigned.map((item) => code(item, 'BodyPartExamined'));
  const stack = content?.text('StackID') ?? '';
  const indices = content?.numbers('DimensionIndexValues') ?? [];
  return {
    ImageType: type && codes(type, 'FrameType'),
    ComplexImageComponent: type && code(type, 'ComplexImageComponent'),
    AcquisitionContrast: type && mrTerms(type, 'AcquisitionContrast')?.[0],
    AnatomicRegion,
    BodyPartExamined: words.find((word) => word !== undefined) ?? bodyPartOf(AnatomicRegion),
    AcquisitionNumber: content?.number('FrameAcquisitionNumber'),
    StackID: STACK_ID.test(stack) ? stack : undefined,
    InStackPositionNumber: content?.number('InStackPositionNumber'),
    TemporalPositionIndex: content?.number('TemporalPositionIndex'),
    DimensionIndexValues: indices.length === 0 || indices.length > MAX_DIMENSIONS ? undefined : [...indices],
    ImagePositionPatient: position && triple(position, 'ImagePositionPatient'),
    ImageOrientationPatient: orientation && sextuple(orientation, 'ImageOrientationPatient'),
    PixelSpacing: measures && pair(measures, 'PixelSpacing'),
    SliceThickness: measures?.number('SliceThickness'),
    SpacingBetweenSlices: measures?.number('SpacingBetweenSlices'),
    RescaleSlope: values?.number('RescaleSlope'),
    RescaleIntercept: values?.number('RescaleIntercept'),
    RescaleType: values && rescaleType(values),
    GantryDetectorTilt: numberIn([macro('CTAcquisitionDetailsSequence'), ...unassigned], 'GantryDetectorTilt'),
    EffectiveEchoTime: macro('MREchoSequence')?.number('EffectiveEchoTime') ?? numberIn(unassigned, 'EchoTime'),
    DiffusionBValue: numberIn([diffusion, ...unassigned], 'DiffusionBValue'),
    DiffusionGradientOrientation: gradient && triple(gradient, 'DiffusionGradientOrientation'),
    NominalPercentageOfCardiacPhase: macro('CardiacSynchronizationSequence')?.number('NominalPercentageOfCardiacPhase'),
  };
}

/** The number from the first item that has it. */
function numberIn(items: readonly (Dataset | undefined)[], keyword: string): number | undefined {
  return items.map((item) => item?.number(keyword)).find((value) => value !== undefined);
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
