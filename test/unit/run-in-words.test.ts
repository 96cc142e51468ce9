/** The sentence that `hilum status` has for every state of a run and every outcome. */
import { expect, it } from 'vitest';
import { runInWords } from '#cli/run-in-words.ts';
import type { RunState } from '#pipeline/run-state.ts';
import { RUN_STATES } from '#pipeline/run-state.ts';

const reason = { code: 'no-arch', message: 'The teeth stand in no row.' };

it.each([
  ['result', undefined, 'there is a result, and its objects are in the PACS'],
  ['no-finding', reason, 'the tool found nothing; a note saying so is in the PACS'],
  [
    'not-evaluable',
    reason,
    'the study could not be evaluated: The teeth stand in no row (no-arch); a note saying so is in the PACS',
  ],
  [
    'not-applicable',
    reason,
    'the study is not for this tool: The teeth stand in no row (no-arch); a note saying so is in the PACS',
  ],
  ['failed', reason, 'the tool failed: The teeth stand in no row (no-arch); a note saying so is in the PACS'],
  ['failed', undefined, 'the tool failed: no reason was recorded; a note saying so is in the PACS'],
  ['of a later version', undefined, 'its objects are in the PACS'],
  [undefined, undefined, 'its objects are in the PACS'],
])('of a delivered answer: %s', (outcome, why, sentence) => {
  const told = runInWords({ state: 'delivered', ...(outcome && { outcome }), ...(why && { reason: why }) });

  expect(told).toEqual({ sentence });
});

it.each<[RunState, RegExp]>([
  ['superseded', /gives the current results$/],
  ['withdrawn', /does not have the images any more/],
  ['missing', /are gone from the PACS, .*`hilum deliver RUN` stores them again$/],
])('of results that are not the current ones: %s', (state, sentence) => {
  // Its objects may still be there: that says nothing about a note.
  expect(runInWords({ state, outcome: 'result', objects: ['2.25.1'] }).sentence).toMatch(sentence);
});

it.each<[RunState, string]>([
  ['not-applicable', 'the tool does not take this study'],
  ['rejected', 'the study cannot be processed, and another attempt would not help'],
  ['failed', 'every attempt failed'],
])('of a run that ended without an answer: %s', (state, sentence) => {
  expect(runInWords({ state, reason })).toEqual({ sentence, because: reason });
  expect(runInWords({ state })).toEqual({ sentence });
  expect(runInWords({ state, reason, objects: ['2.25.1'] }).sentence).toBe(
    `${sentence}; a note saying so is in the PACS`,
  );
});

it.each([
  ['tool-retired', /^the tool was not asked; .*`hilum rerun STUDY`/],
  ['tool-not-deployed', /^the tool was gone .*`hilum redrive`/],
])('of a run that ended for want of its tool: %s', (code, sentence) => {
  expect(runInWords({ state: 'rejected', reason: { code, message: 'x' } }).sentence).toMatch(sentence);
});

it.each<[RunState, RegExp]>([
  ['received', /being routed$/],
  ['routed', /waits for the tool, or the tool is running$/],
  ['inferred', /being converted to DICOM$/],
  ['converted', /on its way to the PACS$/],
])('of a run under way: %s', (state, sentence) => {
  expect(runInWords({ state }).sentence).toMatch(sentence);
  expect(runInWords({ state, reason })).toEqual({
    sentence: expect.stringMatching(/; an attempt failed, and another follows$/),
    because: reason,
  });
  expect(runInWords({ state, outcome: 'no-finding', reason }).sentence).toMatch(sentence);
  expect(runInWords({ state, outcome: 'no-finding', reason, failingSince: '2026-01-02T03:04:05.678Z' })).toEqual({
    sentence: expect.stringMatching(/; attempts have failed since 2026-01-02 03:04 UTC, and another follows$/),
    because: reason,
  });
});

it('claims objects in the PACS only of delivered answers', () => {
  const others = RUN_STATES.filter((state) => state !== 'delivered');

  for (const state of others) expect(runInWords({ state, reason }).sentence).not.toContain('in the PACS');
});
