/** What `hilum inspect` says of series, without their pixels. */
import { describe, expect, it } from 'vitest';
import type { InspectedFile } from '#cli/inspect-files.ts';
import { describeSeries } from '#cli/inspect-series.ts';
import { describeRefused } from '#cli/refused-files.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const refusal = (id: string, message: string, code = 'not-suitable') =>
  ({ id, suitable: false, reason: { code, message } }) as const;
const takes = (id: string) => ({ id, suitable: true }) as const;

const inspected = (bytes: Uint8Array, tools: InspectedFile['tools']): InspectedFile => ({
  ok: true,
  path: 'a.dcm',
  ...indexInstance(bytes),
  tools,
});

const spine = spinePhantomToDicom(
  makeSpinePhantom({ seed: 1, columns: 32, rows: 32, spacingMm: [4, 4, 5], from: 'L4', to: 'L3' }),
  { seed: 1 },
);

describe('a line a series', () => {
  it('says modality, count, matrix, transfer syntax, geometry and who takes it', () => {
    const lines = describeSeries(
      spine.map((bytes) => inspected(bytes, [refusal('caries', 'No', 'wrong-kind'), takes('spine')])),
    );

    const { StudyInstanceUID, SeriesNumber } = indexInstance(spine[0] ?? new Uint8Array());
    expect(lines).toEqual([
      `study ${StudyInstanceUID}`,
      `  series ${SeriesNumber}: CT, ${spine.length} instances, 32 × 32, Explicit VR Little Endian; ` +
        `volume of ${spine.length} slices, 5 mm apart; spine takes it`,
    ]);
  });

  it('says why the slices make no volume, and why the tools for such images do not take it', () => {
    const gap = spine.filter((_, index) => index !== 3);
    const tools = [refusal('caries', 'No', 'wrong-kind'), refusal('head', 'Only heads.'), refusal('other', 'Thick')];

    const [, line] = describeSeries(gap.map((bytes) => inspected(bytes, tools)));

    expect(line).toMatch(/no volume: 1 slice is missing in one place \(missing-slices\); /);
    expect(line).toMatch(/; no tool takes it \(head: Only heads; other: Thick\)$/);
  });

  it('counts radiographs, and tells studies apart', () => {
    const lines = describeSeries([
      inspected(makeRadiographFile(), [refusal('spine', 'No volume', 'wrong-kind')]),
      inspected(makeRadiographFile({ SOPInstanceUID: '2.25.9' }), [takes('caries'), takes('bone')]),
      inspected(makeRadiographFile({ StudyInstanceUID: '2.25.8' }), [refusal('spine', 'No volume', 'wrong-kind')]),
    ]);

    expect(lines).toEqual([
      'study 2.25.1001',
      '  series 1: DX, 2 instances, 4 × 4, Explicit VR Little Endian; 2 radiographs; caries and bone take it',
      'study 2.25.8',
      '  series 1: DX, 1 instance, 4 × 4, Explicit VR Little Endian; a radiograph; no tool takes it (spine: No volume)',
    ]);
  });

  it.each([
    ['a localizer', { ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }, 'localizer'],
    ['a Secondary Capture', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }, 'Secondary Capture'],
    ['a report', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33' }, 'structured report'],
    ['an ECG', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.9.1.1' }, 'waveform'],
    ['a private object', { SOPClassUID: '1.3.46.1' }, 'Hilum does not read the SOP Class 1.3.46.1'],
  ])('says of what makes no image that it is %s', (_what, change, kind) => {
    const [file = new Uint8Array()] = spine;

    const [, line] = describeSeries([{ ...inspected(file, [refusal('caries', 'No', 'no-image')]), ...change }]);

    expect(line).toMatch(new RegExp(`; no image for a tool: ${kind}; no tool takes it$`));
  });

  it('is not there for a file without a header', () => {
    expect(describeSeries([{ ok: false, path: 'a', code: 'not-dicom', message: 'm', tools: [] }])).toEqual([]);
  });
});

describe('refused files', () => {
  const file = (number: number, code: string) => ({ path: `f${number}`, code, message: `m ${code}` });

  it('are each named, but only the first few of many with the same reason', () => {
    const many = Array.from({ length: 30 }, (_, index) => file(index, 'not-dicom'));

    expect(describeRefused([file(99, 'truncated'), ...many])).toEqual([
      'refused f99: m truncated (truncated)',
      ...[0, 1, 2].map((number) => `refused f${number}: m not-dicom (not-dicom)`),
      'refused 27 more files for the same reason (not-dicom)',
    ]);
  });
});
