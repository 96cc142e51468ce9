/** What is written over every image: what was found, how sure, and that it is research only. */
import { isFinding, listOf, segmentsOf, severityOf, worstFirst, worstSegment } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

/** The most lines about findings. Two a tool are usual; the list of segments on the right has all. */
const MOST_LINES = 6;

/**
 * OHIF's customization of the texts in a viewport's corners. OHIF cuts long lines off, so there are several short ones.
 *
 * @param {Context} context
 */
export function overlays(context) {
  const displaySets = () => context.services.displaySetService.getActiveDisplaySets();
  const line = (id, contentF) => ({ id, inheritsFrom: 'ohif.overlayItem', title: 'Hilum', color: '#ffd54a', contentF });
  const findings = Array.from({ length: MOST_LINES }, (_, index) =>
    line(
      `HilumFinding${index}`,
      ({ referenceInstance }) => findingLines(displaySets(), referenceInstance, context)[index],
    ),
  );
  const research = line('HilumResearch', () => displaySets().some(isOurs) && 'AI result: research use only');
  return { 'viewportOverlay.topLeft': { $push: [...findings, research] } };
}

const isOurs = ({ instance, instances }) => (instance ?? instances?.[0])?.Manufacturer === 'Hilum';

/**
 * What the masks on a series show, tool by tool: the worst finding, else the counts of what was looked at. Only the worst of all
 * is told in detail, since the lines cover the image. Without masks: which tools gave no result.
 *
 * @param {readonly any[]} displaySets OHIF's
 * @param {any} instance an image of the series
 * @param {Pick<Context, 'severities' | 'failed'>} settings
 * @returns {readonly string[]}
 */
export function findingLines(displaySets, instance, { severities, failed }) {
  const segmentations = worstFirst(displaySets, severities).filter(
    ({ referencedSeriesInstanceUID }) => referencedSeriesInstanceUID === instance?.SeriesInstanceUID,
  );
  if (segmentations.length === 0) return nonResults(displaySets);
  return segmentations.flatMap((segmentation, index) => [
    ...linesOf(segmentation, displaySets, severities).slice(0, index === 0 ? 2 : 1),
    ...(failed.has(segmentation) ? ['(its mask is not shown)'] : []),
  ]);
}

/** Which tools gave no result on the study; the Series Description of their report says so. */
function nonResults(displaySets) {
  return displaySets
    .filter(isOurs)
    .flatMap(
      ({ Modality, instance }) => (Modality === 'SR' && /^.+: no result/.exec(instance?.SeriesDescription)) || [],
    );
}

function linesOf(segmentation, displaySets, severities) {
  const worst = worstSegment(segmentation, severities);
  if (!isFinding(worst, severities)) {
    const ids = segmentsOf(segmentation).map((segment) => severityOf(segment, severities)?.id);
    const counts = severities.map(({ id, word }) => [ids.filter((one) => one === id).length, word]);
    return [counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ')];
  }
  const certainty = certaintyOf(worst, displaySets);
  const said = [severityOf(worst, severities)?.word, certainty && `${certainty} certain`].filter(Boolean).join(', ');
  // A tool that judges nothing has no worst finding: what it measured is in the labels.
  return said ? [worst.SegmentLabel, said] : segmentsOf(segmentation).map(({ SegmentLabel }) => SegmentLabel);
}

/** The certainty that a report states for a segment's finding, in percent: both have the same Tracking Unique Identifier. */
function certaintyOf(segment, displaySets) {
  const groups = displaySets
    .filter((one) => one.Modality === 'SR' && isOurs(one))
    .flatMap(({ instance }) => containersIn(instance));
  const group = groups.find((items) => items.some(({ UID }) => UID !== undefined && UID === segment?.TrackingUID));
  const certainty = group?.find((item) => conceptOf(item) === CERTAINTY);
  const [measured] = listOf(certainty?.MeasuredValueSequence);
  return measured && `${Math.round(Number(measured.NumericValue))} %`;
}

/** Certainty of Finding (DCM). */
const CERTAINTY = '111012';

const conceptOf = ({ ConceptNameCodeSequence }) => listOf(ConceptNameCodeSequence)[0]?.CodeValue;

/** The contents of all containers of a report. */
function containersIn(item) {
  const items = listOf(item?.ContentSequence);
  return items.length === 0 ? [] : [items, ...items.flatMap(containersIn)];
}
