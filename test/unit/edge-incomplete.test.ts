/** A study that shows that images are missing: what the edge does meanwhile, and what it says. */
import { expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, type EdgeUnderTest, edgeOf, SPINE_CATALOG } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';

const MINUTE = 60_000;
const patience = { deadlineMs: 30 * MINUTE, holdMs: 10 * MINUTE };
const files = ctSeries({ slices: 8 });
const { StudyInstanceUID } = indexInstance(files[0] ?? new Uint8Array());
const but = (...places: readonly number[]) => files.filter((_, place) => !places.includes(place));

const keysIn = ({ bucket }: EdgeUnderTest, part: string) =>
  [...bucket.contents.keys()].filter((key) => key.includes(part));
const completeIn = (edge: EdgeUnderTest) =>
  keysIn(edge, '/manifest.json').map(
    (key) => parseManifest(edge.bucket.contents.get(key) ?? new Uint8Array()).complete,
  );

async function patientEdge() {
  const clock = createManualClock();
  const deployed = createMemoryDeployedTools(SPINE_CATALOG, clock);
  const edge = await edgeOf({ clock, deployed, patience });
  return { edge, clock, study: () => edge.journal.study(StudyInstanceUID) };
}

it('goes up but for its manifest, and is judged when the rest has come', async () => {
  const { edge, clock, study } = await patientEdge();
  await edge.arrive(but(3));

  expect(await edge.forwarder.runOnce()).toEqual([]);

  expect(keysIn(edge, 'chunks/')).not.toEqual([]);
  expect(completeIn(edge)).toEqual([]);
  const message = expect.stringMatching(/^1 slice is missing between others\. The edge waits for more until .*Z\.$/);
  expect(study()).toMatchObject({ state: 'seen', attempts: 0, nextAttemptAt: clock.now() + 30 * MINUTE });
  expect(study()?.reason).toEqual({ code: 'incomplete', message });
  expect(edge.log.at(-1)).toMatch(/"study-waits".*"code":"incomplete".*"waitMs":1800000/);

  await edge.arrive(files.slice(3, 4));
  expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', instances: 8 }]);
  expect(completeIn(edge)).toEqual(['stable']);
});

it('is judged as it is at the deadline', async () => {
  const { edge, clock, study } = await patientEdge();
  await edge.arrive(but(3));
  await edge.forwarder.runOnce();

  clock.advance(30 * MINUTE - 1);
  expect(await edge.restarted().runOnce()).toEqual([]);
  clock.advance(1);
  expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', instances: 7 }]);

  expect(completeIn(edge)).toEqual(['deadline']);
  expect(study()?.reason).toBeUndefined();
});

it('waits after its first revision, which an attempt without news does not make later', async () => {
  const { edge, clock, study } = await patientEdge();
  await edge.arrive(files.slice(0, 5));
  await edge.forwarder.runOnce();
  const revisedAt = clock.now();

  clock.advance(2 * MINUTE);
  await edge.arrive(files.slice(0, 5));
  edge.journal.notice([{ StudyInstanceUID, orthancId: study()?.orthancId ?? '' }], clock.now());
  expect(await edge.restarted().runOnce()).toMatchObject([{ fresh: false }]);
  clock.advance(2 * MINUTE);
  await edge.arrive(files.slice(5, 7));
  expect(await edge.restarted().runOnce()).toEqual([]);

  expect(study()).toMatchObject({ reason: { code: 'revised-lately' }, nextAttemptAt: revisedAt + 10 * MINUTE });
  clock.advance(6 * MINUTE);
  expect(await edge.restarted().runOnce()).toMatchObject([{ state: 'uploaded', instances: 7, fresh: true }]);
});

it('does not keep others waiting, nor a person who asks for it', async () => {
  const { edge } = await patientEdge();
  await edge.arrive(but(3));
  await edge.arrive(ctSeries({ seed: 2 }));

  expect(await edge.forwarder.runOnce()).toMatchObject([{ state: 'uploaded', instances: 6 }]);

  expect(await edge.forwarder.forwardStudy(StudyInstanceUID)).toMatchObject({ state: 'uploaded', instances: 7 });
});
