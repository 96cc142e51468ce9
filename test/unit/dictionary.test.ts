/** The data dictionary, which reads a committed table, compared with dcmjs's dictionary, from which the table is made. */
import { readFileSync } from 'node:fs';
import { dictionary } from 'dcmjs/dictionary';
import { describe, expect, it } from 'vitest';
import { keywordOf, lookup, vrOf } from '#dicom/dictionary.ts';
import { dictionaryTable } from '../../scripts/dictionary/table.ts';

const table = new URL('../../dicom/dictionary-table.json', import.meta.url);

describe('the table', () => {
  it('is what `npm run dictionary` makes from dcmjs now', () => {
    expect(readFileSync(table, 'utf8')).toBe(dictionaryTable());
  });

  it('has exactly dcmjs’s attributes of the standard', () => {
    const standard = Object.values(dictionary).flatMap(({ tag, name, vm }) => {
      const [, group = '', element = ''] = /^\(([0-9A-F]{4})(?:-[0-9A-F]{4})?,([0-9A-F]{4})\)$/.exec(tag) ?? [];
      const isOfStandard = group !== '' && Number.parseInt(group, 16) % 2 === 0;
      return isOfStandard ? [{ tag: group + element, keyword: name, vm }] : [];
    });
    const retired = standard.filter(({ keyword }) => keyword.startsWith('RETIRED_'));
    const used = standard.filter((entry) => !retired.includes(entry));

    expect(standard.length).toBeGreaterThan(5000);
    expect(used.map(({ keyword }) => lookup(keyword))).toEqual(used.map((entry) => expect.objectContaining(entry)));
    expect(used.filter(({ tag, keyword }) => keywordOf(Number.parseInt(tag, 16)) !== keyword)).toEqual([]);
    expect(retired.filter(({ tag }) => keywordOf(Number.parseInt(tag, 16)) !== undefined)).toEqual([]);
    expect(standard.filter(({ tag }) => vrOf(Number.parseInt(tag, 16)) === undefined)).toEqual([]);
    expect(readFileSync(table, 'utf8').match(/^ {4}"/gm)).toHaveLength(standard.length);
  });
});

describe('an attribute', () => {
  it('is found by its keyword, with VR and VM in the words of PS3.6', () => {
    expect(lookup('ImageType')).toEqual({ keyword: 'ImageType', tag: '00080008', vr: 'CS', vm: '2-n' });
    expect(lookup('SmallestImagePixelValue')).toMatchObject({ vr: 'US or SS', vm: '1' });
    expect(lookup('PixelData')).toMatchObject({ tag: '7FE00010', vr: 'OB or OW' });
    expect(lookup('LUTData')).toMatchObject({ vr: 'US or OW', vm: '1-n' });
    expect(lookup('PatientsName')).toBeUndefined();
    expect(lookup('')).toBeUndefined();
  });

  it('that is retired has a VR for reading, and no keyword for writing', () => {
    const lengthToEnd = 0x0008_0001;

    expect(vrOf(lengthToEnd)).toBe('UL');
    expect(keywordOf(lengthToEnd)).toBeUndefined();
    expect([lookup('LengthToEnd'), lookup('RETIRED_LengthToEnd')]).toEqual([undefined, undefined]);
  });

  it('of a repeating group equals that of the first group, up to 50FF and 60FF', () => {
    expect(lookup('OverlayData')).toMatchObject({ tag: '60003000', vr: 'OB or OW' });
    expect([0x6000_3000, 0x6002_3000, 0x60fe_3000].map(vrOf)).toEqual(['OB or OW', 'OB or OW', 'OB or OW']);
    expect([0x5000_0005, 0x50fe_0005].map(vrOf)).toEqual(['US', 'US']);
    expect([0x6100_3000, 0x5100_0005].map(vrOf)).toEqual([undefined, undefined]);
    expect([keywordOf(0x6000_3000), keywordOf(0x6002_3000)]).toEqual(['OverlayData', undefined]);
  });

  it('of a private group has a VR only where it is a creator or a group length', () => {
    expect([0x0009_0010, 0x0009_00ff].map(vrOf)).toEqual(['LO', 'LO']);
    expect([0x0009_000f, 0x0009_0100, 0x0009_1001].map(vrOf)).toEqual([undefined, undefined, undefined]);
    expect([0x0009_0000, 0x0008_0000, 0x4444_0000].map(vrOf)).toEqual(['UL', 'UL', 'UL']);
    expect(keywordOf(0x0009_0010)).toBeUndefined();
  });
});
