/** A study that went up before and is not for any tool now: its results must not stay as if they were. */
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parseManifest } from '#pipeline/manifest.ts';
import { ctSeries, edgeOf } from '../fixtures/edge.ts';

const HEAD = { BodyPartExamined: 'HEAD' };

it.each([
  ['of another body part', ctSeries({ attributes: HEAD })],
  ['of another modality', ctSeries({ attributes: { Modality: 'MR' } })],
  ['of too few slices', ctSeries().slice(0, 2)],
] as const)('goes up as it is now: %s', async (_, now) => {
  const edge = await edgeOf();
  await edge.arrive(ctSeries());
  await edge.forwarder.runOnce();
  // Orthanc counts the time of the last change in seconds.
  await setTimeout(1_000);
  edge.pacs.archive.instances.clear();
  await edge.arrive(now);

  const outcomes = await edge.restarted().runOnce();

  expect(outcomes).toMatchObject([{ state: 'uploaded', instances: now.length, sequence: 2, fresh: true }]);
  const manifests = [...edge.bucket.contents].filter(([key]) => key.endsWith('/manifest.json'));
  const last = manifests.map(([, bytes]) => parseManifest(bytes)).find(({ sequence }) => sequence === 2);
  expect(last?.instances).toHaveLength(now.length);
});

it('is left out if it never went up', async () => {
  const edge = await edgeOf();
  await edge.arrive(ctSeries({ attributes: HEAD }));

  expect(await edge.forwarder.runOnce()).toMatchObject([{ state: 'skipped' }]);
  expect(edge.bucket.contents.size).toBe(0);
});
