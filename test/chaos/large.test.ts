/** Segmentations of more frames than any study has slices, from the tool to the PACS: delivered, or told as a failure. */
import { expect, it } from 'vitest';
import type { Image, ResultContent } from '#core/tool.ts';
import { Sct } from '#dicom/codes.ts';
import { readDicom } from '#dicom/read.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { EACH } from '../fixtures/results-life.ts';
import { volumeTool } from './odd-studies.ts';
import { endOf } from './scenario.ts';
import { createWorld } from './world.ts';

const SLICES = 400;

/** Every segment has a voxel on every slice. */
const segmented =
  (segments: number) =>
  (images: readonly Image[]): ResultContent => ({
    ...{ outcome: 'result', summary: 'Every organ.', findings: [], keyImages: [] },
    segments: Array.from({ length: segments }, (_, index) => ({
      ...{ number: index + 1, label: `Organ ${index + 1}`, category: Sct.anatomicalStructure, type: Sct.vertebra },
      frames: images.flatMap((image) =>
        image.kind === 'volume'
          ? image.frames.map((frame) => ({ ...frame, bits: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }))
          : [],
      ),
    })),
  });

async function deliver(segments: number) {
  const world = createWorld({ entry: volumeTool, look: segmented(segments) });
  const voxels = new Int16Array(8 * 8 * SLICES);
  const phantom = { columns: 8, rows: 8, slices: SLICES, spacingMm: [1, 1, 1], voxels } as const;
  await world.arriveAs(...spinePhantomToDicom(phantom, { seed: 1 }));
  await world.run();
  return world;
}

it('of 30,000 frames is delivered', { timeout: 180_000 }, async () => {
  const world = await deliver(75);

  expect(await endOf(world)).toMatchObject({ left: 0, ledger: [], runs: [{ state: 'delivered', outcome: 'result' }] });
  const [seg] = [...world.held.values()].map((bytes) => readDicom(bytes).dataset.number('NumberOfFrames'));
  expect(seg).toBe(75 * SLICES);
});

it('of more frames than Hilum itself would read is told as a failure, with its reason', {
  timeout: 180_000,
}, async () => {
  const world = await deliver(150);

  expect(await endOf(world)).toMatchObject({
    ...{ left: 0, ledger: [] },
    runs: [{ state: 'rejected', outcome: 'failed', reason: { code: 'invalid-dicom-object' } }],
  });
  expect(world.held.size).toBe(EACH);
});
