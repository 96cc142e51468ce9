/** What becomes of the work that met an error, and which of its words are shown. Scripts rely on code and disposition. */
import { describe, expect, it } from 'vitest';
import * as errors from '#core/errors.ts';
import * as dicomErrors from '#dicom/error.ts';
import { EVERY_ERROR } from '../fixtures/every-error.ts';

const { HilumError, dispositionOf, isKnown, reasonOf } = errors;
const { DicomError, DicomReadError } = dicomErrors;
const OBJECT = { kind: 'non-result', SOPClassUID: '1.2', SOPInstanceUID: '2.25.1', attributes: {} } as const;

describe('a HilumError', () => {
  it.each(EVERY_ERROR)('%s: %s, %s', (error, code, disposition) => {
    expect([error.code, dispositionOf(error)]).toEqual([code, disposition]);
    expect(reasonOf(error)).toEqual({ code, message: 'x' });
    expect(error.name).toBe(error.constructor.name);
    expect(isKnown(error)).toBe(true);
  });

  it('is in this list, whatever its class', () => {
    const classes = [...Object.values(errors), ...Object.values(dicomErrors)].filter(
      (it) => typeof it === 'function' && (it.prototype instanceof HilumError || it.prototype instanceof DicomError),
    );

    expect(new Set(EVERY_ERROR.map(([error]) => error.constructor))).toEqual(new Set(classes));
  });

  it('carries its facts and its cause, or neither', () => {
    const cause = new TypeError('inner');
    const error = new errors.IntegrityError('x', { facts: { SOPInstanceUID: '2.25.1' }, cause });

    expect([error.facts, error.cause]).toEqual([{ SOPInstanceUID: '2.25.1' }, cause]);
    const bare = new errors.IntegrityError('x');
    expect(bare.facts).toEqual({});
    expect(bare).not.toHaveProperty('cause');
    for (const [each] of EVERY_ERROR.slice(0, 3)) expect(each.facts).toEqual({});
    const coded = new DicomReadError('malformed', 'x', { facts: { offset: 3 } });
    const tilted = new errors.GeometryError('gantry-tilt', 'x', { facts: { degrees: 3 } });
    const unseen = new errors.NotEvaluableError('no-teeth', 'x', { facts: { teeth: 0 } });
    expect([coded.facts, tilted.facts, unseen.facts]).toEqual([{ offset: 3 }, { degrees: 3 }, { teeth: 0 }]);
  });

  it('shows the refused object, which is about the patient, only on request', () => {
    const error = new errors.RefusedObjectError(OBJECT, 'x', { facts: { rule: 'y' } });

    expect(error.object).toBe(OBJECT);
    expect(error.facts).toEqual({ rule: 'y' });
    expect(JSON.stringify(error)).not.toContain('2.25.1');
  });
});

describe('an unexpected error', () => {
  it.each([new TypeError('no such key for Doe^Jane'), 'Doe^Jane', undefined])(
    'is tried again, and its text is not told',
    (error) => {
      expect(dispositionOf(error)).toBe('retry');
      expect(reasonOf(error)).toEqual({ code: 'unexpected', message: expect.not.stringContaining('Doe') });
    },
  );
});
