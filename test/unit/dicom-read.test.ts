import { deflateRawSync } from 'node:zlib';
import dcmjs from 'dcmjs';
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { lookup } from '#dicom/dictionary.ts';
import { checkPart10Start, MAX_FILE_BYTES, MIN_INFLATED_LIMIT, PART10_START_BYTES, readDicom } from '#dicom/read.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  BIG_ENDIAN,
  codeOf,
  EXPLICIT,
  encodeElements,
  IMPLICIT,
  identity,
  part10,
  picture,
  type RawElement,
  type RawEncoding,
  sorted,
  words,
} from '../fixtures/part10.ts';
import { realFile, realFiles } from '../fixtures/real-data.ts';

const SYNTAX = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
};

describe('what is checked before a file is read into memory', () => {
  const start = new Uint8Array(PART10_START_BYTES);
  start.set(Buffer.from('DICM'), PART10_START_BYTES - 4);

  it('is that it is not larger than the limit', () => {
    expect(() => checkPart10Start(start, MAX_FILE_BYTES)).not.toThrow();
    expect(codeOf(() => checkPart10Start(start, MAX_FILE_BYTES + 1))).toBe('limit-exceeded');
  });

  it('is that it begins like DICOM', () => {
    expect(codeOf(() => checkPart10Start(start.subarray(1), 1_000))).toBe('not-dicom');
    expect(codeOf(() => checkPart10Start(new Uint8Array(), 0))).toBe('not-dicom');
  });
});

function ctElements(encoding: RawEncoding): readonly RawElement[] {
  return sorted([
    ...identity(),
    ...picture().map((element) =>
      element.vr === 'US' && element.value instanceof Uint8Array && !encoding.littleEndian
        ? { ...element, value: Buffer.from(element.value).swap16() }
        : element,
    ),
    { tag: '00080060', vr: 'CS', value: 'CT' },
    { tag: '00080008', vr: 'CS', value: 'ORIGINAL\\PRIMARY\\\\AXIAL' },
    { tag: '00081110', vr: 'SQ', value: [[{ tag: '00081150', vr: 'UI', value: '1.2.840.10008.3.1.2.3.1' }]] },
    { tag: '00200032', vr: 'DS', value: '-1.50\\2\\3e1' },
    { tag: '7FE00010', vr: 'OW', value: words([1, 2, 3, 4, 5, 6], encoding) },
  ]);
}

describe('readDicom', () => {
  it.each([
    ['implicit', SYNTAX.implicit, encodeElements(ctElements(IMPLICIT), IMPLICIT)],
    ['explicit', SYNTAX.explicit, encodeElements(ctElements(EXPLICIT), EXPLICIT)],
    ['deflated', SYNTAX.deflated, deflateRawSync(encodeElements(ctElements(EXPLICIT), EXPLICIT))],
    ['big endian', SYNTAX.bigEndian, encodeElements(ctElements(BIG_ENDIAN), BIG_ENDIAN)],
    ['implicit under an explicit name', SYNTAX.explicit, encodeElements(ctElements(IMPLICIT), IMPLICIT)],
  ])('gives the same values from %s', (_, syntax, body) => {
    const { dataset, TransferSyntaxUID } = readDicom(part10(syntax, body));

    expect(TransferSyntaxUID).toBe(syntax);
    expect(dataset.text('Modality')).toBe('CT');
    expect(dataset.texts('ImageType')).toEqual(['ORIGINAL', 'PRIMARY', '', 'AXIAL']);
    expect(dataset.numbers('ImagePositionPatient')).toEqual([-1.5, 2, 30]);
    expect(dataset.number('Columns')).toBe(3);
    expect(dataset.items('ReferencedStudySequence')[0]?.text('ReferencedSOPClassUID')).toBe('1.2.840.10008.3.1.2.3.1');
    expect(dataset.numbers('PixelData')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(dataset.has('PatientName')).toBe(false);
    expect(dataset.attributes(['ImagePositionPatient', 'Rows', 'ReferencedStudySequence', 'PatientName'])).toEqual({
      ImagePositionPatient: ['-1.50', '2', '3e1'],
      Rows: 2,
      ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.1' }],
    });
  });

  it('leaves out the pixels on request', () => {
    const bytes = part10(SYNTAX.explicit, encodeElements(ctElements(EXPLICIT)));

    const { dataset } = readDicom(bytes, { stopBeforePixels: true });

    expect(dataset.has('PixelData')).toBe(false);
    expect(dataset.number('Rows')).toBe(2);
  });

  it('decodes Japanese names with code extensions (PS3.5 H.3.1)', () => {
    const name = Buffer.from(
      'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
      'latin1',
    );
    const elements = sorted([
      ...identity(),
      { tag: '00080005', vr: 'CS', value: '\\ISO 2022 IR 87' },
      { tag: '00100010', vr: 'PN', value: name },
    ]);

    const { dataset } = readDicom(part10(SYNTAX.explicit, encodeElements(elements)));

    expect(dataset.text('PatientName')).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう');
  });

  it('refuses with a code', () => {
    const without = (tag: string, ...instead: RawElement[]): Uint8Array =>
      part10(SYNTAX.explicit, encodeElements(sorted([...identity().filter((each) => each.tag !== tag), ...instead])));
    const uid = (value: string): RawElement => ({ tag: '00080018', vr: 'UI', value });

    expect(codeOf(() => readDicom(Buffer.from('%PDF-1.7')))).toBe('not-dicom');
    expect(codeOf(() => readDicom(new Uint8Array(0)))).toBe('not-dicom');
    expect(codeOf(() => readDicom(part10('1.2.840.113619.5.2', new Uint8Array(0))))).toBe(
      'unsupported-transfer-syntax',
    );
    expect(codeOf(() => readDicom(without('00080018')))).toBe('missing-uid');
    expect(codeOf(() => readDicom(without('0020000D', { tag: '0020000D', vr: 'UI', value: '' })))).toBe('missing-uid');
    expect(codeOf(() => readDicom(without('00080018', uid('1.2/../3'))))).toBe('invalid-uid');
    expect(codeOf(() => readDicom(without('00080018', uid(`1.${'2'.repeat(63)}`))))).toBe('invalid-uid');
    expect(() => readDicom(without('00080018', uid(`1.${'2'.repeat(63)}`)))).toThrow(
      'The SOPInstanceUID has 65 characters; the standard allows 64',
    );
    expect(() => readDicom(without('00080018', uid('Miller')))).toThrow('other characters than digits and dots');
  });

  it.each([
    ['a foreign root', '999.1.2', '999.1.2'],
    ['leading zeros', '1.2.020060102.01', '1.2.020060102.01'],
    ['an empty component', '1.2..3', '1.2..3'],
    ['a dot at the end', '1.2.3.', '1.2.3.'],
    ['64 characters', `1.${'2'.repeat(62)}`, `1.${'2'.repeat(62)}`],
    ['several zero bytes of padding', '1.2.3\0\0\0', '1.2.3'],
    ['spaces as padding', ' 1.2.3  ', '1.2.3'],
  ])('takes a UID with %s', (_, value, read) => {
    const elements = [...identity().filter(({ tag }) => tag !== '00080018'), { tag: '00080018', vr: 'UI', value }];

    const { dataset } = readDicom(part10(SYNTAX.explicit, encodeElements(sorted(elements))));

    expect(dataset.text('SOPInstanceUID')).toBe(read);
  });

  it('describes files with any UIDs on request', () => {
    const long = `1.${'2'.repeat(80)}`;
    const elements = [{ tag: '00080018', vr: 'UI', value: long }];

    const { dataset } = readDicom(part10(SYNTAX.explicit, encodeElements(elements)), { anyUids: true });

    expect(dataset.text('SOPInstanceUID')).toBe(long);
    expect(dataset.has('StudyInstanceUID')).toBe(false);
  });

  it('trusts no declared length', () => {
    const lie = (declaredLength: number, vr = 'OW'): Uint8Array => {
      const value = words([1, 2]);
      const pixels: RawElement = { tag: '7FE00010', vr, value, declaredLength };
      return part10(SYNTAX.explicit, encodeElements([...identity(), pixels]));
    };
    const shortSequence: RawElement = {
      tag: '00081110',
      vr: 'SQ',
      value: [[{ tag: '00081150', vr: 'UI', value: '1.2' }]],
      declaredLength: 14,
    };

    expect(codeOf(() => readDicom(lie(0xffff_fff0)))).toBe('truncated');
    expect(codeOf(() => readDicom(lie(5)))).toBe('truncated');
    expect(codeOf(() => readDicom(part10(SYNTAX.explicit, encodeElements([shortSequence, ...identity()]))))).toBe(
      'malformed',
    );
  });

  it('notices a file truncated anywhere in its pixels', () => {
    const bytes = part10(SYNTAX.explicit, encodeElements(ctElements(EXPLICIT)));

    const codes = Array.from({ length: 11 }, (_, cut) =>
      codeOf(() => readDicom(bytes.subarray(0, bytes.length - 1 - cut))),
    );

    expect(new Set(codes)).toEqual(new Set(['truncated']));
  });

  it('answers any truncation and any wrong byte with a code, never with another error', () => {
    const bytes = part10(SYNTAX.explicit, encodeElements(ctElements(EXPLICIT)));
    const attempts = Array.from(bytes, (_, at) => {
      const wrong = Uint8Array.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 0xff;
      return [bytes.subarray(0, at), wrong];
    }).flat();

    const codes = attempts.map((attempt) => codeOf(() => indexInstance(attempt)));

    expect(codes.filter((code) => code !== undefined).length).toBeGreaterThan(100);
  });

  it('follows sequences only down to a limit', () => {
    const nested = (depth: number): readonly RawElement[] =>
      depth === 0 ? [] : [{ tag: '00081110', vr: 'SQ', value: [[...nested(depth - 1)]] }];
    const file = (depth: number): Uint8Array =>
      part10(SYNTAX.explicit, encodeElements(sorted([...identity(), ...nested(depth)])));

    expect(codeOf(() => readDicom(file(32)))).toBeUndefined();
    expect(codeOf(() => readDicom(file(33)))).toBe('limit-exceeded');
  });

  it('stops inflating a bomb', () => {
    const bomb = deflateRawSync(new Uint8Array(64 * 2 ** 20));

    expect(bomb.length).toBeLessThan(100_000);
    // Refused for its size and not for its content: its zeros would be too many elements.
    const refused = expect.objectContaining({ facts: { deflated: bomb.length, limit: MIN_INFLATED_LIMIT } });
    expect(() => readDicom(part10(SYNTAX.deflated, bomb))).toThrow(refused);
    expect(codeOf(() => readDicom(part10(SYNTAX.deflated, bomb)))).toBe('limit-exceeded');
    expect(codeOf(() => readDicom(part10(SYNTAX.deflated, bomb.subarray(0, 500))))).toBe('truncated');
    expect(codeOf(() => readDicom(part10(SYNTAX.deflated, Buffer.from('not deflated'))))).toBe('malformed');
  });
});

describeWith(['data'], 'readDicom on real files', () => {
  it.each([
    ['broken/TotalSegmentator__ct-empty-uids.dcm', 'missing-uid'],
    ['broken/pydicom__MR_truncated.dcm', 'truncated'],
    ['broken/pydicom__no_meta.dcm', 'not-dicom'],
    ['broken/fo-dicom__GH626.dcm', 'truncated'],
  ])('refuses %s: %s', (path, code) => {
    expect(codeOf(() => readDicom(realFile(path)))).toBe(code);
  });

  it('reads the values that dcmjs reads', () => {
    const keywords = [
      'SOPInstanceUID',
      'Modality',
      'Rows',
      'BitsStored',
      'StudyDate',
      'PixelSpacing',
      'InstanceNumber',
    ];
    const files = realFiles().filter(({ path }) => /^(dental|xray|charset|enhanced|ct-head-28)\//.test(path));

    const compared = files.flatMap(({ path }) => {
      const bytes = realFile(path);
      const theirs = withDcmjs(bytes);
      const ours = readDicom(bytes).dataset;
      return keywords.map((keyword) => ({
        path,
        keyword,
        ours: ours.texts(keyword).map(comparable),
        theirs: theirs(keyword),
      }));
    });

    expect(compared.length).toBeGreaterThan(300);
    for (const { path, keyword, ours, theirs } of compared) expect(ours, `${path} ${keyword}`).toEqual(theirs);
  });
});

function comparable(value: unknown): string {
  return typeof value === 'string' && !Number.isNaN(Number(value)) ? String(Number(value)) : String(value);
}

/** dcmjs as a second opinion. It takes whole ArrayBuffers only, and reads on after a fault. */
function withDcmjs(bytes: Uint8Array): (keyword: string) => readonly string[] {
  dcmjs.log.setLevel('silent', false);
  const { dict } = dcmjs.data.DicomMessage.readFile(Uint8Array.from(bytes).buffer, {
    ignoreErrors: true,
    noCopy: true,
  });
  return (keyword) =>
    (dict[lookup(keyword)?.tag ?? '']?.Value ?? []).filter((value) => value !== null && value !== '').map(comparable);
}
