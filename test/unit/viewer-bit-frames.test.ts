import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeDicom } from '#dicom/write.ts';
import { createBitFrames } from '#viewer/bit-frames.ts';
import { bitewingStudy } from '../fixtures/viewer-studies.ts';

const PATH = '/dicom-web/studies/1.2/series/1.2.3/instances';

/** A bit-packed instance with known samples, as from an archive. */
function packed(rows: number, columns: number, samples: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(samples.length / 8));
  for (const [index, set] of samples.entries())
    if (set) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  return encodeDicom({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    StudyInstanceUID: '1.2',
    SeriesInstanceUID: '1.2.3',
    SOPInstanceUID: '1.2.3.4',
    NumberOfFrames: samples.length / (rows * columns),
    Rows: rows,
    Columns: columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelData: bytes,
  });
}

it('extracts every frame, wherever in a byte it begins', async () => {
  const images = fc
    .record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      frames: fc.integer({ min: 1, max: 9 }),
    })
    .chain(({ rows, columns, frames }) => {
      const length = rows * columns * frames;
      const samples = fc.array(fc.boolean(), { minLength: length, maxLength: length });
      return fc.tuple(fc.constant({ rows, columns, frames }), samples);
    });

  await fc.assert(
    fc.asyncProperty(images, async ([{ rows, columns, frames }, samples]) => {
      const file = packed(rows, columns, samples);
      const bitFrame = createBitFrames({ retrieveInstance: async () => file });
      const size = rows * columns;
      for (let frame = 0; frame < frames; frame++) {
        const bytes = (await bitFrame(`${PATH}/1.2.3.4/frames/${frame + 1}`)) ?? new Uint8Array(0);
        const bits = [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> bit) & 1) === 1));
        expect(bits.slice(0, size)).toEqual(samples.slice(frame * size, (frame + 1) * size));
        expect(bits.slice(size).every((bit) => !bit)).toBe(true);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

it('reads an instance once for any number of requested frames', async () => {
  let reads = 0;
  const file = packed(
    3,
    3,
    Array.from({ length: 27 }, (_, index) => index % 2 === 0),
  );
  const bitFrame = createBitFrames({
    retrieveInstance: async () => {
      reads++;
      return file;
    },
  });

  const frames = await Promise.all([1, 2, 3, 4].map((number) => bitFrame(`${PATH}/1.2.3.4/frames/${number}`)));

  expect(frames.map((frame) => frame?.length)).toEqual([2, 2, 2, undefined]);
  expect(reads).toBe(1);
});

it('requests the instance again after Orthanc did not answer', async () => {
  const answers = [Promise.reject(new Error('no answer')), Promise.resolve(packed(1, 8, Array(8).fill(true)))];
  const bitFrame = createBitFrames({ retrieveInstance: async () => answers.shift() });

  const first = bitFrame(`${PATH}/1.2.3.4/frames/1`);

  await expect(first).rejects.toThrow('no answer');
  expect(await bitFrame(`${PATH}/1.2.3.4/frames/1`)).toEqual(Uint8Array.of(255));
});

it('returns no frame if the instance is missing or not bit-packed, or if the path is not that of one frame', async () => {
  const [grey] = bitewingStudy().files;
  const ofGrey = createBitFrames({ retrieveInstance: async () => grey });
  const ofNothing = createBitFrames({ retrieveInstance: async () => undefined });

  expect(await ofGrey(`${PATH}/1.2.3.4/frames/1`)).toBeUndefined();
  expect(await ofNothing(`${PATH}/1.2.3.4/frames/1`)).toBeUndefined();
  expect(await ofGrey(`${PATH}/1.2.3.4/frames/1,2`)).toBeUndefined();
  expect(await ofGrey(`${PATH}/1.2.3.4/frames/0`)).toBeUndefined();
});
