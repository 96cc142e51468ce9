import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Facts } from '#edge/log.ts';
import { createLogForPeople } from '#edge/log-for-people.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { createManualClock } from '../fixtures/memory-ports.ts';

/** What a person reads of an event, without the time of day. */
function sentenceOf(event: string, facts: Facts = {}): string | undefined {
  const lines: string[] = [];
  createLogForPeople(createManualClock(), (line) => lines.push(line)).info(event, facts);
  return lines[0]?.replace(/^\d\d:\d\d:\d\d {2}/, '');
}

it.each<[string, Facts, string | undefined]>([
  [
    'study-forwarded',
    { StudyInstanceUID: '1.2', instances: 2, storedBytes: 1_500_000, fresh: true, ms: 700 },
    'Forwarded: study 1.2, 2 instances, 1.5 MB in 0.7 s. The tools will process it.',
  ],
  [
    'study-forwarded',
    { StudyInstanceUID: '1.2', instances: 1, storedBytes: 0, fresh: false, ms: 700 },
    'Study 1.2 has nothing new for the tools.',
  ],
  [
    'study-skipped',
    { orthancId: 'a-b', code: 'modality-not-wanted', reason: 'No tool takes images of modality US.' },
    'Left out: a-b. No tool takes images of modality US. (modality-not-wanted)',
  ],
  [
    'edge-waiting',
    { message: 'The archive is away.', code: 'archive-unavailable', waitMs: 2000 },
    'The archive is away. (archive-unavailable) Next attempt in 2.0 s.',
  ],
  [
    'edge-waiting',
    { code: 'unexpected', waitMs: 2000 },
    'Something unexpected went wrong. (unexpected) Next attempt in 2.0 s.',
  ],
  ['tools-deployed', { tools: '' }, 'This edge knows none of the deployed tools: nothing is forwarded.'],
  ['chunk-stored', { chunk: 'x' }, undefined],
])('of %s %o', (event, facts, sentence) => {
  expect(sentenceOf(event, facts)).toBe(sentence);
});

it('leaves out nothing that is a warning or an error', () => {
  const source = readdirSync(join(ROOT, 'edge'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(ROOT, 'edge', name), 'utf8'))
    .join('\n');
  const events = [...source.matchAll(/log\.(?:warn|error)\('([a-z-]+)'/g)].map(([, event = '']) => event);

  expect(events.length).toBeGreaterThan(4);
  expect(events.filter((event) => sentenceOf(event) === undefined)).toEqual([]);
});
