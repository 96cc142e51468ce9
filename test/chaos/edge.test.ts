/**
 * A fault at every call of the edge, to Orthanc, bucket, deployment and journal: no study is lost, every revision has one manifest, and
 * the bucket holds the same keys as without faults.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#phantoms/random.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { runEdge } from './edge-world.ts';
import type { Fault, FaultKind } from './faults.ts';
import { counting, SEEDS, THOROUGH } from './seeds.ts';

const undisturbed = await runEdge();
const { points } = undisturbed.faults;
const CALLS = Map.groupBy(points, (point) => point.replace(/ \d+$/, ''));

const KINDS: readonly FaultKind[] = ['killed before', 'fails after', 'killed after', 'fails before'];
/** Faults of the journal's file are tried elsewhere (test/unit/edge-journal-file.test.ts). */
const kindsAt = (point: string): readonly FaultKind[] =>
  KINDS.filter((kind) => kind.startsWith('killed') || !point.includes('/journal.'));

/** The probe of a bucket that failed leaves an empty chunk. */
const EMPTY = createHash('sha256').digest('hex');

const counted = counting(`faults of the edge, ${points.length} points, ${CALLS.size} calls`);

async function expectSameEnd(faults: readonly Fault[]): Promise<void> {
  const { keys, studies, faults: tried } = await runEdge(faults);

  expect({ keys: keys.filter((key) => !key.endsWith(EMPTY)), studies }, JSON.stringify(faults)).toEqual({
    keys: undisturbed.keys,
    studies: undisturbed.studies,
  });
  expect(new Set(tried.hit)).toEqual(new Set(faults));
  counted();
}

it('forwards three revisions without faults, each with one manifest', () => {
  const manifests = undisturbed.keys.filter((key) => key.endsWith('/manifest.json'));
  const parsed = manifests.map((key) => parseManifest(undisturbed.contents.get(key) ?? new Uint8Array()));

  expect(parsed.map(({ instances }) => instances.length).sort()).toEqual([4, 5, 7]);
  expect(new Set(parsed.map(({ revision }) => revision)).size).toBe(3);
  expect(undisturbed.studies.every((study) => study.startsWith('uploaded '))).toBe(true);
  for (const { instances } of parsed)
    for (const { chunk, offset, length, sha256 } of instances) {
      const bytes = undisturbed.contents.get(`chunks/${chunk}`)?.subarray(offset, offset + length) ?? new Uint8Array();
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    }
  expect(points.length).toBeGreaterThan(60);
});

describe('a fault of the edge', () => {
  it.each([...CALLS])('at %s', async (_, at) => {
    for (const [index, point] of at.entries())
      for (const kind of kindsAt(point).filter((_kind, place) => THOROUGH || place % 2 === index % 2))
        await expectSameEnd([{ point, kind }]);
  });
});

it.each(SEEDS)('two faults of the edge at any two points, seed %i', async (seed) => {
  const random = createRandom(seed);
  const anyFault = (): Fault => {
    const point = points[random.int(0, points.length - 1)] ?? '';
    const kinds = kindsAt(point);
    return { point, kind: kinds[random.int(0, kinds.length - 1)] ?? 'killed before' };
  };
  for (let trial = 0; trial < (THOROUGH ? 200 : 20); trial++) {
    const [one, other] = [anyFault(), anyFault()];
    if (one.point !== other.point) await expectSameEnd([one, other]);
  }
});
