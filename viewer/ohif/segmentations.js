/** Hilum's segmentations in a study, and which of their segments is the worst finding. */

/** @typedef {import('./extension.js').Severity} Severity */

/**
 * Hilum's segmentations among display sets whose images are there, in the order of their Series Numbers.
 *
 * @param {readonly any[]} displaySets OHIF's
 */
export function segmentationsIn(displaySets) {
  const uids = new Set(displaySets.map(({ displaySetInstanceUID }) => displaySetInstanceUID));
  return displaySets
    .filter(
      ({ Modality, instance, referencedDisplaySetInstanceUID }) =>
        Modality === 'SEG' && instance?.Manufacturer === 'Hilum' && uids.has(referencedDisplaySetInstanceUID),
    )
    .sort((a, b) => a.SeriesNumber - b.SeriesNumber);
}

/**
 * The segmentation with the worst finding: the first of the equally bad ones.
 *
 * @param {readonly any[]} displaySets OHIF's
 * @param {readonly Severity[]} severities worst first
 */
export function worstSegmentation(displaySets, severities) {
  const [first, ...others] = segmentationsIn(displaySets);
  return others.reduce(
    (worst, other) => (rankOf(other, severities) < rankOf(worst, severities) ? other : worst),
    first,
  );
}

/**
 * How bad the first segment is: segments are written worst first. 0 for the worst; a colour that is no severity's is a mask
 * without one, which is listed before sound structures.
 */
function rankOf(segmentation, severities) {
  const [segment] = segmentsOf(segmentation);
  const color = segment?.RecommendedDisplayCIELabValue ?? [];
  const rank = severities.findIndex(({ cielab }) => cielab.every((value, index) => Number(color[index]) === value));
  return rank < 0 ? severities.findIndex(({ id }) => id === 'normal') - 0.5 : rank;
}

/** The items of the Segment Sequence; OHIF gives a sequence of one item as that item. */
export function segmentsOf({ instance }) {
  return listOf(instance?.SegmentSequence);
}

/** The items of a sequence that OHIF read. */
export function listOf(sequence) {
  return sequence === undefined ? [] : Array.isArray(sequence) ? sequence : [sequence];
}
