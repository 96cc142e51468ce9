/** What the page of a result says: to which study it belongs, what was found, where and how sure, or that there is no answer. */
import { describe, expect, it } from 'vitest';
import { pdfText } from '#core/gate/pdf-text.ts';
import type { FrameReference } from '#core/image/frame-reference.ts';
import { certaintyInWords } from '#core/results/certainty.ts';
import { parseResult, serialiseResult } from '#core/results/result.ts';
import { framesInWords, imagesInWords, studyInWords } from '#core/results/source-in-words.ts';
import type { Finding, Outcome, ProcessingResult, Severity } from '#core/tool.ts';
import type { Attributes } from '#dicom/write.ts';
import {
  type Case,
  ctCase,
  enhancedCtCase,
  radiographCase,
  twoRadiographsCase,
  withNonResults,
} from '../fixtures/results.ts';

/** The file of the result's page. */
function pageOf({ result, source }: Pick<Case, 'result' | 'source'>): Uint8Array {
  const pages = result.toDicom(source).filter(({ kind }) => kind === 'pdf');
  expect(pages).toHaveLength(1);
  return pages[0]?.attributes['EncapsulatedDocument'] as Uint8Array;
}
/** The lines of the page, in their order. */
const linesOf = (one: Pick<Case, 'result' | 'source'>): readonly string[] => pdfText(pageOf(one));
const textOf = (one: Pick<Case, 'result' | 'source'>): string => linesOf(one).join(' ');

const without = <K extends keyof ProcessingResult>(one: Case, key: K): Case => {
  const { [key]: _, ...rest } = one.result;
  return { ...one, result: parseResult(serialiseResult(rest as ProcessingResult)) };
};
const withStudy = (one: Case, attributes: Attributes): Case => ({
  ...one,
  source: { ...one.source, patientAndStudy: { ...one.source.patientAndStudy, ...attributes } },
});
const judged = (severities: Readonly<Record<string, Severity>>, certainty?: number): readonly Finding[] =>
  ctCase().result.findings.map((finding) => {
    const severity = severities[finding.id];
    return { ...finding, ...(severity && { severity }), ...(certainty !== undefined && { certainty }) };
  });

describe('a page says to which study it belongs', () => {
  it('by date and description, and which images it is about', () => {
    const text = textOf(withStudy(ctCase(), { StudyDescription: 'CT lumbar spine' }));

    expect(text).toContain('Belongs to Study of 2026-01-05, CT lumbar spine CT series 1, 6 images');
    expect(textOf(radiographCase())).toMatch(/Belongs to Study of 2026-01-05(, [^,]+)? \w\w series 1, image 1 /);
    expect(textOf(withStudy(ctCase(), { StudyDate: '' }))).toContain('Study without a date');
    expect(textOf(withStudy(ctCase(), { StudyDate: { asFound: ['yesterday'] } }))).toContain('Study without a date');
  });

  it('without name, number or accession number of the patient', () => {
    const secrets = { PatientName: 'Šimić^Ana', PatientID: '4711-22', AccessionNumber: 'ACC998', StudyID: 'ST77' };

    for (const one of [ctCase(), radiographCase(), ...withNonResults(ctCase())]) {
      const text = textOf(withStudy(one, secrets));
      expect(text).not.toMatch(/Šimić|Ana\b|4711|ACC998|ST77|19600229/);
    }
  });

  it.each([
    ['CT spine, Mrs. Šimić'],
    ['ana: control'],
    ['Case 4711-22'],
    ['See ACC998'],
    ['Born 29.02.1960'],
    ['Born 1960-02-29'],
    ['Dr. House asks'],
    ['Earlier no. X-55'],
  ])('without a description that holds a part of the identity: %s', (StudyDescription) => {
    const patientAndStudy: Attributes = {
      ...{ PatientName: 'Šimić^Ana', PatientID: '4711-22', AccessionNumber: 'ACC998', PatientBirthDate: '19600229' },
      ...{ ReferringPhysicianName: 'House^Gregory', OtherPatientIDsSequence: [{ PatientID: 'X-55' }] },
      ...{ StudyDate: '20260105', StudyDescription },
    };

    expect(studyInWords({ patientAndStudy })).toBe('Study of 2026-01-05');
    expect(studyInWords({ patientAndStudy: { ...patientAndStudy, StudyDescription: 'Banana CT, 4711' } })).toBe(
      'Study of 2026-01-05, Banana CT, 4711',
    );
  });

  it.each([
    ['ID12345678'],
    ['No. 1234-5678'],
    ['Subject TR 0815'],
    ['Since 5.3.1961'],
    ['* 05.03.61'],
    ['of 610305'],
    ['05-Mar-1961'],
    ['5. März 61'],
    ['Born 1961'],
    ['Wu: control'],
    ['JürgenMuller'],
    ['MULLER'],
    ['MU\u0308LLER'],
    ['Mueller'],
    ['Strasse again'],
    ['Formerly Ericsson'],
    ['For Dr. Kowalski'],
    ['山田さん'],
  ])('nor with one in another spelling, or with the second of several values: %s', (StudyDescription) => {
    const patientAndStudy: Attributes = {
      ...{ PatientName: 'Müller^Jürgen^Wu^Mr=山田^太郎', PatientID: '12345678', PatientBirthDate: '19610305' },
      ...{ OtherPatientNames: ['Straße^J', 'Ericsson^J'], PhysiciansOfRecord: { asFound: ['House^G\\Kowalski^A'] } },
      ...{ ClinicalTrialSubjectID: 'TR-0815', StudyDate: '20260105', StudyDescription },
    };

    expect(studyInWords({ patientAndStudy })).toBe('Study of 2026-01-05');
    for (const sound of ['MR head, 3 T', 'CT LWS 1.5 mm, 61 images', 'Wirbelsäule 2026'])
      expect(studyInWords({ patientAndStudy: { ...patientAndStudy, StudyDescription: sound } })).toContain(sound);
  });

  it('counts frames as images, and names few images one by one', () => {
    const { instances } = ctCase().source;

    expect(imagesInWords(enhancedCtCase().source.instances)).toBe('CT series 1, 6 images');
    expect(imagesInWords(instances.slice(0, 1))).toMatch(/^CT series 1, image \d$/);
    expect(imagesInWords(instances.slice(0, 3))).toMatch(/^CT series 1, images \d, \d and \d$/);
    expect(imagesInWords(instances.map(({ SeriesNumber: _, ...one }) => one))).toBe('CT series, 6 images');
    const same = instances.slice(0, 2).map((one) => ({ ...one, InstanceNumber: 1 }));
    expect(imagesInWords(same)).toBe('CT series 1, 2 images');
    const scattered = instances.slice(0, 6).map((one, index) => ({ ...one, SeriesInstanceUID: `1.2.${index}` }));
    expect(imagesInWords(scattered)).toBe('6 series, 6 images');
  });
});

describe('places in a study', () => {
  const byUid = (one: Case) => new Map(one.source.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  const placesIn = (one: Case, frames: readonly FrameReference[], isOneSeries = true) =>
    framesInWords(frames, byUid(one), isOneSeries);

  it('are named by the numbers of images, whatever their order', () => {
    const [first, second, third] = ctCase().source.instances.toSorted(
      (a, b) => (a.InstanceNumber ?? 0) - (b.InstanceNumber ?? 0),
    );
    if (!first || !second || !third) throw new Error('the phantom has six slices');

    expect(placesIn(ctCase(), [second])).toBe('image 2');
    expect(placesIn(ctCase(), [second, first, second])).toBe('images 1 and 2');
    expect(placesIn(ctCase(), [third, second, first])).toBe('images 1 to 3');
    expect(placesIn(ctCase(), [first], false)).toBe('CT series 1, image 1');
    const sixth = ctCase().source.instances.find(({ InstanceNumber }) => InstanceNumber === 6);
    expect(placesIn(ctCase(), sixth ? [first, second, sixth] : [])).toBe('images 1 to 2 and 6');
    expect(placesIn(ctCase(), [{ SOPInstanceUID: '2.25.1' }])).toBe('');
  });

  it('are named by frames in an image of many', () => {
    const one = enhancedCtCase();
    const SOPInstanceUID = one.source.instances[0]?.SOPInstanceUID ?? '';
    const at = (frameNumber: number) => ({ SOPInstanceUID, frameNumber });

    expect(placesIn(one, [at(5)])).toBe('image 1, frame 5');
    expect(placesIn(one, [at(4), at(3), at(2)])).toBe('image 1, frames 2 to 4');
  });

  it('are named by series where a finding is in several', () => {
    const one = twoRadiographsCase();

    expect(placesIn(one, one.source.instances, false).split('; ')).toHaveLength(2);
  });
});

describe('the page of a result', () => {
  const bare = (content: Parameters<typeof ctCase>[0] = {}) => without(ctCase(content), 'report');

  it('is made where the tool brings none: findings worst first, with what was measured, where and how sure', () => {
    const one = bare({ findings: judged({ L4: 'severe', L3: 'normal' }, 0.92) });
    const lines = linesOf(one);
    const text = lines.join(' ');

    expect(text).toContain('Phantom assessment: result Research use only - not for clinical use Belongs to');
    expect(text).toContain('Two vertebrae measured, one of them fractured.');
    expect(text).toMatch(/Finding What was found Measurements Where Certainty/);
    expect(text).toMatch(
      /L4 wedge, 27 % L4 has lost 27 % of its height\. Height loss 27\.3 %, Height 18\.5 mm image \d high, 92 %/,
    );
    expect(lines.indexOf('L4 wedge, 27 %')).toBeLessThan(lines.indexOf('L3'));
    expect(lines.indexOf('spine')).toBeLessThan(lines.indexOf('L3'));
    expect(text).toMatch(/L3 .* images \d to \d high, 92 %/);
    expect(text).toContain('not the probability that the finding is there');
    expect(text).toContain('The spine from the side. CT series 1, 6 images');
    expect(text).toContain(`Limits: ${one.result.metadata.tool.limits}`);
  });

  it('has chips and a legend in the colours of the severities that occur, worst first', () => {
    const one = bare({ findings: judged({ L4: 'severe', L3: 'normal' }) });
    const lines = linesOf(one);
    const file = Buffer.from(pageOf(one)).toString('latin1');
    const [red, green] = ['0.92 0.24 0.24 rg', '0.35 0.78 0.47 rg'];

    expect(lines.slice(lines.indexOf('severe'))).toEqual(expect.arrayContaining(['severe', 'normal']));
    expect(lines).not.toContain('mild');
    // The bar of the answer, the chip of the row, and that of the legend.
    expect(file.split(red)).toHaveLength(4);
    expect(file.split(green)).toHaveLength(3);
    expect(file.indexOf(red)).toBeLessThan(file.indexOf(green));
  });

  it('has the tool’s own table, to which images and certainty are added where rows name findings', () => {
    const table = {
      header: ['Level', 'Loss'],
      rows: [
        ['L4', '27'],
        ['all', ''],
      ],
      findings: ['L4', ''],
    };
    const report = { kind: 'page', title: 'Heights', paragraphs: ['Of note.'], table, pictures: [] } as const;
    const one = ctCase({ findings: judged({ L4: 'moderate' }, 0.7), report });

    expect(textOf(one)).toMatch(/Level Loss Where Certainty L4 27 image \d medium, 70 % all {2}/);
    expect(textOf(ctCase({ report: { ...report, table: { ...table, findings: ['', ''] } } }))).toContain(
      'Level Loss L4',
    );
  });

  it('says only once what is summary and first paragraph', () => {
    const summary = 'Two vertebrae measured';
    const report = { kind: 'page', title: 'Heights', paragraphs: [`${summary}.`, 'How.'], pictures: [] } as const;

    expect(textOf(ctCase({ summary, report })).split(summary)).toHaveLength(2);
  });

  it('names the radiograph of each finding where there are several', () => {
    const text = textOf(without(twoRadiographsCase(), 'report'));

    expect(text).toMatch(/lesion-1 Lesion 1\. .*image 1/);
    expect(text.match(/series \d, image \d/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('goes on on further pages, each with the header of the table, the origin and its number', () => {
    const finding = ctCase().result.findings[2];
    const findings = finding ? Array.from({ length: 90 }, (_, index) => ({ ...finding, id: `f${index}` })) : [];
    const lines = linesOf(bare({ findings }));
    const of = lines.filter((line) => /^Page \d of 3$/.test(line));

    expect(of).toEqual(['Page 1 of 3', 'Page 2 of 3', 'Page 3 of 3']);
    expect(lines.filter((line) => line === 'What was found').length).toBeGreaterThanOrEqual(2);
    expect(lines.filter((line) => /^f\d+$/.test(line))).toHaveLength(90);
    expect(lines.filter((line) => /^Made by Hilum: Phantom assessment/.test(line))).toHaveLength(3);
  });
});

describe('the page of a non-result', () => {
  it.each<[Outcome, string, boolean]>([
    ['no-finding', 'NO FINDING REPORTED', false],
    ['not-applicable', 'OUTSIDE THE TOOL’S SCOPE', true],
    ['not-evaluable', 'NOT EVALUATED', true],
    ['failed', 'FAILED', true],
  ])('is as clear as a result: %s', (outcome, heading, saysNothing) => {
    const one = withNonResults(ctCase()).find(({ result }) => result.metadata.outcome === outcome) ?? ctCase();
    const text = textOf(one);

    expect(text).toContain(`Phantom assessment: ${heading.toLowerCase()} Research use only`);
    expect(text).toContain(`${heading} Slices are missing in the lumbar spine. `);
    expect(text.replaceAll(/\s+/g, ' ').includes('This says nothing about the presence or absence of a')).toBe(
      saysNothing,
    );
    expect(text).toContain('CT series 1, 6 images');
    expect(text).toContain(`What the tool is for: ${one.result.metadata.tool.purpose}`);
  });

  it('tells what is not in view from what was found to be sound', () => {
    const [, none = ctCase()] = withNonResults(ctCase());
    const metadata = { ...none.result.metadata, notInView: true as const };
    const result = parseResult(serialiseResult({ ...none.result, metadata }));

    expect(textOf({ result, source: none.source })).toMatch(/NOT IN VIEW .* This says nothing/);
  });

  it('of a failure is another object than the page of the answer that the run may still get', () => {
    const uids = ([ctCase(), ...withNonResults(ctCase())] as const).map(({ result, source }) => {
      const page = result.toDicom(source).find(({ kind }) => kind === 'pdf');
      return { outcome: result.metadata.outcome, uid: page?.SOPInstanceUID };
    });
    const [failed] = uids.filter(({ outcome }) => outcome === 'failed');
    const others = uids.filter(({ outcome }) => outcome !== 'failed').map(({ uid }) => uid);

    expect(failed?.uid).toMatch(/^2\.25\./);
    expect(others).not.toContain(failed?.uid);
  });
});

describe('certainty in words', () => {
  it.each([
    [1, ''],
    [0.999, 'high, 99 %'],
    [0.9, 'high, 90 %'],
    [0.899, 'high, 90 %'],
    [0.894, 'medium, 89 %'],
    [0.6, 'medium, 60 %'],
    [0.59, 'low, 59 %'],
    [0.001, 'low, 1 %'],
    [0, ''],
  ])('of %d is %s', (certainty, words) => {
    expect(certaintyInWords(certainty)).toBe(words);
  });
});
