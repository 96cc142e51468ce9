/** What is written over every image: what was found, how sure, and that it is research only. */
import { isFinding, listOf, segmentsOf, severityOf, worstFirst, worstSegment } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

/**
 * OHIF's customization of the texts in a viewport's corners.
 *
 * @param {Context} context
 */
export function overlays(context) {
  const line = (id, contentF) => ({ id, inheritsFrom: 'ohif.overlayItem', title: 'Hilum', color: '#ffd54a', contentF });
  const { displaySetService } = context.services;
  return {
    'viewportOverlay.topLeft': {
      $push: [
        line('HilumFinding', ({ referenceInstance }) =>
          findingText(displaySetService.getActiveDisplaySets(), referenceInstance, context),
        ),
        line(
          'HilumResearch',
          () => displaySetService.getActiveDisplaySets().some(isOurs) && 'AI result: research use only',
        ),
      ],
    },
  };
}

const isOurs = ({ instance, instances }) => (instance ?? instances?.[0])?.Manufacturer === 'Hilum';

/**
 * What the masks on a series show: the worst finding, else the counts of what was looked at. Undefined without masks.
 *
 * @param {readonly any[]} displaySets OHIF's
 * @param {any} instance an image of the series
 * @param {Pick<Context, 'severities'>} settings
 */
export function findingText(displaySets, instance, { severities }) {
  const segmentations = worstFirst(displaySets, severities).filter(
    ({ referencedSeriesInstanceUID }) => referencedSeriesInstanceUID === instance?.SeriesInstanceUID,
  );
  return segmentations.length === 0 ? undefined : segmentations.map(textOf(displaySets, severities)).join('; ');
}

const textOf = (displaySets, severities) => (segmentation) => {
  const segments = segmentsOf(segmentation);
  const worst = worstSegment(segmentation, severities);
  const counts = severities.flatMap(({ id, word }) => {
    const count = segments.filter((segment) => severityOf(segment, severities)?.id === id).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  if (!isFinding(worst, severities)) return counts.join(', ');
  const certainty = certaintyOf(worst, displaySets);
  const said = [severityOf(worst, severities)?.word, certainty && `certainty ${certainty}`].filter(Boolean).join(', ');
  const more = segments.length > 1 ? ` · ${segments.length} segments` : '';
  return `${worst?.SegmentLabel}${said && ` (${said})`}${more}`;
};

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
