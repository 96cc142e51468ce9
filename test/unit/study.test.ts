import { describe, expect, it } from 'vitest';
import { MessageError } from '#core/errors.ts';
import { groupImages } from '#core/study/images.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inputDigestOf, revisionOf } from '#core/study/revision.ts';
import { judgeImage, type Selection, SelectionSchema, selectImages } from '#core/study/selection.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { encodeManifest, type Manifest, parseManifest } from '#pipeline/manifest.ts';
import { slice, volumeOf } from '../fixtures/instances.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { encodeElements, identity, part10, picture, type RawElement, sorted, words } from '../fixtures/part10.ts';
import { realFile, realFiles } from '../fixtures/real-data.ts';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const STRUCTURED_REPORT = '1.2.840.10008.5.1.4.1.1.88.33';
const DX = '1.2.840.10008.5.1.4.1.1.1.1';

function file(...elements: readonly RawElement[]): Uint8Array {
  return part10(EXPLICIT_LITTLE_ENDIAN, encodeElements(sorted([...identity(), ...elements])));
}

function study(...instances: readonly InstanceIndex[]) {
  return { StudyInstanceUID: '1.2.3', instances };
}

describe('indexInstance', () => {
  it('keeps what geometry and routing need, and the digest of the bytes', () => {
    const bytes = file(
      ...picture({ rows: 2, columns: 3 }),
      { tag: '00080060', vr: 'CS', value: 'CT' },
      { tag: '00180015', vr: 'CS', value: 'LSPINE' },
      { tag: '00200032', vr: 'DS', value: '1\\2\\-3.5' },
      {
        tag: '00082218',
        vr: 'SQ',
        value: [
          [
            { tag: '00080100', vr: 'SH', value: '122496007' },
            { tag: '00080102', vr: 'SH', value: 'SCT' },
          ],
        ],
      },
      { tag: '7FE00010', vr: 'OW', value: words([1, 2, 3, 4, 5, 6]) },
    );

    const index = indexInstance(bytes);

    expect(index).toMatchObject({
      SOPInstanceUID: '1.2.3.4',
      TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
      Modality: 'CT',
      BodyPartExamined: 'LSPINE',
      AnatomicRegion: 'SCT:122496007',
      Rows: 2,
      ImagePositionPatient: [1, 2, -3.5],
      sizeBytes: bytes.length,
    });
    expect(index.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(index.writtenByHilum).toBeUndefined();
  });

  it('has nothing about the patient, nor text that may be about one', () => {
    const index = indexInstance(
      file(
        { tag: '00100010', vr: 'PN', value: 'Secret^Name' },
        { tag: '00100020', vr: 'LO', value: 'SECRET-ID' },
        { tag: '00080020', vr: 'DA', value: '20260102' },
        { tag: '00181030', vr: 'LO', value: 'Secret protocol' },
        { tag: '00180015', vr: 'CS', value: 'SECRET NAME IN A FIELD OF CODES' },
        { tag: '00200032', vr: 'DS', value: 'secret' },
      ),
    );

    expect(JSON.stringify(index)).not.toMatch(/secret|2026/i);
    expect(index.BodyPartExamined).toBeUndefined();
    expect(index.ImagePositionPatient).toBeUndefined();
  });

  it.each([
    ['00080060', 'CS', ['DOE JOHN', 'DOE']],
    ['00180015', 'CS', ['Doe John', 'DOE JOHN', 'Doe', 'DOE-JOHN', 'DR. DOE']],
    ['00080008', 'CS', ['ORIGINAL\\Doe John', 'ORIGINAL\\PRIMARY\\DOE JOHN']],
    ['00185101', 'CS', ['DOE JOHN']],
    ['00200020', 'CS', ['DOE JOHN\\R']],
  ])('does not mistake a name for a code in %s', (tag, vr, values) => {
    for (const value of values) expect(JSON.stringify(indexInstance(file({ tag, vr, value })))).not.toMatch(/doe/i);
  });

  it('does not take what resembles a Modality for one', () => {
    expect(indexInstance(file({ tag: '00080060', vr: 'CS', value: 'C-T' })).Modality).toBeUndefined();
  });

  it('does not mistake a name for a coded region', () => {
    const named = (value: string, scheme: string): RawElement => ({
      tag: '00082218',
      vr: 'SQ',
      value: [
        [
          { tag: '00080100', vr: 'SH', value },
          { tag: '00080102', vr: 'SH', value: scheme },
        ],
      ],
    });

    expect(indexInstance(file(named('DOE JOHN', 'SRT'))).AnatomicRegion).toBeUndefined();
    expect(indexInstance(file(named('T-D1213', 'Doe'))).AnatomicRegion).toBeUndefined();
    expect(indexInstance(file(named('T-D1213', 'SRT'))).AnatomicRegion).toBe('SRT:T-D1213');
  });

  it('keeps the codes of several words that are terms, and the place of the others', () => {
    const index = indexInstance(
      file(
        { tag: '00080008', vr: 'CS', value: 'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI' },
        { tag: '00180015', vr: 'CS', value: 'WHOLE BODY' },
        { tag: '00080060', vr: 'CS', value: 'PT' },
      ),
    );

    expect(index.ImageType).toEqual(['ORIGINAL', 'PRIMARY', 'AXIAL', '']);
    expect([index.BodyPartExamined, index.Modality]).toEqual(['WHOLEBODY', 'PT']);
  });

  it('keeps the terms and times of an MR acquisition, and no other words among them', () => {
    const index = indexInstance(
      file(
        { tag: '00180020', vr: 'CS', value: 'GR\\IR\\DOE' },
        { tag: '00180021', vr: 'CS', value: 'SP\\MP' },
        { tag: '00180023', vr: 'CS', value: '3D' },
        { tag: '00180025', vr: 'CS', value: 'DOE' },
        { tag: '00180024', vr: 'SH', value: 'doe_mprage' },
        { tag: '00180080', vr: 'DS', value: '2300' },
        { tag: '00180081', vr: 'DS', value: '2.98' },
        { tag: '00180082', vr: 'DS', value: '900' },
      ),
    );

    expect(index).toMatchObject({
      ...{ ScanningSequence: ['GR', 'IR'], SequenceVariant: ['SP', 'MP'], MRAcquisitionType: '3D' },
      ...{ RepetitionTime: 2300, EffectiveEchoTime: 2.98, InversionTime: 900 },
    });
    expect(JSON.stringify(index)).not.toMatch(/doe/i);
  });

  it.each([
    ['the manufacturer', { tag: '00080070', vr: 'LO', value: 'Hilum' }],
    ['contributing equipment', { tag: '0018A001', vr: 'SQ', value: [[{ tag: '00080070', vr: 'LO', value: 'Hilum' }]] }],
  ])('recognises its own objects by %s', (_, element) => {
    expect(indexInstance(file(element)).writtenByHilum).toBe(true);
  });
});

describe('groupImages', () => {
  it('makes one volume per series and one radiograph per projection', () => {
    const images = groupImages(
      study(
        slice(1),
        slice(0),
        slice(2, { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
        slice(3, { writtenByHilum: true }),
        slice(4, { SOPClassUID: STRUCTURED_REPORT }),
        slice(5, { SOPClassUID: DX, SeriesInstanceUID: '1.2.3.2', Modality: 'PX' }),
        slice(6, { SOPClassUID: DX, SeriesInstanceUID: '1.2.3.2', Modality: 'PX' }),
      ),
    );

    expect(
      images.map(({ kind, Modality, instances }) => [kind, Modality, instances.map((each) => each.SOPInstanceUID)]),
    ).toEqual([
      ['volume', 'CT', ['1.2.3.1.1', '1.2.3.1.2']],
      ['radiograph', 'PX', ['1.2.3.1.6']],
      ['radiograph', 'PX', ['1.2.3.1.7']],
    ]);
  });

  it('splits a series by acquisition only where slices would lie on top of each other', () => {
    const acquisition = (n: number, k: number, z: number): InstanceIndex =>
      slice(k, { AcquisitionNumber: n, ImagePositionPatient: [0, 0, z] });

    const repeated = groupImages(
      study(acquisition(1, 0, 0), acquisition(1, 1, 2), acquisition(2, 2, 0), acquisition(2, 3, 2)),
    );
    const continued = groupImages(
      study(acquisition(1, 0, 0), acquisition(1, 1, 2), acquisition(2, 2, 4), acquisition(2, 3, 6)),
    );
    const echoes = groupImages(
      study(...[0, 1, 2, 3].map((k) => ({ ...acquisition(1, k, 2 * (k >> 1)), EffectiveEchoTime: 10 + (k % 2) }))),
    );
    const doubled = groupImages(study(acquisition(1, 0, 0), acquisition(1, 1, 2), acquisition(1, 2, 2)));

    expect(repeated.map(({ instances }) => instances.length)).toEqual([2, 2]);
    expect(continued.map(({ instances }) => instances.length)).toEqual([4]);
    expect(echoes.map(({ instances }) => instances.length)).toEqual([2, 2]);
    expect(doubled.map(({ instances }) => instances.length)).toEqual([3]);
  });
});

describe('selection', () => {
  const selection: Selection = SelectionSchema.parse({
    image: 'volume',
    alternatives: [
      [
        { attribute: 'Modality', in: ['CT'], reason: 'It is no CT' },
        { attribute: 'NumberOfInstances', atLeast: 3, reason: 'It has too few slices' },
        { attribute: 'ImageType', notIn: ['DERIVED'], reason: 'It is derived' },
        { attribute: 'SliceThickness', atMost: 5, whenAbsent: 'accept', reason: 'Its slices are too thick' },
      ],
    ],
    take: 'best',
    prefer: [{ attribute: 'SliceThickness', order: 'ascending' }],
  });
  const series = (uid: string, overrides: Partial<InstanceIndex> = {}, count = 3) =>
    volumeOf(
      Array.from({ length: count }, (_, k) =>
        slice(k, { SeriesInstanceUID: uid, SOPInstanceUID: `${uid}.${k}`, ...overrides }),
      ),
    );

  it.each([
    ['It is no CT', series('1.1', { Modality: 'MR' })],
    ['It has too few slices', series('1.1', {}, 2)],
    ['It is derived', series('1.1', { ImageType: ['DERIVED', 'SECONDARY'] })],
    ['Its slices are too thick', series('1.1', { SliceThickness: 7 })],
  ])('refuses and says: %s', (message, image) => {
    expect(judgeImage(selection, image)).toEqual({ suitable: false, reason: { code: 'not-suitable', message } });
  });

  it('refuses an image because of one slice, and an image of another kind', () => {
    const image = volumeOf([slice(0), slice(1), slice(2, { Modality: 'MR' })]);

    expect(judgeImage(selection, image).suitable).toBe(false);
    expect(judgeImage(selection, { ...image, kind: 'radiograph' })).toMatchObject({ reason: { code: 'wrong-kind' } });
  });

  it('ranks what it takes, whatever the order', () => {
    const images = [
      series('1.3', { SliceThickness: 2 }),
      series('1.1', { SliceThickness: 3 }),
      series('1.2', { SliceThickness: 2 }),
    ];

    const answers = [images, images.toReversed()].map((order) => selectImages(selection, order));

    const ranked = ['1.2', '1.3', '1.1'];
    expect(answers.map(({ selected }) => selected.map((image) => image.SeriesInstanceUID))).toEqual([ranked, ranked]);
    expect(answers[0]?.refusals).toEqual([]);
  });

  it('knows only attributes of the header index', () => {
    const rule = { attribute: 'Modalitty', in: ['CT'], reason: 'It is no CT' };

    const parsed = SelectionSchema.safeParse({ image: 'volume', alternatives: [[rule]], take: 'all' });

    expect(parsed.success).toBe(false);
  });
});

describe('revision and input digest', () => {
  const instances = [slice(0), slice(1), slice(2)];

  it('name the content, not its order or Hilum’s own objects', () => {
    const revision = revisionOf(instances);

    expect(revisionOf(instances.toReversed())).toBe(revision);
    expect(revisionOf([...instances, slice(3, { writtenByHilum: true })])).toBe(revision);
    expect(revisionOf([slice(0), slice(1), slice(2, { sha256: 'f'.repeat(64) })])).not.toBe(revision);
    expect(revisionOf([...instances, slice(3)])).not.toBe(revision);
    expect(inputDigestOf([volumeOf(instances)])).toBe(revision);
  });
});

describe('manifest', () => {
  const manifest: Manifest = {
    format: 'hilum.manifest/1',
    StudyInstanceUID: '1.2.3',
    revision: revisionOf([slice(0), slice(1)]),
    lane: 'live',
    instances: [slice(1), slice(0)].map((instance, i) => ({
      ...instance,
      chunk: 'c'.repeat(64),
      offset: i * 1000,
      length: 1000,
    })),
  };

  it('has the same bytes for the same study, and is read back unchanged', () => {
    const bytes = encodeManifest(manifest);
    const reversed = { ...manifest, instances: manifest.instances.toReversed() };

    expect(encodeManifest(reversed)).toEqual(bytes);
    expect(parseManifest(bytes).instances.map((instance) => instance.SOPInstanceUID)).toEqual([
      '1.2.3.1.1',
      '1.2.3.1.2',
    ]);
  });

  it('never carries attributes outside the list', () => {
    const [first, ...others] = manifest.instances;
    const withName = { ...manifest, instances: [{ ...first, PatientName: 'Secret^Name' }, ...others] } as Manifest;

    expect(new TextDecoder().decode(encodeManifest(withName))).not.toContain('Secret');
  });

  it.each([
    ['no JSON', '{'],
    ['another format', JSON.stringify({ ...manifest, format: 'hilum.manifest/0' })],
    ['another study inside', JSON.stringify({ ...manifest, StudyInstanceUID: '9.9' })],
    ['no instances', JSON.stringify({ ...manifest, instances: [] })],
  ])('refuses %s', (_, text) => {
    expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(MessageError);
  });
});

describeWith(['data'], 'indexing real studies', () => {
  it.each([
    ['ct-abdomen-20', ['volume'], 20],
    ['ct-spine-ref-dicom', ['volume'], 112],
    ['dental', ['radiograph'], 1],
  ])('finds the image in %s', (folder, kinds, count) => {
    const instances = realFiles()
      .filter(({ path }) => path.startsWith(`${folder}/`))
      .map(({ path }) => indexInstance(realFile(path)));

    const images = groupImages({ StudyInstanceUID: instances[0]?.StudyInstanceUID ?? '', instances });

    expect(images.map(({ kind }) => kind)).toEqual(kinds);
    expect(images[0]?.instances).toHaveLength(count);
  });
});
