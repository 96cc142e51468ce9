import { expect, it } from 'vitest';
import { wantsOf } from '#edge/wanted.ts';
import { SPINE_CATALOG } from '../fixtures/edge.ts';

it.each([
  ['MR', 'No tool takes images of modality MR.'],
  ['DOE JOHN', 'No tool takes images of a modality that DICOM does not define.'],
  ['DOE', 'No tool takes images of a modality that DICOM does not define.'],
  [undefined, 'The series names no modality.'],
])('refuses modality %s without repeating what may be a name', (Modality, message) => {
  const verdict = wantsOf(SPINE_CATALOG).judgeModality(Modality);

  expect(verdict).toEqual({ wanted: false, reason: { code: 'modality-not-wanted', message } });
});
