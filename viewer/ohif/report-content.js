/** What a structured report of Hilum says (`core/results/`), read from the attributes as OHIF has them. */
import { isOurs, listOf } from './segmentations.js';

/** Codes of DCM, if not said otherwise (PS3.16 Annex D). */
const CODES = {
  imagingMeasurements: '126010',
  measurementGroup: '125007',
  trackingIdentifier: '112039',
  trackingUniqueIdentifier: '112040',
  shortLabel: '125309',
  comment: '121106',
  finding: '121071',
  conclusion: '121077',
  deviceObserverName: '121013',
  /** SCT */
  severity: '246112005',
  findingSite: '363698007',
  /** 99HILUM */
  outcome: 'outcome',
  reason: 'reason',
};

/** What says which algorithm found it (TID 4019), and where it is drawn: not for people who look at the picture. */
const NOT_SHOWN = ['111000', '111001', '111002', '111003'];

/**
 * @typedef {object} ReportFinding
 * @property {string} uid Tracking Unique Identifier
 * @property {string} label where and what
 * @property {string | undefined} severity id of `core/results/severity.ts`
 * @property {string} summary a sentence
 * @property {readonly { name: string, value: string }[]} details site, measurements and evaluations
 */

/**
 * @typedef {object} Report
 * @property {string} tool
 * @property {{ outcome: string, reason: string, words: string } | undefined} nonResult the reason as a code's meaning, and in words
 * @property {readonly ReportFinding[]} findings in the report's order, worst first
 * @property {readonly string[]} remarks sentences about the report as a whole
 */

/**
 * @param {any} instance the report's attributes
 * @returns {Report}
 */
export function readReport(instance) {
  const items = itemsOf(instance);
  const inContainers = items.filter(isContainer).flatMap(itemsOf);
  const texts = [...items, ...inContainers].filter(({ ValueType }) => ValueType === 'TEXT');
  const remarks = texts.filter((item) => isNamed(item, CODES.comment, CODES.finding, CODES.conclusion));
  const nonResult = nonResultIn(inContainers);
  return {
    tool: textOf(items, CODES.deviceObserverName) || 'Hilum',
    nonResult,
    findings: groupsIn(items).map(findingIn),
    // Digests are for machines. They stay in the object.
    remarks: remarks
      .map(({ TextValue }) => String(TextValue))
      .filter((text) => !/\bsha256:/.test(text) && text !== nonResult?.words),
  };
}

function nonResultIn(items) {
  const outcome = items.find((item) => isNamed(item, CODES.outcome));
  const at = items.findIndex((item) => isNamed(item, CODES.reason));
  // The sentence that explains the code follows it.
  const words = String(items[at + 1]?.TextValue ?? '');
  return outcome && { outcome: meaningOf(outcome), ...(at < 0 ? NO_REASON : { reason: meaningOf(items[at]), words }) };
}

const NO_REASON = { reason: '', words: '' };

/** @returns {ReportFinding} */
function findingIn(group) {
  const items = itemsOf(group);
  const severity = items.find((item) => isNamed(item, CODES.severity));
  const summary = textOf(items, CODES.comment).replace(/ \(Research use only[^)]*\)$/, '');
  const id = textOf(items, CODES.trackingIdentifier);
  return {
    uid: items.find((item) => isNamed(item, CODES.trackingUniqueIdentifier))?.UID ?? '',
    label: textOf(items, CODES.shortLabel) || (summary !== '' && summary.length <= MOST_LABEL ? summary : id),
    severity: severity && meaningOf(severity).toLowerCase().replaceAll(' ', '-'),
    summary,
    details: withoutRepeated(
      items.filter(isDetail).map((item) => ({
        name: isNamed(item, CODES.findingSite) ? 'Finding site' : nameOf(item),
        value: item.ValueType === 'NUM' ? quantityOf(item) : [meaningOf(item), ...modifiersOf(item)].join(', '),
      })),
    ),
  };
}

/** Without codes that a number beside them repeats: `Genant grade 2` beside a Genant grade of 2. */
const withoutRepeated = (details) =>
  details.filter(({ value }) => !details.some((other) => value === `${other.name} ${other.value}`));

/** Of older results, which have no label, a short sentence is one. */
const MOST_LABEL = 70;

const isDetail = (item) =>
  ['NUM', 'CODE'].includes(item.ValueType) && !isNamed(item, CODES.finding, CODES.severity, ...NOT_SHOWN);

const modifiersOf = (item) =>
  itemsOf(item)
    .filter(({ ValueType }) => ValueType === 'CODE')
    .map(meaningOf);

/** A number with its unit. Zero is a number, too. */
function quantityOf(item) {
  const [measured] = listOf(item.MeasuredValueSequence);
  if (measured === undefined) return 'not measured';
  const number = Number(listOf(measured.NumericValue)[0]);
  const [unit] = listOf(measured.MeasurementUnitsCodeSequence);
  const code = String(unit?.CodeValue ?? '');
  return `${Math.round(number * 100) / 100} ${UNITS[code] ?? (/^(1|\{.*\})$/.test(code) ? '' : code)}`.trim();
}

/** Units that people write otherwise than UCUM. */
const UNITS = { mm2: 'mm²', ml: 'mL', "[hnsf'U]": 'HU' };

/**
 * What OHIF can draw on: the images that are there, and their frames of reference.
 *
 * @typedef {object} Drawable
 * @property {ReadonlySet<string>} imageUids
 * @property {ReadonlySet<string>} framesOfReference
 */

/**
 * Whether OHIF has something to draw of a report. It opens a report on its first group, so that of Hilum's reports this is the one that
 * must be on an image. Of other programs' reports it is anything on an image, and also in space, if the report is of the kind in which
 * OHIF draws that.
 *
 * @param {any} instance the report's attributes
 * @param {Drawable} drawable
 */
export function isDrawable(instance, { imageUids, framesOfReference }) {
  const isOnImage = (one) =>
    listOf(one.ReferencedSOPSequence).some(({ ReferencedSOPInstanceUID }) => imageUids.has(ReferencedSOPInstanceUID));
  const reaches = (item, inSpace) => {
    if (item.ValueType === 'SCOORD') return itemsOf(item).some(isOnImage);
    if (item.ValueType === 'SCOORD3D') return inSpace && framesOfReference.has(item.ReferencedFrameOfReferenceUID);
    return itemsOf(item).some((one) => reaches(one, inSpace));
  };
  if (!isOurs({ instance })) return reaches(instance ?? {}, instance?.SOPClassUID === COMPREHENSIVE_3D_SR);
  const [first] = groupsIn(itemsOf(instance));
  return first !== undefined && reaches(first, false);
}

/** Comprehensive 3D SR Storage. */
const COMPREHENSIVE_3D_SR = '1.2.840.10008.5.1.4.1.1.88.34';

const groupsIn = (items) =>
  items
    .filter((item) => isNamed(item, CODES.imagingMeasurements))
    .flatMap(itemsOf)
    .filter((item) => isNamed(item, CODES.measurementGroup));

const itemsOf = (item) => listOf(item?.ContentSequence);
const isContainer = ({ ValueType }) => ValueType === 'CONTAINER';
const codeOf = (sequence) => listOf(sequence)[0] ?? {};
const isNamed = (item, ...values) => values.includes(codeOf(item.ConceptNameCodeSequence).CodeValue);
const nameOf = (item) => String(codeOf(item.ConceptNameCodeSequence).CodeMeaning ?? '');
const meaningOf = (item) => String(codeOf(item.ConceptCodeSequence).CodeMeaning ?? '');
const textOf = (items, value) => String(items.find((item) => isNamed(item, value))?.TextValue ?? '');
