import { describe, expect, it } from 'vitest';
import { MessageError, ToolFailedError } from '#core/errors.ts';
import { pdfText } from '#core/gate/pdf-text.ts';
import { packFrames } from '#core/results/bits.ts';
import { nonResult, parseResult, serialiseResult, withLeftOut, withTimings } from '#core/results/result.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Finding, ProcessingResult, ResultContent, Segment, Severity } from '#core/tool.ts';
import { type CodedConcept, Sct } from '#dicom/codes.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { cases, ctCase, encodedObjects, radiographCase } from '../fixtures/results.ts';

const bytesOf = (result: ProcessingResult, source: ReturnType<typeof ctCase>['source']) =>
  result.toDicom(source).map((object) => Buffer.from(encodeDicom(object.attributes)).toString('base64'));

const failure = (one: ReturnType<typeof ctCase>, outcome: 'not-evaluable' | 'failed' = 'failed') =>
  nonResult({
    description: one.result.metadata.tool,
    version: one.result.metadata.version,
    inputDigest: one.result.metadata.inputDigest,
    inputs: one.result.metadata.inputs,
    outcome,
    reason: { code: 'tool-failed', message: 'The tool failed.' },
  });

/** Findings that state a mild severity in a code, and one of their own or none. */
const statedMild = (severity?: Severity): readonly Finding[] =>
  ctCase().result.findings.map(({ severity: _, ...one }) => ({
    ...one,
    ...(severity && { severity }),
    evaluations: [{ name: Sct.severity, value: Sct.mild }],
  }));

describe('a result', () => {
  it.each(cases())('of the $name is the same plain data after passing through the bucket', ({ result }) => {
    const stored = serialiseResult(result);

    const { toDicom: _, ...parsed } = parseResult(stored);
    const { toDicom: __, ...made } = result;

    expect(parsed).toEqual(made);
    expect(Buffer.from(serialiseResult(parseResult(stored))).equals(Buffer.from(stored))).toBe(true);
  });

  it.each(cases())(
    'of the $name becomes the same bytes however often, before and after storing',
    ({ result, source }) => {
      const first = bytesOf(result, source);
      const shuffled = { ...source, instances: source.instances.toReversed() };

      expect(bytesOf(result, source)).toEqual(first);
      expect(bytesOf(parseResult(serialiseResult(result)), shuffled)).toEqual(first);
      expect(bytesOf(withTimings(result, { process: 1234 }), source)).toEqual(first);
    },
  );

  it('is refused where it does not have the shape of its version', () => {
    const stored = JSON.parse(Buffer.from(serialiseResult(ctCase().result)).toString());

    for (const broken of ['', '{', '[]', JSON.stringify({ ...stored, format: 'hilum.result/0' })]) {
      expect(() => parseResult(Buffer.from(broken))).toThrow(MessageError);
    }
  });

  it('accepts meanings of 64 characters', () => {
    expect(() => ctCase({ findings: findingsWith({ site: coded(64) }) })).not.toThrow();
  });

  it('accepts a severity that the tool states in a code as well', () => {
    expect(() => ctCase({ findings: statedMild('mild') })).not.toThrow();
  });

  it.each<[what: string, content: Partial<ResultContent>]>([
    ['another severity than its code', { findings: statedMild('severe') }],
    ['a severity in a code alone', { findings: statedMild() }],
    ['an unnamed reason for no finding', { outcome: 'no-finding', findings: [] }],
    ['findings beside no-finding', { outcome: 'no-finding', reason: { code: 'a', message: 'b' } }],
    ['one id twice', { findings: ctCase().result.findings.flatMap((finding) => [finding, finding]) }],
    ['a number that is none', { findings: ctCase().result.findings.map((one) => ({ ...one, certainty: Number.NaN })) }],
    ['a certainty of 2', { findings: ctCase().result.findings.map((one) => ({ ...one, certainty: 2 })) }],
    [
      'a number that is inferred from a missing one',
      {
        findings: ctCase().result.findings.map((finding) => ({
          ...finding,
          measurements: finding.measurements.map((one) => ({ ...one, inferredFrom: ['HLM009'] })),
        })),
      },
    ],
    [
      'numbers that are inferred from each other',
      {
        findings: ctCase().result.findings.map((finding) => ({
          ...finding,
          measurements: finding.measurements.map((one) => ({ ...one, inferredFrom: [one.name.value] })),
        })),
      },
    ],
    [
      'a segment that is not there',
      { findings: ctCase().result.findings.map((one) => ({ ...one, segmentNumber: 9 })) },
    ],
    [
      'segments numbered from 2',
      { segments: ctCase().result.segments.map((one) => ({ ...one, number: one.number + 1 })) },
    ],
    [
      'a mask on a stranger',
      {
        segments: ctCase().result.segments.map((one) => ({
          ...one,
          frames: [{ SOPInstanceUID: '1.2', bits: new Uint8Array(405) }],
        })),
      },
    ],
    [
      'a mask too small',
      {
        segments: ctCase().result.segments.map((one) => ({
          ...one,
          frames: one.frames.map((f) => ({ ...f, bits: new Uint8Array(3) })),
        })),
      },
    ],
    ['a picture too small', { keyImages: ctCase().result.keyImages.map((one) => ({ ...one, rows: 3 })) }],
    ['a report with a missing picture', { keyImages: [] }],
    ...longMeanings(),
  ])('is refused as the tool’s failure with %s', (_what, content) => {
    expect(() => ctCase(content)).toThrow(ToolFailedError);
  });
});

describe('the objects of a result', () => {
  it.each(cases())('of the $name share patient and study with the source and state their maker', (one) => {
    const source = readDicom(one.files[0] ?? new Uint8Array()).dataset;

    for (const { bytes } of encodedObjects(one)) {
      const { dataset } = readDicom(bytes);
      for (const keyword of [
        'PatientName',
        'PatientID',
        'PatientBirthDate',
        'PatientSex',
        'StudyInstanceUID',
        'StudyDate',
      ]) {
        expect(dataset.text(keyword), keyword).toBe(source.text(keyword));
      }
      expect(dataset.text('Manufacturer')).toBe('Hilum');
      expect(dataset.items('ContributingEquipmentSequence')[0]?.text('Manufacturer')).toBe('Hilum');
      expect(dataset.text('SeriesDescription')).toMatch(/^Phantom assessment: .+ \(research\)$/);
      expect(dataset.text('ContentDate')).toBe('20260105');
      expect(indexInstance(bytes).writtenByHilum).toBe(true);
    }
  });

  it('are SEG, one report for each way of saying where, key images and PDF', () => {
    const kinds = ctCase()
      .result.toDicom(ctCase().source)
      .map(({ kind }) => kind);

    expect(kinds).toEqual([
      'segmentation',
      'structured-report',
      'structured-report',
      'structured-report',
      'secondary-capture',
      'pdf',
    ]);
  });

  it('have different UIDs for different versions or inputs, and no UID twice', () => {
    const { result, source } = ctCase();
    const uids = (metadata: Partial<ProcessingResult['metadata']>) =>
      parseResult(serialiseResult({ ...result, metadata: { ...result.metadata, ...metadata } }))
        .toDicom(source)
        .map(({ SOPInstanceUID }) => SOPInstanceUID);

    const all = [...uids({}), ...uids({ version: '1.2.4' }), ...uids({ inputDigest: 'b'.repeat(64) })];

    expect(new Set(all).size).toBe(all.length);
  });

  it('keep a patient’s name in its own letters and a broken date as it was', () => {
    const name = 'Yamada^Tarou=山田^太郎=やまだ^たろう';
    const [file = new Uint8Array()] = radiographPhantomToDicom(
      { kind: 'panoramic', rows: 2, columns: 2, pixels: new Uint16Array(4), spacingMm: [1, 1] },
      { seed: 1, attributes: { PatientName: name, StudyDate: '', SeriesDate: '20260110', SeriesTime: '' } },
    );
    const source = sourceStudyOf([indexInstance(file)], readDicom(file));
    const outcome = nonResult({ ...optionsOf(radiographCase().result), inputs: [indexInstance(file).SOPInstanceUID] });

    const [object] = outcome.toDicom(source);
    const dataset = readDicom(encodeDicom(object?.attributes ?? {})).dataset;

    expect(dataset.text('PatientName')).toBe(name);
    expect(dataset.text('StudyDate')).toBeUndefined();
    expect([dataset.text('ContentDate'), dataset.text('ContentTime')]).toEqual(['20260110', '000000']);
  });

  it('pack frames of a mask bit by bit, without a gap', () => {
    const packed = packFrames([new Uint8Array([0b101]), new Uint8Array([0b110]), new Uint8Array([0xff])], 3);

    expect([...packed]).toEqual([0b11_110_101, 0b1]);
  });

  it('are an SR, a card and a page with the reason, where there is no result', () => {
    const one = ctCase();

    const objects = failure(one).toDicom(one.source);
    const text = JSON.stringify(objects[0]?.attributes);

    expect(objects.map(({ kind }) => kind)).toEqual(['non-result', 'secondary-capture', 'pdf']);
    expect(text).toContain('The tool failed. (tool-failed)');
    expect(text).toContain('No algorithms succeeded');
  });

  it('refuse a report that is not a PDF', () => {
    const { result, source } = ctCase({ report: { kind: 'pdf', title: 'x', bytes: Buffer.from('hello') } });

    expect(() => result.toDicom(source)).toThrow(DicomWriteError);
  });
});

describe('images that were left out', () => {
  const blank = { code: 'unsupported-pixel-format', message: 'The picture has only one grey level' };
  const leaveOut = (...uids: readonly string[]) => uids.map((uid) => ({ SOPInstanceUIDs: [uid], reason: blank }));
  const told = '2 of 3 images were not evaluated: The picture has only one grey level';

  it('are named in every report of a result, in the page for people and in the summary', () => {
    const { result, source } = radiographCase();

    const answer = withLeftOut(result, leaveOut('2.25.77', '2.25.78'));
    const objects = answer.toDicom(source);

    const reports = objects.filter(({ kind }) => kind === 'structured-report');
    expect(reports).not.toHaveLength(0);
    for (const { attributes } of reports) {
      expect(JSON.stringify(attributes)).toContain(
        `${told} (unsupported-pixel-format). SOP Instance UIDs: 2.25.77, 2.25.78.`,
      );
    }
    const page = objects.find(({ kind }) => kind === 'pdf')?.attributes['EncapsulatedDocument'];
    expect(pdfText(page as Uint8Array).join(' ')).toContain('2 of 3 images were not evaluated');
    expect(answer.metadata.summary).toContain(told);
  });

  it('are named where there is no result', () => {
    const one = ctCase();

    const [object] = withLeftOut(failure(one, 'not-evaluable'), leaveOut('2.25.77')).toDicom(one.source);

    expect(JSON.stringify(object?.attributes)).toContain('images was not evaluated');
  });

  it('may be some frames of an image whose other frames were evaluated', () => {
    const { result } = radiographCase();

    const { summary } = withLeftOut(result, leaveOut(...result.metadata.inputs)).metadata;

    expect(summary).toContain('Frames of 1 of 1 image were not evaluated');
  });

  it('are not all named where there are many', () => {
    const { result, source } = radiographCase();
    const uids = Array.from({ length: 12 }, (_, index) => `2.25.${100 + index}`);

    const [report] = withLeftOut(result, leaveOut(...uids))
      .toDicom(source)
      .filter(({ kind }) => kind === 'structured-report');

    expect(JSON.stringify(report?.attributes)).toContain('2.25.107 and 4 more.');
  });

  it('stay with the result when it passes through the bucket', () => {
    const { result, source } = radiographCase();
    const answer = withTimings(withLeftOut(result, leaveOut('2.25.77')), { load: 1 });

    const stored = parseResult(serialiseResult(answer));

    expect(stored.metadata).toEqual(answer.metadata);
    expect(bytesOf(stored, source)).toEqual(bytesOf(answer, source));
  });

  it('change nothing where none was left out', () => {
    const { result } = radiographCase();

    const answer = withLeftOut(result, []);

    expect(serialiseResult(answer)).toEqual(serialiseResult(result));
    expect(Buffer.from(serialiseResult(answer)).toString()).not.toContain('leftOut');
  });
});

function optionsOf({ metadata }: ProcessingResult) {
  const { tool: description, version, inputDigest } = metadata;
  return { description, version, inputDigest, outcome: 'not-evaluable', reason: { code: 'a', message: 'b' } } as const;
}

function coded(length: number): CodedConcept {
  return { value: 'X1', scheme: '99HILUM', meaning: 'm'.repeat(length) };
}

function findingsWith(part: Partial<Finding>): readonly Finding[] {
  return ctCase().result.findings.map((one) => ({ ...one, ...part }));
}

/** Content with a Code Meaning too long for LO, at every place where a tool may give one. */
function longMeanings(): [what: string, content: Partial<ResultContent>][] {
  const [long, short] = [coded(65), coded(3)];
  const parts: readonly (readonly [string, Partial<Finding>])[] = [
    ['finding', { finding: long }],
    ['site', { site: long }],
    ['laterality', { site: short, laterality: long }],
    ['part of a site', { site: short, siteModifier: long }],
    ['measurement', { measurements: [{ name: long, value: 1, unit: short }] }],
    ['unit', { measurements: [{ name: short, value: 1, unit: long }] }],
    ['evaluation', { evaluations: [{ name: long, value: short }] }],
    ['evaluated value', { evaluations: [{ name: short, value: long }] }],
  ];
  const segmentsWith = (part: Partial<Segment>) => ctCase().result.segments.map((one) => ({ ...one, ...part }));
  return [
    ...parts.map(([what, part]): [string, Partial<ResultContent>] => [
      `a ${what} of 65 characters`,
      { findings: findingsWith(part) },
    ]),
    ['a segment category of 65 characters', { segments: segmentsWith({ category: long }) }],
    ['a segment type of 65 characters', { segments: segmentsWith({ type: long }) }],
  ];
}
