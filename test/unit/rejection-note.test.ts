/** The note that rejects a set of our own objects. */
import { describe, expect, it } from 'vitest';
import { convertRejection, type Rejection } from '#core/convert-result.ts';
import { RefusedObjectError } from '#core/errors.ts';
import { checkObjects } from '#core/gate/gate.ts';
import { identityObjectOf } from '#core/results/identity-object.ts';
import { rejectionNote } from '#core/results/rejection-note.ts';
import { SOP_CLASS } from '#core/results/sop-classes.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { replacedSet } from '../fixtures/replacing.ts';
import { ctCase } from '../fixtures/results.ts';

const { result, files, source } = ctCase();
const rejected = replacedSet(ctCase());
const identity = identityObjectOf(readDicom(files[0] ?? new Uint8Array()).dataset);
const moments = { content: '2026-02-01T08:00:00Z', creation: '2026-02-01T08:00:05Z', timeZone: 'UTC' };
const noteOf = (change: Partial<Rejection> = {}) =>
  convertRejection({ result, identity, rejected, reason: 'superseded', moments, ...change });

const referencesIn = (dataset: Dataset): readonly (readonly [string | undefined, string | undefined])[] =>
  dataset
    .items('ContentSequence')
    .filter((item) => ['IMAGE', 'COMPOSITE'].includes(item.text('ValueType') ?? ''))
    .map((item) => [item.text('ValueType'), item.items('ReferencedSOPSequence')[0]?.text('ReferencedSOPInstanceUID')]);

describe('a rejection note', () => {
  it.each([
    ['superseded', '113001'],
    ['wrong-identity', '113038'],
  ] as const)('says with a code of IOCM that a set is %s, and lists its objects', (reason, code) => {
    const { dataset } = readDicom(noteOf({ reason }).bytes);

    expect(dataset.text('Modality')).toBe('KO');
    expect(dataset.items('ConceptNameCodeSequence')[0]?.text('CodeValue')).toBe(code);
    const images: readonly string[] = [SOP_CLASS.segmentation, SOP_CLASS.secondaryCapture];
    expect(referencesIn(dataset)).toEqual(
      rejected.objects.map(({ SOPClassUID, SOPInstanceUID }) => [
        images.includes(SOPClassUID) ? 'IMAGE' : 'COMPOSITE',
        SOPInstanceUID,
      ]),
    );
    const [evidence] = dataset.items('CurrentRequestedProcedureEvidenceSequence');
    expect(evidence?.text('StudyInstanceUID')).toBe(source.StudyInstanceUID);
    expect(
      evidence?.items('ReferencedSeriesSequence').flatMap((series) => series.items('ReferencedSOPSequence')),
    ).toHaveLength(rejected.objects.length);
  });

  it('is filed with the objects that it rejects, and states its own moment', () => {
    const { dataset } = readDicom(noteOf().bytes);
    const patient = readDicom(files[0] ?? new Uint8Array()).dataset;

    for (const keyword of ['PatientID', 'PatientName', 'StudyInstanceUID', 'StudyDate'])
      expect(dataset.text(keyword)).toBe(patient.text(keyword));
    expect([dataset.text('ContentTime'), dataset.text('InstanceCreationTime')]).toEqual(['080000', '080005']);
    expect(dataset.text('SeriesDescription')).toBe('Phantom assessment: rejection note (research)');
  });

  it('is numbered with the series that it rejects', () => {
    const numbers = [undefined, 3].map((generation) =>
      readDicom(noteOf({ rejected: { ...rejected, generation } }).bytes).dataset.text('SeriesNumber'),
    );

    expect(numbers).toEqual(['70010', '70310']);
  });

  it('is known as our own output, which is never an input', () => {
    expect(indexInstance(noteOf().bytes).writtenByHilum).toBe(true);
  });

  it('has the same bytes each time, and UIDs of its own for each set and reason', () => {
    const other = { ...rejected, setId: 'f'.repeat(32) };
    const notes = [noteOf(), noteOf({ reason: 'wrong-identity' }), noteOf({ rejected: other })];

    expect(noteOf()).toEqual(notes[0]);
    const uids = notes.flatMap(({ SOPInstanceUID, SeriesInstanceUID }) => [SOPInstanceUID, SeriesInstanceUID]);
    expect(new Set(uids).size).toBe(6);
  });

  it('is refused about objects that are none of the set', () => {
    const note = rejectionNote(result, source, rejected, 'superseded');
    const refusal = (rejects: typeof rejected.objects): unknown => {
      try {
        checkObjects([note], { ...source, rejects });
      } catch (error) {
        if (error instanceof RefusedObjectError) return error.facts['rule'];
        throw error;
      }
      return 'passed';
    };

    expect(refusal(rejected.objects)).toBe('passed');
    expect(refusal(rejected.objects.slice(1))).toBe('unresolved-reference');
  });
});
