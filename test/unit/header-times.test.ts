/** Times of a header as seconds after the study's own, so that the index holds no time of day. */
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Attributes } from '#dicom/write.ts';
import { enhanced, section, singleFrames } from '../fixtures/cross-sections.ts';

const offsets = (attributes: Attributes) => {
  const [file = new Uint8Array()] = singleFrames([section(0)], attributes);
  const { acquisitionOffsetS, contentOffsetS } = indexInstance(file);
  return [acquisitionOffsetS, contentOffsetS];
};
const STUDY = { StudyDate: '20260105', StudyTime: '083000' };

describe('the time of an image', () => {
  it.each<[string, Attributes, readonly (number | undefined)[]]>([
    ['by Acquisition Time', { ...STUDY, AcquisitionTime: '083130.25' }, [90.25, undefined]],
    [
      'by Acquisition DateTime, before Acquisition Time',
      { ...STUDY, AcquisitionDateTime: '20260105083001.5+0100', AcquisitionTime: '090000' },
      [1.5, undefined],
    ],
    ['by Content Time', { ...STUDY, ContentTime: '0831' }, [undefined, 60]],
    ['by whole hours', { ...STUDY, AcquisitionTime: '09' }, [1800, undefined]],
    ['on the next day', { ...STUDY, AcquisitionDate: '20260106', AcquisitionTime: '003000' }, [16 * 3600, undefined]],
    ['before the study', { ...STUDY, AcquisitionTime: '082959' }, [-1, undefined]],
    [
      'after the series, where the study has no time',
      { SeriesDate: '20260105', SeriesTime: '083000', AcquisitionTime: '083002' },
      [2, undefined],
    ],
    ['of a study without date', { StudyTime: '083000', AcquisitionTime: '083002' }, [2, undefined]],
    [
      'is not told without a time to count from',
      { AcquisitionTime: '083002', ContentTime: '083003' },
      [undefined, undefined],
    ],
    ['is not told without a time', { ...STUDY, AcquisitionDate: '20260105' }, [undefined, undefined]],
  ])('%s', (_, attributes, expected) => {
    expect(offsets(attributes)).toEqual(expected);
  });

  it('is of each frame, and no time of day is in the index', () => {
    const frames = [0, 1].map((k) => section(k, { content: { FrameAcquisitionDateTime: `2026010508310${k}.5` } }));

    const index = indexInstance(enhanced(frames, STUDY));

    expect(index.frames?.map(({ acquisitionOffsetS }) => acquisitionOffsetS)).toEqual([60.5, 61.5]);
    expect(JSON.stringify(index)).not.toMatch(/0831|20260105/);
  });
});
