/** Files and UIDs that are not as PS3.5 and PS3.10 want them. */
import { encodeJpeg2000, encodeJpegLs } from '../../fixtures/encoders.ts';
import { soundSpine } from '../bases.ts';
import type { Expected, FieldCase } from '../case.ts';
import { bytesOf, changed, raw } from '../edit.ts';
import { spineHolds } from '../holds.ts';
import { sliceOf, withStream } from './compressed.ts';
import { DEPARTMENTS, evaluated, READERS, refused, withHeader } from './spine-case.ts';

const JPEG_2000 = '1.2.840.10008.1.2.4.90';

/** The sound spine with every slice compressed, and the stream changed. */
function compressed(
  name: string,
  change: (stream: Uint8Array) => Uint8Array,
  encode: typeof encodeJpeg2000 = encodeJpeg2000,
  syntax = JPEG_2000,
): FieldCase {
  const files = () =>
    Promise.all(
      soundSpine().files.map(async (file) => bytesOf(withStream(file, syntax, change(await encode(sliceOf(file)))))),
    );
  return { name, source: READERS, made: 'phantom, changed', tool: 'vertebral-fracture', files, expected: AS_BEFORE };
}
const AS_BEFORE: Expected = spineHolds({ truth: () => soundSpine().truth, graded: 3 });

/** A comment (COM, FF64) behind the first markers of a codestream (ISO/IEC 15444-1 A.9.2). */
function withComment(stream: Uint8Array): Uint8Array {
  const text = Buffer.from('made by nobody');
  const at = stream.findIndex((byte, i) => byte === 0xff && stream[i + 1] === 0x52);
  const comment = Buffer.concat([Uint8Array.of(0xff, 0x64, 0, text.length + 4, 0, 1), text]);
  return Buffer.concat([stream.subarray(0, at), comment, stream.subarray(at)]);
}

const withoutEnd = (stream: Uint8Array): Uint8Array => stream.subarray(0, stream.length - 2);
const withTail = (stream: Uint8Array): Uint8Array => Buffer.concat([stream, new Uint8Array(38)]);

const STREAMS: readonly FieldCase[] = [
  compressed('JPEG 2000', (stream) => stream),
  compressed('JPEG 2000 with a comment', withComment),
  compressed('JPEG 2000 without the marker of its end', withoutEnd),
  compressed('JPEG 2000 with zeros behind its end', withTail),
  compressed('JPEG-LS', (stream) => stream, encodeJpegLs, '1.2.840.10008.1.2.4.80'),
];

const UID_CODES = ['invalid-uid', 'uid-too-long'];
const LONG = `2.25.${'1234567890'.repeat(6)}`;

const UIDS: readonly FieldCase[] = [
  evaluated('UIDs under the root 999', READERS, (files) =>
    files.map((file, slice) =>
      changed(file, {
        StudyInstanceUID: '999.1',
        SeriesInstanceUID: '999.1.1',
        SOPInstanceUID: `999.1.1.${slice}`,
        FrameOfReferenceUID: '999.2',
      }),
    ),
  ),
  evaluated('UIDs with leading zeros in their components', READERS, (files) =>
    files.map((file, slice) =>
      changed(file, { SeriesInstanceUID: '1.2.003.04', SOPInstanceUID: `1.2.003.04.0${slice}` }),
    ),
  ),
  evaluated('a Frame of Reference UID under the root 5', READERS, withHeader({ FrameOfReferenceUID: '5.1.2' })),
  refused(
    'SOP Instance UIDs of more than 64 characters',
    READERS,
    (files) => files.map((file, slice) => changed(file, { SOPInstanceUID: `${LONG}${slice + 100}` })),
    UID_CODES,
    /64 characters|UID/,
  ),
  refused(
    'a Study Instance UID of more than 64 characters',
    READERS,
    withHeader({ StudyInstanceUID: `${LONG}123` }),
    UID_CODES,
    /64 characters|UID/,
  ),
  refused(
    'a SOP Instance UID with letters',
    READERS,
    withHeader({ SOPInstanceUID: raw('UI', '1.2.abc\0') }),
    ['invalid-uid'],
    /UID/,
  ),
  refused(
    'no Series Instance UID',
    READERS,
    withHeader({ SeriesInstanceUID: undefined }),
    ['missing-uid'],
    /SeriesInstanceUID/,
  ),
];

/** Bytes that are cut off, wrong or no DICOM, in a folder of their own or beside sound ones. */
const FILES: readonly FieldCase[] = [
  beside('a text beside the slices', [Buffer.from('Dear colleague')]),
  beside('an archive beside the slices', [Buffer.from('PK\x03\x04, no study')]),
  beside('an empty file beside the slices', [new Uint8Array()]),
  only('a text', [Buffer.from('Dear colleague')], ['not-dicom'], /no DICOM preamble/),
  only('a ZIP archive', [Buffer.from('PK\x03\x04, no study')], ['not-dicom'], /ZIP archive: unpack/),
  only('an empty file', [new Uint8Array()], ['not-dicom'], /empty/),
  {
    ...{
      name: 'a slice that is cut off among whole ones',
      source: DEPARTMENTS,
      made: 'phantom, changed',
      tool: 'vertebral-fracture',
    },
    files: () =>
      soundSpine().files.map((file, slice) => (slice === 50 ? bytesOf(file).subarray(0, 9000) : bytesOf(file))),
    expected: { refused: ['missing-slices'], because: /1 slice is missing/ },
  },
  {
    ...{
      name: 'slices that are all cut off',
      source: DEPARTMENTS,
      made: 'phantom, changed',
      tool: 'vertebral-fracture',
    },
    files: () =>
      soundSpine()
        .files.slice(0, 20)
        .map((file) => bytesOf(file).subarray(0, 9000)),
    expected: { refused: ['truncated'], because: /declares \d+ bytes where \d+ remain/ },
  },
];

function beside(name: string, others: readonly Uint8Array[]): FieldCase {
  const files = () => [...soundSpine().files.map(bytesOf), ...others];
  return {
    name,
    source: DEPARTMENTS,
    made: 'phantom, changed',
    tool: 'vertebral-fracture',
    files,
    expected: AS_BEFORE,
  };
}

function only(name: string, files: readonly Uint8Array[], codes: readonly string[], because: RegExp): FieldCase {
  return {
    name,
    source: DEPARTMENTS,
    made: 'phantom',
    tool: 'vertebral-fracture',
    files: () => files,
    expected: { refused: codes, because },
  };
}

export const BYTES: readonly FieldCase[] = [...STREAMS, ...UIDS, ...FILES];
