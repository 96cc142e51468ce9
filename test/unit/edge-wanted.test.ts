import { expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { wantsOf } from '#edge/wanted.ts';
import { enhanced, section } from '../fixtures/cross-sections.ts';
import { SPINE_CATALOG } from '../fixtures/edge.ts';

it.each([
  ['MR', 'No deployed tool takes images of modality MR.'],
  ['DOE JOHN', 'No deployed tool takes images of a modality that DICOM does not define.'],
  ['DOE', 'No deployed tool takes images of a modality that DICOM does not define.'],
  [undefined, 'The series names no modality.'],
])('refuses modality %s without repeating what may be a name', (Modality, message) => {
  const verdict = wantsOf(SPINE_CATALOG).judgeModality(Modality);

  expect(verdict).toEqual({ wanted: false, reason: { code: 'modality-not-wanted', message } });
});

it('wants an enhanced object for the frames in it', () => {
  const stack = (slices: number) =>
    indexInstance(
      enhanced(
        Array.from({ length: slices }, (_, k) => section(k)),
        { BodyPartExamined: 'SPINE' },
      ),
    );
  const wants = wantsOf(SPINE_CATALOG);

  const [whole, few] = [stack(3), stack(2)].map((index) => wants.judgeStudy(index.StudyInstanceUID, [index]));

  expect(whole).toEqual({ wanted: true });
  expect(few).toMatchObject({ wanted: false, reason: { code: 'no-suitable-image' } });
});

it('wants a short series, which may be a piece of a scan, but not a study of short series only', () => {
  const wants = wantsOf(SPINE_CATALOG);
  const piece = indexInstance(enhanced([section(0), section(1)], { BodyPartExamined: 'SPINE' }));
  const head = indexInstance(enhanced([section(0), section(1)], { BodyPartExamined: 'HEAD' }));

  expect(wants.judgeSeries(piece.StudyInstanceUID, [piece])).toEqual({ wanted: true });
  expect(wants.judgeSeries(head.StudyInstanceUID, [head])).toMatchObject({ wanted: false });
  expect(wants.judgeStudy(piece.StudyInstanceUID, [piece])).toMatchObject({ wanted: false });
});
