/** How Hilum's objects look in OHIF, judged by the pixels on the screen. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { studyUrl } from '#viewer/server.ts';
import {
  drawnLines,
  listedSegments,
  lookAt,
  openScreen,
  openSeries,
  type PagePoint,
  type Rgb,
  type Screen,
  settled,
  showInstance,
  shownInstance,
  slicesUrl,
  startChromium,
  waitForImage,
} from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs, orthancIdOf } from '../fixtures/filled-pacs.ts';
import { describeWith } from '../fixtures/lanes.ts';
import {
  innerPixels,
  isUniform,
  pixelOf,
  radiographPlaces,
  segmentNumbers,
  slicePlaces,
  wronglyColored,
} from '../fixtures/screen-checks.ts';
import { COLOURED, correlation, strength, tint, windowed } from '../fixtures/screen-colors.ts';
import { bitewingStudy, spineStudy, type ViewerStudy } from '../fixtures/viewer-studies.ts';
import { writtenColors } from '../fixtures/written-masks.ts';

/** The window that the phantoms' files specify. */
const CT_WINDOW = { center: 300, width: 1500 };
const RADIOGRAPH_WINDOW = { center: 2048, width: 4096 };

/** The screen may be updated shortly after the viewer reports it, so checks are repeated for a while. */
const SOON = { timeout: 20_000, interval: 500 };

describeWith(['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium'], 'the viewer', () => {
  const plain = spineStudy({ seed: 8 });
  const spine = spineStudy();
  const bitewing = bitewingStudy();
  // 375 × 500 pixels and 15 segments: frames begin inside bytes, and the last byte is a padding one.
  const oddBitewing = bitewingStudy({ spacingMm: 0.08 });
  let pacs: FilledPacs;
  let browser: Browser;

  beforeAll(async () => {
    const filesOf = ({ files, objects }: ViewerStudy) => [...files, ...objects.map(({ bytes }) => bytes)];
    pacs = await fillPacs([...plain.files, ...filesOf(spine), ...filesOf(bitewing), ...filesOf(oddBitewing)]);
    browser = await startChromium();
  }, 180_000);
  // Keeps a failed test's last screen, and closes the page, which would otherwise keep drawing on few cores.
  afterEach(async ({ task }) => {
    const pages = browser.contexts().flatMap((context) => context.pages());
    if (task.result?.state === 'fail') await Promise.all(pages.map((page, index) => lookAt(page, `failed-${index}`)));
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
  });

  async function open({ StudyInstanceUID }: ViewerStudy): Promise<Screen> {
    const screen = await openScreen(browser);
    await screen.page.goto(slicesUrl(pacs.viewerUrl, StudyInstanceUID));
    await waitForImage(screen.page);
    return screen;
  }

  it('shows a CT volume without segmentation unchanged, with read requests to its own origin only', async () => {
    const { page, requests } = await open(plain);
    const { phantom, instances } = plain;
    const slice = phantom.slices >> 1;
    await showInstance(page, instances[slice]?.SOPInstanceUID ?? '');
    const pixels = innerPixels(phantom);
    const places = await slicePlaces(page, plain, slice, pixels);

    const see = async (): Promise<readonly Rgb[]> => colorsAt(await lookAt(page, 'ct-volume'), places);

    const offset = slice * phantom.rows * phantom.columns;
    const hounsfield = pixels.map(({ column, row }) => phantom.voxels[offset + row * phantom.columns + column] ?? 0);
    await expect.poll(async () => likeness(await see(), hounsfield, CT_WINDOW), SOON).toBeGreaterThan(0.99);
    expect((await see()).filter((color) => strength(tint(color)) > COLOURED)).toEqual([]);
    expect(requests.filter(({ url }) => !url.startsWith(`${pacs.viewerUrl}/`) && !/^(blob|data):/.test(url))).toEqual(
      [],
    );
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('shows its segmentation with the SEG’s labels and colours, on its voxels and nowhere else', async () => {
    const { page } = await open(spine);
    const { phantom, segments, instances } = spine;
    const pixels = innerPixels(phantom);

    const listed = await listedSegments(page);

    expect(listed.map(({ label }) => label)).toEqual(segments.map(({ label }) => label));
    expect(listed.map(({ color }, index) => isNear(color, colorsOf(spine)[index]))).toEqual([true, true, true]);
    for (const { number, label, frames } of segments) {
      const shown = frames[frames.length >> 1]?.SOPInstanceUID ?? '';
      await showInstance(page, shown);
      const slice = instances.findIndex(({ SOPInstanceUID }) => SOPInstanceUID === shown);
      const places = await slicePlaces(page, spine, slice, pixels);
      const see = async (): Promise<readonly Rgb[]> => colorsAt(await lookAt(page, `ct-segmentation-${label}`), places);
      const numbers = segmentNumbers(spine, shown, phantom);
      expect(numbers.filter((value) => value === number).length).toBeGreaterThan(100);
      const wrong = async () =>
        wronglyColored(pixels, await see(), { numbers, columns: phantom.columns, colors: colorsOf(spine) });
      await expect.poll(wrong, SOON).toEqual([]);
    }
  });

  it('draws a finding of a structured report at its coordinates', async () => {
    const { page } = await open(spine);
    const { drawnSlice, findings, instances } = spine;
    await openSeries(page, 'SR', page.locator('svg.svg-layer polyline'));
    await settled(page);
    const outline = findings[0]?.regions?.[0]?.points ?? [];
    const corners = await slicePlaces(page, spine, drawnSlice, outline.map(pixelOf));

    const look = await lookAt(page, 'ct-finding');

    const [drawn = []] = (await drawnLines(page)).filter((line) => line.length === corners.length);
    const offsets = drawn.map(({ x, y }, index) =>
      Math.hypot(x - (corners[index]?.x ?? 0), y - (corners[index]?.y ?? 0)),
    );
    const along = corners.slice(1).flatMap((end, index) => pointsBetween(corners[index] ?? end, end));
    const green = along.filter((place) => hasNear(look, place, 4, isGreen));
    expect(await shownInstance(page)).toBe(instances[drawnSlice]?.SOPInstanceUID);
    expect(offsets).toHaveLength(5);
    expect(Math.max(...offsets)).toBeLessThan(1);
    expect(green.length / along.length).toBeGreaterThan(0.95);
    expect(await page.locator('svg.svg-layer').textContent()).toMatch(/Finding site: L3 vertebraHeight loss: 35 %/);
  });

  it('opens the report as a PDF', async () => {
    const { page } = await open(spine);
    const viewport = page.locator('object[type="application/pdf"]');
    await openSeries(page, 'DOC', viewport);
    await page.waitForFunction(`document.querySelector('object[type="application/pdf"]')?.data.startsWith('blob:')`);
    const box = (await viewport.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const places = gridOver(box, 8);

    await expect
      .poll(async () => shareOf(colorsAt(await lookAt(page, 'pdf'), places), isWhite), { timeout: 60_000 })
      .toBeGreaterThan(0.4);

    const seen = colorsAt(await lookAt(page, 'pdf'), gridOver(box, 1));
    // The list of segments on the right leaves the report less room.
    expect(seen.filter(isInk).length).toBeGreaterThan(80);
    expect(seen.filter(isRed).length).toBeGreaterThan(80);
  });

  it.each([
    ['bitewing', bitewing],
    ['odd-bitewing', oddBitewing],
  ])('shows the segmentation of a radiograph that has no frame of reference: %s', async (name, study) => {
    const { page } = await open(study);
    const { phantom, segments } = study;
    const pixels = innerPixels(phantom).filter(({ column, row }) => column % 3 === 0 && row % 3 === 0);
    const listed = await listedSegments(page);
    const places = await radiographPlaces(page, study, pixels);
    const see = async (): Promise<readonly Rgb[]> => colorsAt(await lookAt(page, `${name}-segmentation`), places);

    const numbers = segmentNumbers(study, await shownInstance(page), phantom);
    const stored = pixels.map(({ column, row }) => phantom.pixels[row * phantom.columns + column] ?? 0);
    const sure = pixels.map((pixel) => isUniform(numbers, pixel, phantom));
    const unmasked = pixels.map(
      ({ column, row }, index) => sure[index] && numbers[row * phantom.columns + column] === 0,
    );
    const only = <T>(values: readonly T[]): readonly T[] => values.filter((_, index) => sure[index] === true);
    expect(study.instances[0]?.FrameOfReferenceUID).toBeUndefined();
    const bare = <T>(values: readonly T[]): readonly T[] => values.filter((_, index) => unmasked[index] === true);
    expect(likeness(bare(await see()), bare(stored), RADIOGRAPH_WINDOW)).toBeGreaterThan(0.98);
    expect(listed.map(({ label }) => label)).toEqual(segments.map(({ label }) => label));
    expect(
      only(pixels).filter(({ column, row }) => numbers[row * phantom.columns + column] !== 0).length,
    ).toBeGreaterThan(200);
    const mask = { numbers, columns: phantom.columns, colors: colorsOf(study) };
    const wrong = async () => wronglyColored(only(pixels), only(await see()), mask);
    await expect.poll(wrong, SOON).toEqual([]);
  });

  it('opens a study from the button on its page in Orthanc', async () => {
    const { url, username, password } = pacs.orthanc;
    const { page, context } = await openScreen(browser, { httpCredentials: { username, password } });
    const study = await orthancIdOf(pacs, plain.StudyInstanceUID);
    await page.goto(`${url}/app/explorer.html#study?uuid=${study}`);
    const button = page.getByRole('link', { name: 'Open in the viewer (OHIF)' });
    await button.waitFor();
    await lookAt(page, 'orthanc-study');

    const [opened] = await Promise.all([context.waitForEvent('page'), button.click()]);
    await waitForImage(opened);

    expect(opened.url()).toBe(studyUrl(pacs.viewerUrl, plain.StudyInstanceUID));
    expect(plain.instances.map(({ SOPInstanceUID }) => SOPInstanceUID)).toContain(await shownInstance(opened));
    await lookAt(opened, 'opened-from-orthanc');
  });
});

type Look = (place: PagePoint) => Rgb;

const colorsAt = (look: Look, places: readonly PagePoint[]): readonly Rgb[] => places.map((place) => look(place));

/** Correlation of the screen with the values as they should look through the window. */
function likeness(seen: readonly Rgb[], values: readonly number[], window: typeof CT_WINDOW): number {
  return correlation(
    seen.map(([grey]) => grey),
    values.map((value) => windowed(value, window)),
  );
}

/** The recommended colours in a study's SEG. */
function colorsOf({ objects }: ViewerStudy): readonly Rgb[] {
  const seg = objects.find(({ kind }) => kind === 'segmentation');
  if (seg === undefined) throw new Error('the study has a segmentation');
  return writtenColors(seg.bytes);
}

/** Whether a CSS colour in a style attribute is the expected one, apart from the definition of white. */
function isNear(style: string, wanted: Rgb | undefined): boolean {
  const [red = 0, green = 0, blue = 0] = [...style.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  return wanted !== undefined && Math.hypot(red - wanted[0], green - wanted[1], blue - wanted[2]) < 30;
}

/** A point every pixel or so from one place to another. */
function pointsBetween(from: PagePoint, to: PagePoint): readonly PagePoint[] {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y));
  return Array.from({ length: steps }, (_, step) => ({
    x: from.x + ((to.x - from.x) * step) / steps,
    y: from.y + ((to.y - from.y) * step) / steps,
  }));
}

function hasNear(look: Look, { x, y }: PagePoint, reach: number, is: (color: Rgb) => boolean): boolean {
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) if (is(look({ x: x + dx, y: y + dy }))) return true;
  return false;
}

function gridOver(box: { x: number; y: number; width: number; height: number }, step: number): readonly PagePoint[] {
  const [across, down] = [Math.floor(box.width / step), Math.floor(box.height / step)];
  return Array.from({ length: across * down }, (_, index) => ({
    x: box.x + (index % across) * step,
    y: box.y + Math.floor(index / across) * step,
  }));
}

const isWhite = ([r, g, b]: Rgb): boolean => Math.min(r, g, b) > 250;
const isInk = ([r, g, b]: Rgb): boolean => Math.max(r, g, b) < 40;
const isGreen = ([r, g, b]: Rgb): boolean => g > 150 && r < 100 && b < 100;
const isRed = ([r, g, b]: Rgb): boolean => r > 150 && g < 60 && b < 60;
const shareOf = (colors: readonly Rgb[], is: (color: Rgb) => boolean): number =>
  colors.filter(is).length / colors.length;
