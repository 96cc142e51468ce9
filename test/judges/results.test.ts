import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { encodeDicom } from '#core/dicom/write.ts';
import { nonResult } from '#core/results/result.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { dciodvfy, dcmqiReport, dcmqiSegments, dsrdump, folderOf, pdfOf } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  countBits,
  expectFindingsRead,
  expectMaskRead,
  type ReadFile,
  type ReadGroup,
  readObjects,
} from '../fixtures/read-results.ts';
import { type Case, cases, ctCase, encodedObjects, radiographCase } from '../fixtures/results.ts';

const CASES = cases();
/** A finding without segment or region, which only a point in the patient shows. */
const POINTED: Case = {
  ...ctCase({
    findings: ctCase()
      .result.findings.slice(0, 1)
      .map(({ segmentNumber: _, ...finding }) => ({ ...finding, position: [1.5, -2.25, 3] })),
  }),
  name: 'ct, a point',
};
const kindOf = (one: Case, kind: string) => encodedObjects(one).filter((object) => object.kind === kind);
const alreadyRead = new Map<string, readonly ReadFile[]>();
/** What pydicom and highdicom read of a case's objects; each case is read once. */
const read = (one: Case): readonly ReadFile[] => {
  const files = alreadyRead.get(one.name) ?? readObjects(encodedObjects(one));
  alreadyRead.set(one.name, files);
  return files;
};
const groupsOf = (one: Case): readonly ReadGroup[] => read(one).flatMap((file) => file.groups ?? []);

/** Runs a case's objects and its answers without a result through dciodvfy. */
function withNonResults(one: Case): Case[] {
  const { tool: description, version, inputDigest, inputs } = one.result.metadata;
  const reason = { code: 'missing-slices', message: 'Slices are missing in the lumbar spine.' };
  return [
    one,
    ...(['no-finding', 'not-evaluable', 'failed'] as const).map((outcome) => ({
      ...one,
      name: `${one.name}, ${outcome}`,
      result: nonResult({ description, version, inputDigest, inputs, outcome, reason }),
    })),
  ];
}

describeWith(['dicom3tools'], 'dciodvfy', () => {
  it.each([...CASES.flatMap(withNonResults), POINTED])('finds no error in any object of $name', (one) => {
    const files = encodedObjects(one);
    const folder = folderOf(files);

    const verdicts = files.map(({ name }) => ({ name, ...dciodvfy(join(folder, name)) }));

    for (const { name, warnings } of verdicts) if (warnings.length > 0) console.info(name, [...new Set(warnings)]);
    expect(verdicts.flatMap(({ name, errors }) => errors.map((error) => `${name}: ${error}`))).toEqual([]);
  });

  it('finds no error in the phantoms', () => {
    const small = { rows: 8, columns: 9, pixels: new Uint16Array(72), spacingMm: [0.1, 0.1] } as const;
    const radiographs = (['bitewing', 'panoramic', 'teeth'] as const).flatMap((kind) =>
      radiographPhantomToDicom({ kind, ...small }, { seed: 3 }),
    );
    const files = [...ctCase().files, ...radiographs].map((bytes, index) => ({ name: `${index}.dcm`, bytes }));
    const folder = folderOf(files);

    expect(files.flatMap(({ name }) => dciodvfy(join(folder, name)).errors)).toEqual([]);
  });

  it('does find errors: an object of ours without its series', () => {
    const [object] = ctCase().result.toDicom(ctCase().source);
    const folder = folderOf([
      { name: 'broken.dcm', bytes: encodeDicom({ ...object?.attributes, SeriesInstanceUID: '', Rows: undefined }) },
    ]);

    expect(dciodvfy(join(folder, 'broken.dcm')).errors).not.toEqual([]);
  });
});

describeWith(['judges'], 'pydicom and highdicom', () => {
  it.each(CASES)('count the mask’s own voxels on each source of the $name', (one) => {
    expectMaskRead(one.result, read(one));
  });

  it.each([...CASES, POINTED])('read every finding of the $name once, with its codes and values', (one) => {
    expectFindingsRead(one.result, read(one));
  });

  it('read where findings lie: drawn on their image, in their segment, or in the picture as a whole', () => {
    const [volume, radiograph] = [ctCase(), radiographCase()];
    const roiOf = (one: Case, id: string) => groupsOf(one).find((group) => group.id === id)?.roi;
    const region = volume.result.findings.find(({ id }) => id === 'L4')?.regions?.[0];
    const [seg, flatSeg] = [volume, radiograph].map((one) => one.result.toDicom(one.source)[0]?.SOPInstanceUID);

    expect(roiOf(volume, 'L4')).toEqual({ type: 'POLYLINE', points: region?.points, instance: region?.SOPInstanceUID });
    expect(roiOf(volume, 'L3')).toEqual({ instance: seg, segment: 1, frames: null });
    expect(roiOf(volume, 'spine')).toBeNull();
    expect(roiOf(radiograph, 'lesion-2')).toEqual({ instance: flatSeg, segment: null, frames: [2] });
  });

  it('read a finding that is only a point in the patient', () => {
    const [finding] = POINTED.result.findings;

    expect(groupsOf(POINTED)[0]?.roi).toEqual({ type: 'POINT', points: [finding?.position], instance: null });
    expect(read(POINTED).map(({ kind }) => kind)).toContain('Comprehensive 3D SR Storage');
  });

  it.each(CASES)('read the same tracking UIDs in the SEG and the reports of the $name', (one) => {
    const segments = read(one).flatMap((file) => file.segments ?? []);

    for (const { id, segmentNumber } of one.result.findings.filter((finding) => finding.segmentNumber)) {
      const segment = segments.find(({ number }) => number === segmentNumber);
      expect(segment?.tracking_uid).toBe(groupsOf(one).find((group) => group.id === id)?.tracking_uid);
    }
  });

  it.each(CASES)('find all objects of the $name in the source’s study, and its pictures whole', (one) => {
    expect(new Set(read(one).map(({ study }) => study))).toEqual(new Set([one.source.StudyInstanceUID]));
    expect(read(one).flatMap(({ shape }) => (shape ? [shape] : []))).toEqual([[122, 120, 3]]);
  });

  it('read the answers that are no result', () => {
    for (const one of withNonResults(ctCase()).slice(1)) {
      expect(read(one).map(({ study }) => study)).toEqual([one.source.StudyInstanceUID]);
    }
  });
});

describeWith(['judges'], 'dcmqi', () => {
  it('turns the SEG of the CT into the same volumes', () => {
    const one = ctCase();
    const folder = folderOf(kindOf(one, 'segmentation'));

    const volumes = dcmqiSegments(join(folder, '0-segmentation.dcm')).map(nrrdVoxels);

    expect(volumes).toEqual(
      one.result.segments.map(({ frames }) => frames.reduce((sum, frame) => sum + countBits(frame), 0)),
    );
  });

  it.each(CASES)('reads the reports of the $name', (one) => {
    const files = kindOf(one, 'structured-report');
    const folder = folderOf(files);

    const ids = files.flatMap(({ name }) => {
      const { Measurements } = dcmqiReport(join(folder, name)) as {
        readonly Measurements: readonly { readonly TrackingIdentifier: string }[];
      };
      return Measurements.map(({ TrackingIdentifier }) => TrackingIdentifier);
    });

    expect(ids.sort()).toEqual(one.result.findings.map(({ id }) => id).sort());
  });
});

describeWith(['dcmtk', 'poppler'], 'DCMTK and poppler', () => {
  it.each(CASES.flatMap(withNonResults))('read the reports of $name', (one) => {
    const files = encodedObjects(one).filter(({ name }) => /report|non-result/.test(name));
    const folder = folderOf(files);

    const text = files.map(({ name }) => dsrdump(join(folder, name))).join('');

    for (const { summary } of one.result.findings) expect(text).toContain(summary);
    if (one.result.metadata.reason) expect(text).toContain(one.result.metadata.reason.message);
    expect(text).toContain('Research use only - not for clinical use');
  });

  it.each(CASES)('find the report’s text on one page, and no patient, for the $name', (one) => {
    const folder = folderOf(kindOf(one, 'pdf'));
    const [name = ''] = kindOf(one, 'pdf').map((file) => file.name);

    const { text, pages } = pdfOf(join(folder, name));

    expect(pages).toBe(1);
    expect(text).toContain(one.result.report?.title);
    expect(text).toContain('Height (L3)');
    expect(text.match(/Research use only - not for clinical use/g)).toHaveLength(2);
    expect(text).not.toMatch(/Phantom\^?\s?Hilum|HILUM-PHANTOM/);
  });

  it('get back the PDF that a tool brings, to the byte', () => {
    const bytes = Buffer.from('%PDF-1.4 odd');
    const one = ctCase({ report: { kind: 'pdf', title: 'Brought along', bytes } });
    const [file] = kindOf(one, 'pdf');

    const stored = Buffer.from(file?.bytes ?? []);

    expect(stored.includes(bytes)).toBe(true);
  });
});

/** How many voxels of a gzipped NRRD volume of 16-bit numbers are set. */
function nrrdVoxels(path: string): number {
  const bytes = readFileSync(path);
  const data = gunzipSync(bytes.subarray(bytes.indexOf('\n\n') + 2));
  let count = 0;
  for (let i = 0; i < data.length; i += 2) if (data.readInt16LE(i) !== 0) count++;
  return count;
}
