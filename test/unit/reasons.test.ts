/** Sentences that must be true as they are printed. */
import { describe, expect, it } from 'vitest';
import { figureBeside, isOver } from '#core/figures.ts';
import { noImage } from '#core/study/no-image.ts';

describe('a figure beside a limit', () => {
  it.each([
    [4.02, 4, '4.02'],
    [4.0001, 4, '4.0001'],
    [3.96, 4, '3.96'],
    [5, 4, '5.0'],
    [4, 4, '4.0'],
  ])('%f beside %f is %s', (value, limit, shown) => {
    expect(figureBeside(value, limit)).toBe(shown);
  });

  it('may have no decimals', () => {
    expect([figureBeside(29.7, 30, 0), figureBeside(12.3, 30, 0)]).toEqual(['29.7', '12']);
  });

  it('is over the limit only by what can be printed', () => {
    expect([isOver(4 + 1e-12, 4), isOver(4.00001, 4), isOver(3, 4)]).toEqual([false, true, false]);
  });
});

describe('a study without an image for tools', () => {
  const sc = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' };

  it.each([
    [
      'a scanned film',
      [sc, sc],
      'only Secondary Captures (2); what the pixels of a Secondary Capture measure is not known.',
    ],
    ['reports', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33' }], 'only structured reports (1).'],
    ['key objects', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.59' }], 'only key object selections (1).'],
    ['a document', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1' }], 'only encapsulated documents (1).'],
    ['a plan', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5' }], 'only radiotherapy objects (1).'],
    ['an ECG', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.9.1.1' }], 'only waveforms (1).'],
    ['a video', [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.77.1.1.1' }], 'only visible light images or videos (1).'],
    [
      'a scout',
      [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }],
      'only localizers (1).',
    ],
    ['our results', [{ ...sc, writtenByHilum: true }], 'only objects written by Hilum (1).'],
    [
      'unknown objects',
      [{ SOPClassUID: '1.2.3' }],
      'only objects of the SOP Class 1.2.3, which Hilum does not read (1).',
    ],
  ])('says that it holds %s', (_, instances, rest) => {
    expect(noImage('The study', instances)).toEqual({
      code: 'no-image',
      message: `The study holds no image that a tool could take, ${rest}`,
    });
  });

  it('says so also if it holds nothing', () => {
    expect(noImage('The study', []).message).toBe('The study holds no image that a tool could take.');
  });
});
