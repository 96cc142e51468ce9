/** Hilum's segmentations in a study, and which of their segments is the worst finding. */

/** @typedef {import('./extension.js').Severity} Severity */

/**
 * Hilum's segmentations among display sets that have segments, and whose images are there: the one with the worst finding first, equally bad ones by
 * Series Number. Other programs' segmentations open as OHIF opens them.
 *
 * @param {readonly any[]} displaySets OHIF's
 * @param {readonly Severity[]} severities worst first
 */
export function worstFirst(displaySets, severities) {
  const uids = new Set(displaySets.map(({ displaySetInstanceUID }) => displaySetInstanceUID));
  const rank = (segmentation) => rankOf(worstSegment(segmentation, severities), severities);
  return displaySets
    .filter(
      (one) => isOurSegmentation(one) && segmentsOf(one).length > 0 && uids.has(one.referencedDisplaySetInstanceUID),
    )
    .sort((a, b) => rank(a) - rank(b) || a.SeriesNumber - b.SeriesNumber);
}

/**
 * Corrects which images OHIF lays Hilum's segmentations over. A SEG that comes before its images is tied by OHIF to whatever display set of
 * their series comes first, though a series of radiographs has several.
 *
 * @param {any} displaySetService OHIF's
 * @param {readonly any[]} displaySets
 */
export function tieToImages(displaySetService, displaySets) {
  for (const segmentation of displaySets.filter(isOurSegmentation)) {
    const references = listOf(segmentation.instance.ReferencedSeriesSequence);
    const [first, ...more] = displaySetService.getDisplaySetsForReferences(references);
    const uid = segmentation.referencedDisplaySetInstanceUID;
    if (first === undefined || [first, ...more].some((one) => one.displaySetInstanceUID === uid)) continue;
    segmentation.referencedDisplaySetInstanceUID = first.displaySetInstanceUID;
    segmentation.referencedSeriesInstanceUID = first.SeriesInstanceUID;
    segmentation.isReconstructable = first.isReconstructable;
    segmentation.FrameOfReferenceUID = first.FrameOfReferenceUID;
  }
}

const isOurSegmentation = (displaySet) => displaySet.Modality === 'SEG' && isOurs(displaySet);

/**
 * Whether a segmentation is about an image. One in space is about all images of its series; one without a Frame of Reference is about the
 * very images that it refers to, since OHIF may show several radiographs one after the other, each with a segmentation of its own.
 *
 * @param {any} segmentation
 * @param {import('./overlays.js').ImageShown | undefined} image
 */
export function isAbout({ instance }, image) {
  const references = listOf(instance.ReferencedSeriesSequence).filter(
    ({ SeriesInstanceUID }) => SeriesInstanceUID === image?.SeriesInstanceUID,
  );
  if (instance.FrameOfReferenceUID) return references.length > 0;
  return references
    .flatMap(({ ReferencedInstanceSequence }) => listOf(ReferencedInstanceSequence))
    .some(({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID === image?.SOPInstanceUID);
}

/**
 * A segmentation's worst segment: the first of the equally bad ones.
 *
 * @param {any} segmentation
 * @param {readonly Severity[]} severities worst first
 */
export function worstSegment(segmentation, severities) {
  return segmentsOf(segmentation).reduce((worst, one) =>
    rankOf(one, severities) < rankOf(worst, severities) ? one : worst,
  );
}

/** 0 for the worst. What a tool without judgement found may be a finding, unlike what is sound or could not be judged. */
function rankOf(segment, severities) {
  const severity = severityOf(segment, severities);
  return severity === undefined
    ? severities.findIndex(({ id }) => SOUND.includes(id)) - 0.5
    : severities.indexOf(severity);
}

/** The severities that are no findings; the last ones of the palette. */
const SOUND = ['not-judged', 'normal'];

/**
 * A segment's severity, which its colour says; undefined if its tool judges nothing.
 *
 * @param {any} segment
 * @param {readonly Severity[]} severities
 */
export function severityOf(segment, severities) {
  const color = segment?.RecommendedDisplayCIELabValue ?? [];
  return severities.find(({ cielab }) => cielab.every((value, index) => Number(color[index]) === value));
}

/**
 * Whether a segment is a finding, or of a tool that judges nothing: not one that was found sound or that nobody could judge.
 *
 * @param {any} segment
 * @param {readonly Severity[]} severities
 */
export function isFinding(segment, severities) {
  return !SOUND.includes(severityOf(segment, severities)?.id ?? '');
}

/**
 * Whether its first segment is of one of these types.
 *
 * @param {any} segmentation
 * @param {readonly string[]} codes Code Values of Segmented Property Types
 */
export function isOf(segmentation, codes) {
  const [segment] = segmentsOf(segmentation);
  return listOf(segment?.SegmentedPropertyTypeCodeSequence).some(({ CodeValue }) => codes.includes(CodeValue));
}

/** The attributes of a display set's object, or of its first image. */
export const attributesOf = ({ instance, instances }) => instance ?? instances?.[0];

/** Whether a display set is a result of Hilum. */
export const isOurs = (displaySet) => attributesOf(displaySet)?.Manufacturer === 'Hilum';

/** The items of the Segment Sequence. */
export function segmentsOf({ instance }) {
  return listOf(instance?.SegmentSequence);
}

/** The items of a sequence; OHIF gives a sequence of one item as that item. */
export function listOf(sequence) {
  return sequence === undefined ? [] : Array.isArray(sequence) ? sequence : [sequence];
}
