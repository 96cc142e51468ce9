/** What is written over every image: what was found, how sure, and that it is research only. */
import {
  attributesOf,
  isAbout,
  isFinding,
  isOurs,
  listOf,
  segmentsOf,
  severityOf,
  worstFirst,
  worstSegment,
} from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

/**
 * An image on the screen.
 *
 * @typedef {object} ImageShown
 * @property {string} StudyInstanceUID
 * @property {string} SeriesInstanceUID
 * @property {string} SOPInstanceUID
 */

/** The most lines about findings. Two a tool are usual; the list of segments on the right has all. */
const MOST_LINES = 10;

/**
 * OHIF's customization of the texts in a viewport's corners. OHIF cuts long lines off, so there are several short ones.
 *
 * @param {Context} context
 */
export function overlays(context) {
  const linesFor = (props, lines) =>
    lines(context.services.displaySetService.getActiveDisplaySets(), imageShown(props));
  const imageShown = (props) => imageIn(context.services.cornerstoneViewportService, props);
  const line = (id, contentF) => ({ id, inheritsFrom: 'ohif.overlayItem', title: 'Hilum', color: '#ffd54a', contentF });
  const findings = Array.from({ length: MOST_LINES }, (_, index) =>
    line(`HilumFinding${index}`, (props) =>
      linesFor(props, (displaySets, image) => findingLines(displaySets, image, context)[index]),
    ),
  );
  const research = line('HilumResearch', (props) => linesFor(props, researchLine));
  return { 'viewportOverlay.topLeft': { $push: [...findings, research] } };
}

/**
 * The image that a viewport shows. OHIF's own word about it (`instance`) may be of the image before, and `referenceInstance` is the first
 * image of all that can be scrolled to. Between the images of a volume it is one of that volume.
 *
 * @param {any} cornerstoneViewportService OHIF's
 * @param {any} props of OHIF's overlay
 * @returns {ImageShown | undefined}
 */
export function imageIn(cornerstoneViewportService, { viewportId, instance, referenceInstance }) {
  const attributes = instance ?? referenceInstance;
  if (attributes === undefined) return undefined;
  const imageId = cornerstoneViewportService.getCornerstoneViewport(viewportId)?.getCurrentImageId?.();
  const [, uid = attributes.SOPInstanceUID] = /\/instances\/([0-9.]+)/.exec(imageId ?? '') ?? [];
  const { StudyInstanceUID, SeriesInstanceUID } = attributes;
  return { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: uid };
}

/** The display sets of an image's study: OHIF has those of earlier studies beside them. */
const inStudyOf = (image, displaySets) =>
  displaySets.filter(({ StudyInstanceUID }) => StudyInstanceUID === image?.StudyInstanceUID);

/**
 * @param {readonly any[]} displaySets OHIF's
 * @param {ImageShown | undefined} image
 */
export function researchLine(displaySets, image) {
  return inStudyOf(image, displaySets).some(isOurs) ? 'AI result: research use only' : undefined;
}

/**
 * What the masks on an image show, tool by tool: the worst finding, else the counts of what was looked at. Only the worst of all
 * is told in detail, since the lines cover the image. Then which tools gave no result on the study.
 *
 * @param {readonly any[]} displaySets OHIF's
 * @param {ImageShown | undefined} image
 * @param {Pick<Context, 'severities' | 'notShown'>} settings
 * @returns {readonly string[]}
 */
export function findingLines(displaySets, image, { severities, notShown }) {
  const ofStudy = inStudyOf(image, displaySets);
  const segmentations = worstFirst(ofStudy, severities).filter((one) => isAbout(one, image));
  const found = segmentations.flatMap((segmentation, index) => [
    ...linesOf(segmentation, ofStudy, severities).slice(0, index === 0 ? 2 : 1),
    ...(notShown.has(segmentation) || !isOver(segmentation, image, ofStudy) ? ['(its mask is not shown)'] : []),
  ]);
  return [...found, ...nonResults(ofStudy)];
}

/** OHIF lays a segmentation over one display set, also one that is about two series. */
function isOver({ referencedDisplaySetInstanceUID }, { SOPInstanceUID }, displaySets) {
  const images = displaySets.find((one) => one.displaySetInstanceUID === referencedDisplaySetInstanceUID);
  return listOf(images?.instances).some((instance) => instance.SOPInstanceUID === SOPInstanceUID);
}

/** Which tools gave no result on the study, or failed; the Series Descriptions of their reports say so (`core/results/common.ts`). */
function nonResults(displaySets) {
  const said = displaySets
    .filter(isOurs)
    .flatMap((one) => /^.+: (no result|failed)(?=[ ,])/.exec(attributesOf(one).SeriesDescription)?.[0] ?? []);
  // A failure has a report, a page and a picture.
  return [...new Set(said)];
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
