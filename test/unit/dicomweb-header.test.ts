/** Headers of files that arrive in pieces. */
import { expect, it } from 'vitest';
import { headerOf } from '#adapters/dicomweb/header.ts';
import { resultUid } from '#dicom/uid.ts';
import { encodeDicom } from '#dicom/write.ts';
import { largeCtSeries } from '../fixtures/edge.ts';

const [slice = new Uint8Array()] = largeCtSeries(1);

/** The file in pieces, which tells how much of it was read. */
function arriving(file: Uint8Array, piece: number) {
  const seen = { bytes: 0 };
  async function* pieces() {
    for (let from = 0; from < file.length; from += piece) {
      seen.bytes = Math.min(file.length, from + piece);
      yield file.subarray(from, from + piece);
    }
  }
  return { seen, file: pieces() };
}

it.each([1_000, 70_000, 10_000_000])('are read before the pixels have come, in pieces of %d bytes', async (piece) => {
  const { seen, file } = arriving(slice, piece);

  const { dataset } = await headerOf(file);

  expect([dataset.text('PatientID'), dataset.number('Rows')]).toEqual(['PHANTOM-LARGE', 512]);
  expect(seen.bytes).toBeLessThanOrEqual(Math.max(piece, 70_000));
});

it('may be longer than the first piece that is looked at', async () => {
  const long = encodeDicom({
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.66', StudyInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.2' },
    ...{ SOPInstanceUID: resultUid('long'), PatientID: 'LONG', TextValue: 'x'.repeat(300_000) },
  });

  expect((await headerOf(arriving(long, 30_000).file)).dataset.text('PatientID')).toBe('LONG');
});

it('are refused if the file is no DICOM, or ends too early', async () => {
  await expect(headerOf(arriving(Buffer.from('no DICOM'), 4).file)).rejects.toMatchObject({ code: 'not-dicom' });
  await expect(headerOf(arriving(slice.subarray(0, 300), 100).file)).rejects.toMatchObject({ code: 'truncated' });
});
