/** UIDs: their syntax (PS3.5 9.1), and those that name results. */
import { describe, expect, it } from 'vitest';
import { isKeyUid, isUid, resultUid, uidProblem } from '#dicom/uid.ts';

describe('a UID', () => {
  it.each([
    ['1.2', true],
    ['0.0', true],
    ['2.25.10', true],
    [`1.${'2'.repeat(62)}`, true],
    [`1.${'2'.repeat(63)}`, false],
    ['1', false],
    ['', false],
    ['.1', false],
    ['1.', false],
    ['1..2', false],
    ['1.02', false],
    ['01.2', false],
    ['1.2a', false],
    ['1.2 ', false],
    ['1.2\n', false],
  ])('%j: %s', (text, is) => {
    expect(isUid(text)).toBe(is);
  });
});

describe('a UID from outside', () => {
  it.each([
    ['1.2.3', undefined],
    ['999.1', undefined],
    ['1.2.003', undefined],
    ['1..2', undefined],
    ['1.2.', undefined],
    ['7', undefined],
    [`1.${'2'.repeat(62)}`, undefined],
    [`1.${'2'.repeat(68)}`, 'has 70 characters; the standard allows 64 (PS3.5 9.1), and no result could refer to it'],
    ['', 'is empty'],
    ['.', 'holds no digit'],
    ['..', 'holds no digit'],
    ['1.2/3', 'holds other characters than digits and dots (PS3.5 9.1)'],
    ['1.2\n', 'holds other characters than digits and dots (PS3.5 9.1)'],
    ['١.٢', 'holds other characters than digits and dots (PS3.5 9.1)'],
  ])('%j: %s', (text, problem) => {
    expect(uidProblem(text)).toBe(problem);
    expect(isKeyUid(text)).toBe(problem === undefined);
  });
});

describe('the UID of a result', () => {
  it('never changes: another would duplicate results that archives already have', () => {
    expect(resultUid('a', 'b')).toBe('2.25.97280334208495258253716420946515683145');
  });

  it('differs for other parts, for another order, and for another division of the same text', () => {
    const uids = [resultUid('a', 'b'), resultUid('b', 'a'), resultUid('ab'), resultUid('a', 'b', ''), resultUid()];

    expect(new Set(uids).size).toBe(uids.length);
    expect(uids.filter((uid) => !isUid(uid) || uid.length > 44)).toEqual([]);
  });
});
