/** What the viewer says of Hilum's reports, from the reports that conversion writes. */
import { expect, it } from 'vitest';
import type { ProcessingResult } from '#core/tool.ts';
import type { Attributes } from '#dicom/write.ts';
import { type Case, ctCase, withNonResults } from '../fixtures/results.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The browser's modules have no types of their own. */
const load = async <T>(name: string): Promise<T> => (await import(`../../viewer/ohif/${name}.js`)) as T;
const { readReport, isDrawable } = await load<{
  readonly readReport: (instance: Attributes) => {
    readonly nonResult?: { readonly reason: string };
    readonly findings: readonly {
      readonly label: string;
      readonly severity?: string;
      readonly details: readonly { readonly name: string; readonly value: string }[];
    }[];
  };
  readonly isDrawable: (
    instance: Attributes,
    drawable: { readonly imageUids: ReadonlySet<string>; readonly framesOfReference: ReadonlySet<string> },
  ) => boolean;
}>('report-content');
const { asText } = await load<{ readonly asText: (instance: Attributes) => Item }>('report-text');
const { placeBeside, overlap } = await load<{
  readonly placeBeside: (
    shape: Box,
    label: Box,
    others: readonly Box[],
    view: { width: number; height: number },
  ) => Box;
  readonly overlap: (a: Box, b: Box) => number;
}>('label-places');

interface Item {
  readonly ConceptNameCodeSequence: { readonly CodeMeaning: string };
  readonly TextValue?: string;
  readonly ContentSequence?: readonly Item[];
}

/** A text as lines, as OHIF shows it. */
const linesOf = ({ ConceptNameCodeSequence: { CodeMeaning }, TextValue, ContentSequence }: Item): readonly string[] => [
  TextValue === undefined ? CodeMeaning : `${CodeMeaning}: ${TextValue}`,
  ...(ContentSequence ?? []).flatMap(linesOf),
];

const reportsOf = (result: ProcessingResult, { source }: Case): readonly Attributes[] =>
  result
    .toDicom(source)
    .map(({ attributes }) => attributes)
    .filter(({ Modality }) => Modality === 'SR');

const measured = ctCase();
const zeros = ctCase({
  findings: measured.result.findings.map((finding) => ({
    ...finding,
    measurements: finding.measurements.map((measurement) => ({ ...measurement, value: 0 })),
  })),
});
const reports = reportsOf(zeros.result, zeros);
const images = { imageUids: new Set(zeros.result.metadata.inputs), framesOfReference: new Set(['1.2.3']) };
const nothing = { imageUids: new Set<string>(), framesOfReference: new Set<string>() };

it('reads measurements with their units, zeros too, and codes by their meanings', () => {
  const details = reports.flatMap((report) => readReport(report).findings.flatMap((finding) => finding.details));

  expect(details.map(({ name, value }) => `${name}: ${value}`)).toEqual(
    expect.arrayContaining([
      'Height loss: None',
      'Finding site: L3 vertebra',
      'Genant grade: Moderate',
      'Vertebrae: 0',
    ]),
  );
  expect(JSON.stringify(details)).not.toMatch(/363698007|undefined|NaN/);
});

it('calls a report drawable only if it is about coordinates on an image that is there', () => {
  const drawable = reports.filter((report) => isDrawable(report, images));

  expect(reports.length).toBe(3);
  expect(drawable.map(({ SeriesDescription }) => SeriesDescription)).toEqual([
    expect.stringContaining('findings on images'),
  ]);
  expect(reports.filter((report) => isDrawable(report, nothing))).toEqual([]);
});

it('leaves to OHIF what it draws of other programs: anything on an image, or in the space of one', () => {
  const [SOPInstanceUID = ''] = images.imageUids;
  const named = (CodeValue: string, ContentSequence: readonly object[]) => ({
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: { CodeValue },
    ContentSequence,
  });
  const onImage = {
    ValueType: 'SCOORD',
    ContentSequence: { ReferencedSOPSequence: { ReferencedSOPInstanceUID: SOPInstanceUID } },
  };
  const inSpace = { ValueType: 'SCOORD3D', ReferencedFrameOfReferenceUID: '1.2.3' };
  const report = (
    Manufacturer: string,
    coordinates: readonly object[],
    SOPClassUID = '1.2.840.10008.5.1.4.1.1.88.34',
  ) =>
    ({
      ...{ Manufacturer, SOPClassUID },
      ContentSequence: [named('126010', [named('125007', []), ...coordinates.map((one) => named('125007', [one]))])],
    }) as unknown as Attributes;

  expect(isDrawable(report('Another', [onImage]), images)).toBe(true);
  expect(isDrawable(report('Another', [inSpace]), images)).toBe(true);
  expect(isDrawable(report('Another', [inSpace]), nothing)).toBe(false);
  expect(isDrawable(report('Another', [inSpace], '1.2.840.10008.5.1.4.1.1.88.33'), images)).toBe(false);
  expect(isDrawable(report('Another', []), images)).toBe(false);
  // OHIF opens it on the first group, which is not drawn.
  expect(isDrawable(report('Hilum', [onImage, inSpace]), images)).toBe(false);
});

it('writes a report without drawings as text: what was found, the limits and the use, no digests', () => {
  const lines = reports.filter((report) => !isDrawable(report, images)).flatMap((report) => linesOf(asText(report)));

  expect(lines).toEqual(
    expect.arrayContaining([
      'L3 is measured; no fracture.',
      'Height loss: None',
      expect.stringMatching(/^Limits: ./),
      'Use: Research use only - not for clinical use',
    ]),
  );
  expect(lines.join('\n')).not.toMatch(/sha256|Device Observer|2\.25\./);
});

it.each(['no-finding', 'not-applicable', 'not-evaluable', 'failed'])('says why there is no result: %s', (outcome) => {
  const found = withNonResults(zeros).find(({ result }) => result.metadata.outcome === outcome);
  const [report] = found ? reportsOf(found.result, found) : [];

  const lines = linesOf(asText(report ?? {}));

  expect(lines[0]).toMatch(/: no result$/);
  expect(lines.slice(1, 3)).toEqual([
    expect.stringMatching(/^Outcome: ./),
    'Reason: Slices are missing in the lumbar spine.',
  ]);
  expect(readReport(report ?? {}).nonResult?.reason).toBe('missing slices');
});

it('places labels beside their shapes, apart from each other and inside the view', () => {
  const view = { width: 400, height: 300 };
  const shapes = Array.from({ length: 5 }, (_, index) => ({ x: 180, y: 40 + 45 * index, width: 40, height: 40 }));
  const size = { x: 0, y: 0, width: 120, height: 60 };

  const labels: Box[] = [];
  for (const shape of shapes)
    labels.push(placeBeside(shape, size, [...labels, ...shapes.filter((other) => other !== shape)], view));

  const overlaps = labels.flatMap((label, index) =>
    [...labels.slice(0, index), ...shapes].map((o) => overlap(label, o)),
  );
  expect(overlaps.filter((area) => area > 0)).toEqual([]);
  expect(labels.every(({ x, y, width, height }) => x >= 0 && y >= 0 && x + width <= 400 && y + height <= 300)).toBe(
    true,
  );
});
