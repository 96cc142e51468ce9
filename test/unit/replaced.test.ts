/** Where the objects of a replaced set lie: with the patient of the images, or with another one. */
import { expect, it } from 'vitest';
import { readDicom } from '#dicom/read.ts';
import { endReplaced } from '#pipeline/replaced.ts';
import { EXPLICIT, encodeElements, identity, part10, SYNTAXES, sorted } from '../fixtures/part10.ts';

/** A header whose Patient ID has these bytes, under a character set. */
const headerOf = (charset: string, PatientID: Uint8Array) =>
  readDicom(
    part10(
      SYNTAXES.get(EXPLICIT) ?? '',
      encodeElements(
        sorted([
          ...identity(),
          { tag: '00080005', vr: 'CS', value: charset },
          { tag: '00100020', vr: 'LO', value: PatientID },
        ]),
        EXPLICIT,
      ),
    ),
  );

it.each([
  ['the same ID in another character set', 'ISO_IR 100', Buffer.from('Mü-1', 'latin1'), true],
  ['another ID', 'ISO_IR 100', Buffer.from('Mö-1', 'latin1'), false],
  ['an ID that cannot be decoded', 'ISO_IR 192', Buffer.from('Mü-1', 'latin1'), false],
])('objects lie with the patient of the images: %s', async (_, charset, bytes, isBeside) => {
  const header = headerOf('ISO_IR 192', Buffer.from('Mü-1 ', 'utf8'));
  const archive = { retrieveHeader: async () => header, deleteInstance: async () => 'unsupported' as const };
  const objects = [{ SOPClassUID: '1.2', SOPInstanceUID: '1.3', SeriesInstanceUID: '1.4' }];

  const { beside, elsewhere } = await endReplaced(
    archive,
    { StudyInstanceUID: '1.1', replaces: [{ setId: 'a', objects }] },
    { own: new Set(), deletes: false, source: headerOf(charset, bytes) },
    {},
  );

  expect([[...beside], [...elsewhere]]).toEqual(isBeside ? [['a'], []] : [[], ['a']]);
});
