/** The same picture twice, compressed in two ways. */
import { encodeJpeg2000, encodeJpegLs, encodeRle } from '../../fixtures/encoders.ts';
import { soundSpine } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import { bytesOf, changed, type File, mapped } from '../edit.ts';
import { spineHolds } from '../holds.ts';
import { sliceOf, withStream } from './compressed.ts';
import { DEPARTMENTS, READERS } from './spine-case.ts';
import { again, asSeries } from './spine-series.ts';

const JPEG_LS = '1.2.840.10008.1.2.4.80';
const NEAR_LOSSLESS = '1.2.840.10008.1.2.4.81';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const RLE = '1.2.840.10008.1.2.5';

const jpegLs = async (file: File): Promise<File> => withStream(file, JPEG_LS, await encodeJpegLs(sliceOf(file)));
const jpeg2000 = async (file: File): Promise<File> => withStream(file, JPEG_2000, await encodeJpeg2000(sliceOf(file)));
const rle = async (file: File): Promise<File> => withStream(file, RLE, encodeRle(sliceOf(file)));
/** With loss of up to three units, and saying so. */
const lossy = async (file: File): Promise<File> =>
  changed(withStream(file, NEAR_LOSSLESS, await encodeJpegLs(sliceOf(file), { near: 3 })), {
    LossyImageCompression: '01',
  });

type Making = (files: readonly File[]) => Promise<readonly File[]>;

const said = (says?: RegExp): Expected =>
  spineHolds({ truth: () => soundSpine().truth, graded: 3, ...(says && { says }) });

function twin(name: string, source: string, make: Making, expected: Expected): FieldCase {
  const files = async () => (await make(soundSpine().files)).map(bytesOf);
  return { name, source, made: 'phantom, changed', tool: 'vertebral-fracture', files, expected };
}

const all = (files: readonly File[], how: (file: File) => Promise<File>): Promise<readonly File[]> =>
  Promise.all(files.map(how));

const SAME = /1 of 113 images was not evaluated: the same place and the same pixels/;

export const CT_TWINS: readonly FieldCase[] = [
  twin(
    'one slice sent again under another UID, as JPEG-LS',
    READERS,
    async (files) => [...files, ...(await all(again(files.slice(50, 51), 'again'), jpegLs))],
    said(SAME),
  ),
  twin(
    'one slice sent again in a series as JPEG-LS, without compression',
    READERS,
    async (files) => [...(await all(files, jpegLs)), ...again(files.slice(50, 51), 'again')],
    said(SAME),
  ),
  twin(
    'all slices sent again under other UIDs, as JPEG 2000 without loss',
    DEPARTMENTS,
    async (files) => [...files, ...(await all(again(files, 'again'), jpeg2000))],
    said(/112 of 224 images were not evaluated: the same place and the same pixels/),
  ),
  twin(
    'some slices as JPEG-LS, some as RLE, some as both',
    READERS,
    async (files) => [...(await all(files.slice(0, 60), jpegLs)), ...(await all(again(files.slice(50), 'again'), rle))],
    said(/10 of 122 images were not evaluated: the same place and the same pixels/),
  ),
  twin(
    'one slice sent again as JPEG-LS, with other pixels',
    READERS,
    async (files) => [
      ...files,
      ...(await all(
        again(files.slice(50, 51), 'again').map((file) => mapped(file, (value) => value + 5)),
        jpegLs,
      )),
    ],
    { refused: ['duplicate-slices'], because: /position of another slice/ },
  ),
  twin(
    'one slice sent again, compressed with loss',
    DEPARTMENTS,
    async (files) => [...files, ...(await all(again(files.slice(50, 51), 'again'), lossy))],
    said(/1 of 113 images was not evaluated: the same place as another image, compressed with loss/),
  ),
  twin(
    'all slices sent again, compressed with loss',
    DEPARTMENTS,
    async (files) => [...files, ...(await all(again(files, 'again'), lossy))],
    said(/112 of 224 images were not evaluated: .*compressed with loss/),
  ),
  twin(
    'one SOP Instance UID for a slice without compression and as JPEG-LS',
    READERS,
    async (files) => [...files, ...(await all(files.slice(50, 51), jpegLs))],
    said(),
  ),
  twin(
    'one SOP Instance UID for a slice without compression and with loss',
    READERS,
    async (files) => [...files, ...(await all(files.slice(50, 51), lossy))],
    said(/once compressed with loss/),
  ),
  twin(
    'one SOP Instance UID for a slice and, as JPEG-LS, for another picture',
    READERS,
    async (files) => [
      ...files,
      ...(await all(
        files.slice(50, 51).map((file) => mapped(file, (value) => value + 5)),
        jpegLs,
      )),
    ],
    { refused: ['duplicate-uid'], because: /same SOP Instance UID/ },
  ),
  twin(
    'one scan in two series that share a slice, one of them as JPEG-LS',
    DEPARTMENTS,
    async (files) => [...files.slice(0, 60), ...(await all(asSeries(files.slice(59), 'upper'), jpegLs))],
    said(/1 of 113 images was not evaluated: the same place and the same pixels.*"joined"/),
  ),
  twin(
    'a series with loss beside the same without',
    DEPARTMENTS,
    async (files) => [...(await all(asSeries(files, 'archive', 0), lossy)), ...files],
    said(/"SeriesNumber":0,"Modality":"CT","images":112/),
  ),
];
