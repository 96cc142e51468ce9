/** Independent readers must find the same voxels, values and codes in every object that Hilum writes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { frameHeaders, frameKey } from '#core/study/frames.ts';
import type { ProcessingResult, Segment } from '#core/tool.ts';
import { Dcm } from '#dicom/codes.ts';
import { coercedIn } from '#pipeline/same-content.ts';
import { type JudgedFile, POINTED, RESULTS, writeJudgedResults } from '../fixtures/judged-results.ts';
import { dcmconv, dsrdump, pdfOf } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { dcmqiGroups, dcmqiSegments } from '../fixtures/read-dcmqi.ts';
import {
  expectFindingsRead,
  expectMaskRead,
  expectSourcesRead,
  labelOf,
  measurementsOf,
  type ReadFile,
  type ReadGroup,
  readFolder,
  statedOf,
} from '../fixtures/read-results.ts';
import { replacedSet } from '../fixtures/replacing.ts';
import { type Case, ctCase, encodedObjects } from '../fixtures/results.ts';

const { folder, files } = writeJudgedResults();
const filesOf = (one: Case, ...kinds: readonly string[]): readonly JudgedFile[] =>
  files.filter((file) => file.case === one && kinds.includes(file.kind));
const caseNamed = (name: string): Case => RESULTS.find((one) => one.name === name) ?? ctCase();

describeWith(['judges'], 'pydicom and highdicom', () => {
  const byPath = new Map<string, ReadFile>();
  beforeAll(() => {
    for (const file of readFolder(folder)) byPath.set(file.name, file);
  });
  const read = (one: Case): readonly ReadFile[] =>
    files.filter((file) => file.case === one).flatMap(({ path }) => byPath.get(relative(folder, path)) ?? []);
  const groupsOf = (one: Case): readonly ReadGroup[] => read(one).flatMap((file) => file.groups ?? []);

  it('read every object of every source', () => {
    expect([...byPath.keys()].sort()).toEqual(files.map(({ path }) => relative(folder, path)).sort());
  });

  it.each(RESULTS)('read the masks of the $name unchanged, frame by frame, with their codes', (one) => {
    expectMaskRead(one.result, read(one));
  });

  it.each(RESULTS)('read every finding of the $name once, with its codes and values', (one) => {
    expectFindingsRead(one.result, read(one));
  });

  it('read a rejection note: its title, and the objects that it lists', () => {
    const notes = files
      .filter(({ kind }) => kind === 'rejection-note')
      .map(({ path }) => byPath.get(relative(folder, path)));
    const rejected = replacedSet(ctCase()).objects.map(({ SOPInstanceUID }) => SOPInstanceUID);

    expect(notes).toMatchObject(['113001', '113038'].map((title) => ({ title, listed: rejected, resolved: rejected })));
  });

  it('read the findings’ locations: drawn on an image, in a segment, or in the image as a whole', () => {
    const [volume, radiograph] = [caseNamed('ct'), caseNamed('radiograph')];
    const roiOf = (one: Case, id: string) => groupsOf(one).find((group) => group.id === id)?.roi;
    const region = volume.result.findings.find(({ id }) => id === 'L4')?.regions?.[0];
    const [seg, flatSeg] = [volume, radiograph].map((one) => one.result.toDicom(one.source)[0]?.SOPInstanceUID);

    expect(roiOf(volume, 'L4')).toEqual({ type: 'POLYLINE', points: region?.points, instance: region?.SOPInstanceUID });
    // The worst finding is the first segment.
    expect(roiOf(volume, 'L3')).toEqual({ instance: seg, segment: 2, frames: null });
    expect(roiOf(volume, 'spine')).toBeNull();
    expect(roiOf(radiograph, 'lesion-2')).toEqual({ instance: flatSeg, segment: null, frames: [2] });
  });

  it('read on which frame of an enhanced image a finding is drawn', () => {
    const one = caseNamed('enhanced ct');
    const { SOPInstanceUID, frameNumber, points } =
      one.result.findings.find(({ id }) => id === 'L4')?.regions?.[0] ?? {};

    const roi = groupsOf(one).find(({ id }) => id === 'L4')?.roi;

    expect(frameNumber).toBe(3);
    expect(roi).toEqual({ type: 'POLYLINE', points, instance: SOPInstanceUID, frame: frameNumber });
  });

  it('read a finding that is only a point in the patient', () => {
    const [finding] = POINTED.result.findings;

    expect(groupsOf(POINTED)[0]?.roi).toEqual({ type: 'POINT', points: [finding?.position], instance: null });
    expect(read(POINTED).map(({ kind }) => kind)).toContain('Comprehensive 3D SR Storage');
  });

  it.each(RESULTS)('read the same tracking UIDs in the SEG and the reports of the $name', (one) => {
    const segments = read(one).flatMap((file) => file.segments ?? []);
    const { findings } = one.result;

    for (const { id, segmentNumber } of findings.filter((finding) => finding.segmentNumber)) {
      const own = one.result.segments.find(({ number }) => number === segmentNumber);
      const segment = segments.find(({ label }) => own !== undefined && label === labelOf(own, findings));
      expect(segment?.tracking_uid).toMatch(/^2\.25\./);
      expect(segment?.tracking_uid).toBe(groupsOf(one).find((group) => group.id === id)?.tracking_uid);
    }
  });

  it.each(RESULTS)('find all objects of the $name in the source’s study, and complete pictures', (one) => {
    const picture = one.result.toDicom(one.source).find(({ kind }) => kind === 'secondary-capture');
    const { Rows, Columns, PixelData } = picture?.attributes ?? {};

    const pictures = read(one).flatMap(({ shape, pixels }) => (shape ? [{ shape, pixels }] : []));

    expect(new Set(read(one).map(({ study }) => study))).toEqual(new Set([one.source.StudyInstanceUID]));
    expectSourcesRead(one.source.instances, read(one));
    const pixels = sha256(PixelData instanceof Uint8Array ? PixelData : '');
    expect(pictures).toEqual([{ shape: [Rows, Columns, 3], pixels }]);
  });
});

describeWith(['judges'], 'dcmqi', () => {
  /** dcmqi makes volumes, which need a position in space; masks of radiographs have none. */
  const inSpace = RESULTS.filter(({ source }) => source.instances.every((one) => one.FrameOfReferenceUID));

  it.each(inSpace)('makes the same volumes of the SEG of the $name, with the same codes', (one) => {
    const [file] = filesOf(one, 'segmentation');

    const segments = dcmqiSegments(file?.path ?? '');

    const { frames, matrix } = volumeOf(one);
    expect(segments.map(({ sizes, origin }) => [sizes, origin.map(rounded)])).toEqual(
      one.result.segments.map(() => [[...matrix, frames.length], frames[0]?.ImagePositionPatient?.map(rounded)]),
    );
    expect(segments.map(({ label, category, type, voxels }) => ({ label, category, type, voxels }))).toEqual(
      inOrder(one.result).map(({ number, label, category, type, frames: masks }) => ({
        ...{ label: labelOf({ number, label }, one.result.findings), category, type },
        voxels: masks.flatMap((mask) => {
          const slice = frames.findIndex((frame) => frameKey(frame) === frameKey(mask));
          return setBits(mask.bits).map((bit) => slice * matrix[0] * matrix[1] + bit);
        }),
      })),
    );
  });

  it.each(RESULTS)('reads every finding of the $name once, with its codes and values', (one) => {
    const groups = filesOf(one, 'structured-report').flatMap(({ path }) => dcmqiGroups(path));

    expect(groups.map(({ id }) => id).sort()).toEqual(one.result.findings.map(({ id }) => id).sort());
    for (const finding of one.result.findings) {
      const group = groups.find(({ id }) => id === finding.id);
      const { finding: found, site, laterality } = finding;
      expect(group).toMatchObject({ finding: found, site, laterality });
      expect(group?.evaluations.filter(({ name }) => name.value !== Dcm.algorithmFamily.value)).toEqual(
        statedOf(finding),
      );
      expect(group?.measurements.map(({ name, unit }) => ({ name, unit }))).toEqual(
        measurementsOf(finding).map(({ name, unit }) => ({ name, unit })),
      );
      // dcmqi reads the Numeric Value of 16 characters, not the Floating Point Value beside it.
      expect(group?.measurements.map(({ value }) => value.toPrecision(14))).toEqual(
        measurementsOf(finding).map(({ value }) => value.toPrecision(14)),
      );
    }
  });
});

describeWith(['dcmtk', 'poppler'], 'DCMTK and poppler', () => {
  it('read the reports and the answers without a result', () => {
    for (const { case: one, path } of files.filter(({ kind }) => ['structured-report', 'non-result'].includes(kind))) {
      const text = dsrdump(path);

      expect(text, path).toContain('Research use only - not for clinical use');
      expect(text, path).not.toMatch(/\b[EW]: /);
      if (one.result.metadata.reason) expect(text, path).toContain(one.result.metadata.reason.message);
    }
  });

  it.each(RESULTS)('read every finding of the $name in words', (one) => {
    const text = filesOf(one, 'structured-report')
      .map(({ path }) => dsrdump(path))
      .join('');

    for (const { summary } of one.result.findings) expect(text).toContain(summary);
  });

  it.each(RESULTS)('find the report’s text on one page, and no patient, for the $name', (one) => {
    const [file] = filesOf(one, 'pdf');

    const { text, pages } = pdfOf(file?.path ?? '');

    expect(pages).toBe(1);
    expect(text).toContain(one.result.report?.title);
    expect(text).toContain('Height (L3)');
    expect(text.match(/Research use only - not for clinical use/g)).toHaveLength(2);
    expect(text).not.toMatch(/Phantom\^?\s?Hilum|HILUM-PHANTOM/);
  });

  it.each(['+ti -e', '+tb +g', '+td'])('encode every object anew (dcmconv %s), with the same content', (options) => {
    for (const { path } of files)
      expect(coercedIn(dcmconv(path, options.split(' ')), readFileSync(path)), path).toEqual([]);
  });

  it('return the PDF that a tool brings, byte for byte', () => {
    const bytes = Buffer.from('%PDF-1.4 odd');
    const one = ctCase({ report: { kind: 'pdf', title: 'Brought along', bytes } });
    const file = encodedObjects(one).find(({ kind }) => kind === 'pdf');

    const stored = Buffer.from(file?.bytes ?? []);

    expect(stored.includes(bytes)).toBe(true);
  });
});

/** The segments as the SEG numbers them: those of findings in the order of the findings, then the others. */
function inOrder({ segments, findings }: ProcessingResult): readonly Segment[] {
  const found = findings.flatMap(({ segmentNumber }) => segments.filter(({ number }) => number === segmentNumber));
  return [...found, ...segments.filter((segment) => !found.includes(segment))];
}

/** The slices of a case's volume, from feet to head, and its columns and rows. */
function volumeOf({ source }: Case) {
  const frames = source.instances
    .flatMap(frameHeaders)
    .toSorted((a, b) => (a.ImagePositionPatient?.[2] ?? 0) - (b.ImagePositionPatient?.[2] ?? 0));
  return { frames, matrix: [frames[0]?.Columns ?? 0, frames[0]?.Rows ?? 0] as const };
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

function setBits(bits: Uint8Array): readonly number[] {
  return Array.from({ length: bits.length * 8 }, (_, i) => i).filter(
    (i) => (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) === 1,
  );
}
