/**
 * Masks in OHIF, compared with the SEG: each voxel in the viewer's memory, and the pixels of the screen. Bits are
 * packed across bytes (PS3.5 8.1.1), so every remainder of Rows × Columns by 8 is a separate case.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import {
  isInView,
  loadedMasks,
  loadSegmentation,
  lookAt,
  openScreen,
  type Screen,
  showInstance,
  slicesUrl,
  startChromium,
  waitForImage,
  waitForMasks,
} from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs } from '../fixtures/filled-pacs.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { type MaskSize, type MaskStudy, maskStudy, SIZES_STUDY } from '../fixtures/mask-studies.ts';
import { filesIn, filesInArchive, segmented } from '../fixtures/real-masks.ts';
import { innerPixels, instancePlaces, isUniform, wronglyColored } from '../fixtures/screen-checks.ts';
import { COLOURED, strength, tint } from '../fixtures/screen-colors.ts';
import { type WrittenMasks, writtenMasks } from '../fixtures/written-masks.ts';

/** OHIF would misread the masks marked with a star, whose Pixel Data end without a padding byte. */
const SIZES: readonly MaskSize[] = [
  /* 0   */ { rows: 28, columns: 30, slices: 3, segments: 2 },
  /* 1 * */ { rows: 33, columns: 25, slices: 3, segments: 1 },
  /* 1 * */ { rows: 39, columns: 23, slices: 3, segments: 3 },
  /* 2 * */ { rows: 21, columns: 26, slices: 2, segments: 3 },
  /* 3 * */ { rows: 29, columns: 31, slices: 2, segments: 2 },
  /* 4 * */ { rows: 22, columns: 26, slices: 3, segments: 3 },
  /* 5 * */ { rows: 31, columns: 27, slices: 3, segments: 2 },
  /* 6 * */ { rows: 21, columns: 30, slices: 5, segments: 3 },
  /* 7 * */ { rows: 29, columns: 35, slices: 5, segments: 3 },
  // Radiographs. The single frame of the first two begins at a byte, whatever their size: what `wholeByteMasks` writes.
  /* 1   */ { rows: 37, columns: 45, slices: 1, segments: 1 },
  /* 2   */ { rows: 39, columns: 30, slices: 1, segments: 1 },
  /* 1 * */ { rows: 33, columns: 41, slices: 1, segments: 3 },
];

const PARTS = ['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium', 'data'] as const;

/** The screen may be updated shortly after the viewer reports it, so checks are repeated for a while. */
const SOON = { timeout: 15_000, interval: 500 };

describeWith(PARTS, 'the masks in the viewer', () => {
  const sizes = SIZES.map(maskStudy);
  let real: ReadonlyMap<string, MaskStudy>;
  let pacs: FilledPacs;
  let browser: Browser;
  let page: Page;
  let requests: Screen['requests'];

  beforeAll(async () => {
    real = new Map([
      ['lumbar', await segmented('lumbar CT', filesIn(join(dataFolder(), 'ct-spine-ref-dicom')))],
      ['chest', await segmented('chest CT', filesInArchive('real/ct-chest-lidc-0001/dicom.tar.xz'))],
    ]);
    pacs = await fillPacs([...real.values(), ...sizes].flatMap(({ files, seg }) => [...files, seg]));
    browser = await startChromium();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
  });

  async function open(StudyInstanceUID: string): Promise<void> {
    await Promise.all(browser.contexts().map((context) => context.close()));
    ({ page, requests } = await openScreen(browser));
    await page.goto(slicesUrl(pacs.viewerUrl, StudyInstanceUID));
    await waitForImage(page);
  }

  it('has masks of every remainder by 8, and of odd and of even numbers of frames', () => {
    const written = sizes.map(({ seg }) => writtenMasks(seg));

    const remainders = written.map(({ rows, columns }) => (rows * columns) % 8);
    const frames = written.map((masks) => masks.frames);
    expect([...new Set(remainders)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(frames).toEqual(SIZES.map(({ slices, segments }) => slices * segments));
    expect(new Set(frames.map((count) => count % 2))).toEqual(new Set([0, 1]));
  });

  it.each(['lumbar', 'chest'])('shows the mask of a real CT, voxel for voxel and on the screen: %s', async (name) => {
    const study = real.get(name) ?? expect.unreachable(`${name} is one of two`);
    await open(study.StudyInstanceUID);

    await waitForMasks(page);

    const masks = writtenMasks(study.seg);
    const slices = study.instances.filter(({ SOPInstanceUID }) => masks.numbers.has(SOPInstanceUID));
    expect(slices.length).toBeGreaterThan(40);
    await expect.poll(() => wrongVoxels(page, study, masks), SOON).toEqual([]);
    for (const third of [0, 1, 2]) {
      const slice = clearestSlice(slices, masks, third);
      await showInstance(page, slice.SOPInstanceUID);
      await expectOnScreen(page, masks, slice, `masks-${name}-${third + 1}`);
    }
  });

  it.each(sizes.map((study) => [study.label, study] as const))(
    'shows a mask of any size, voxel for voxel and on the screen: %s',
    async (_, study) => {
      if (!page?.url().includes(SIZES_STUDY)) await open(SIZES_STUDY);

      await loadSegmentation(page, study.label);

      const masks = writtenMasks(study.seg);
      await expect.poll(() => wrongVoxels(page, study, masks), SOON).toEqual([]);
      // Other OHIFs depend on an archive that extracts such frames, if they ask for any.
      if (masks.frames === 1) expect(requests.filter(({ url }) => url.includes(framesOf(study)))).toEqual([]);
      for (const slice of new Set([study.instances[0], study.instances.at(-1)])) {
        if (slice === undefined) continue;
        if (study.instances.length > 1) await showInstance(page, slice.SOPInstanceUID);
        await expectOnScreen(page, masks, slice, `masks-${study.label.replaceAll(' ', '-')}`);
      }
    },
  );
});

/** A part of the URLs of all frames of a study's SEG. */
function framesOf({ seg }: MaskStudy): string {
  const { SeriesInstanceUID, SOPInstanceUID } = indexInstance(seg);
  return `/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}/frames/`;
}

/** The slice with the most coloured pixels in the first, second or last third of these slices. */
function clearestSlice(slices: readonly InstanceIndex[], masks: WrittenMasks, third: number): InstanceIndex {
  const isColored = masks.colors.map((color) => strength(tint(color)) > COLOURED);
  const pixels = ({ SOPInstanceUID }: InstanceIndex): number =>
    masks.numbers.get(SOPInstanceUID)?.reduce((sum, number) => sum + (isColored[number - 1] ? 1 : 0), 0) ?? 0;
  const size = Math.floor(slices.length / 3);
  return slices.slice(third * size, (third + 1) * size).reduce((a, b) => (pixels(b) > pixels(a) ? b : a));
}

/** Images whose mask in the viewer differs from the SEG; all images if the viewer holds no mask. */
async function wrongVoxels(page: Page, { instances }: MaskStudy, masks: WrittenMasks): Promise<readonly string[]> {
  const { rows, columns, numbers } = masks;
  const loaded = await loadedMasks(page, instances[0]?.SeriesInstanceUID ?? '');
  const empty = new Uint8Array(rows * columns);
  return instances
    .map(({ SOPInstanceUID }) => SOPInstanceUID)
    .filter((uid) => {
      const digest = createHash('sha256')
        .update(numbers.get(uid) ?? empty)
        .digest('hex');
      return loaded.get(uid) !== digest;
    });
}

/** Checks that the screen shows each segment's colour inside its mask and no colour elsewhere, except near edges. */
async function expectOnScreen(page: Page, masks: WrittenMasks, slice: InstanceIndex, name: string): Promise<void> {
  const { rows, columns, colors } = masks;
  const numbers = masks.numbers.get(slice.SOPInstanceUID) ?? new Uint8Array(rows * columns);
  // For a large image, every third pixel of every third row.
  const step = rows * columns > 50_000 ? 3 : 1;
  const inner = innerPixels(masks, 0).filter((pixel) => pixel.column % step === 0 && pixel.row % step === 0);
  const sure = inner.filter((pixel) => isUniform(numbers, pixel, masks));
  const places = await instancePlaces(page, slice, sure);
  const isSeen = await isInView(page);
  const seen = sure.flatMap((pixel, index) => {
    const place = places[index];
    return place !== undefined && isSeen(place) ? [{ pixel, place }] : [];
  });
  const inside = seen.filter(({ pixel }) => numbers[pixel.row * columns + pixel.column] !== 0);
  expect(inside.length).toBeGreaterThan(15);
  expect(seen.length - inside.length).toBeGreaterThan(15);
  const wrong = async (): Promise<readonly object[]> => {
    const look = await lookAt(page, name);
    const pixels = seen.map(({ pixel }) => pixel);
    return wronglyColored(
      pixels,
      seen.map(({ place }) => look(place)),
      { numbers, columns, colors },
    );
  };
  await expect.poll(wrong, SOON).toEqual([]);
}
