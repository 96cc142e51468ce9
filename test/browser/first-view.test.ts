/** What a radiologist sees who opens a study with results and clicks nothing: the worst finding. Makes the docs' pictures. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { phantomStudies } from '#cli/demo/studies.ts';
import type { StudyReport } from '#cli/run-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import { readDicom } from '#dicom/read.ts';
import { makePanoramic } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { studyUrl } from '#viewer/server.ts';
import { listedSegments, lookAt, openScreen, openSeries, startChromium, waitForImage } from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs } from '../fixtures/filled-pacs.ts';
import { numberAt, planes, sharesOf3D, waitForFirstView, wantedTint, wrongPlaces } from '../fixtures/first-view.ts';
import { runHilum } from '../fixtures/hilum.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { places } from '../fixtures/models.ts';
import { innerPixels, instancePlaces, isUniform, wronglyColored } from '../fixtures/screen-checks.ts';
import { sameness, tint } from '../fixtures/screen-colors.ts';
import { twoToolsStudy } from '../fixtures/two-tools.ts';
import { type WrittenMasks, writtenMasks } from '../fixtures/written-masks.ts';

/** What is on the screen may come a moment after the viewer says so; what is wrong stays wrong. */
const SOON = { timeout: 60_000, interval: 500 };
const SCREEN = { viewport: { width: 1440, height: 760 } };
/** Small, since each ray is cast in software. */
const ONLY_3D = { query: '&hangingprotocolId=only3D', screen: { viewport: { width: 880, height: 560 } } };
const RESEARCH = 'AI result: research use only';

interface Evaluated {
  readonly StudyInstanceUID: string;
  readonly outcome: string;
  readonly instances: readonly InstanceIndex[];
  /** The study's files and the result's. */
  readonly files: readonly Uint8Array[];
  readonly segs: readonly Uint8Array[];
}

describeWith(['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium', 'data'], 'the first view', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-first-view-'));
  const studies = new Map<string, Evaluated>();
  const twoTools = twoToolsStudy();
  let pacs: FilledPacs;
  let browser: Browser;

  beforeAll(async () => {
    const [spine, bitewing] = phantomStudies();
    const files = async (study: typeof spine) =>
      Promise.all((study?.instances ?? []).map(async (instance) => (await study?.read(instance)) ?? new Uint8Array(0)));
    const panoramic = radiographPhantomToDicom(makePanoramic({ seed: 3 }), { seed: 3 });
    const folders: readonly (readonly [name: string, tool: string, folder: string])[] = [
      ['phantom', 'vertebral-fracture', folderOf('phantom', await files(spine))],
      ['real', 'vertebral-fracture', join(dataFolder(), 'ct-spine-ref-dicom')],
      ['abdomen', 'vertebral-fracture', join(dataFolder(), 'ct-abdomen-20')],
      ['brain', 'brain-tissue', join(dataFolder(), 'mr-t1-head')],
      ['bitewing', 'caries', folderOf('bitewing', await files(bitewing))],
      ['panoramic', 'caries', folderOf('panoramic', panoramic)],
      ['picture', 'caries', join(dataFolder(), 'dental')],
    ];
    for (const [name, tool, folder] of folders)
      studies.set(name, await evaluate(folder, tool, join(scratch, `out-${name}`)));
    pacs = await fillPacs([...[...studies.values()].flatMap((study) => study.files), ...twoTools.files]);
    browser = await startChromium();
  }, 900_000);
  afterEach(async ({ task }) => {
    const pages = browser.contexts().flatMap((context) => context.pages());
    if (task.result?.state === 'fail') await Promise.all(pages.map((page) => lookAt(page, 'first-view-failed')));
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  function folderOf(name: string, files: readonly Uint8Array[]): string {
    mkdirSync(join(scratch, name));
    for (const [index, bytes] of files.entries()) writeFileSync(join(scratch, name, `${index}.dcm`), bytes);
    return join(scratch, name);
  }

  const study = (name: string): Evaluated => studies.get(name) ?? expect.unreachable(name);

  async function open(StudyInstanceUID: string, { query, screen } = { query: '', screen: SCREEN }): Promise<Page> {
    const { page } = await openScreen(browser, screen);
    await page.goto(`${studyUrl(pacs.viewerUrl, StudyInstanceUID)}${query}`);
    await waitForImage(page);
    return page;
  }

  /** Where the planes cross is a segment, whose colour all of them show; returns its number. */
  async function crossing(page: Page, masks: WrittenMasks, instances: readonly InstanceIndex[], name: string) {
    await waitForFirstView(page);
    const see = async () => {
      const { point, places } = await planes(page);
      const number = numberAt(point, masks, instances);
      const look = await lookAt(page, name);
      return { number, alike: places.map((place) => sameness(tint(look(place)), wantedTint(masks, number))) };
    };
    await expect.poll(async () => (await see()).alike, SOON).toEqual([1, 1, 1].map(() => expect.closeTo(1, 1)));
    return (await see()).number;
  }

  it.each([
    // Its fractured body; of sound bodies, the middle; of tissues without a judgement, the first.
    ['phantom', /^L2/],
    ['real', /^L[2-4]/],
    ['brain', /^Grey matter/],
  ])('of a volume is the worst finding in three planes, with its masks: %s', async (name, label) => {
    const { StudyInstanceUID, instances, segs } = study(name);
    const masks = writtenMasks(segs[0] ?? expect.unreachable('a mask'));
    const page = await open(StudyInstanceUID);
    const picture = name === 'brain' ? 'brain-first-view' : `spine-mpr-${name}`;

    const number = await crossing(page, masks, instances, picture);

    const listed = await listedSegments(page);
    const seen = await wrongPlaces(page, masks, instances, picture);
    expect(listed.map((one) => one.label)).toEqual(labelsOf(segs));
    expect(labelsOf(segs)[number - 1]).toMatch(label);
    expect(await page.getByText(RESEARCH).count()).toBe(3);
    expect(seen.inside).toBeGreaterThan(50);
    expect(seen.outside).toBeGreaterThan(500);
    expect(seen.wrong.length).toBeLessThan((seen.inside + seen.outside) / 100);
  });

  it.each(['bitewing', 'panoramic'])('of a radiograph shows its lesions: %s', async (name) => {
    const { StudyInstanceUID, instances, segs } = study(name);
    const masks = writtenMasks(segs[0] ?? expect.unreachable('a mask'));
    const [image] = instances;
    const numbers = masks.numbers.get(image?.SOPInstanceUID ?? '') ?? new Uint8Array(0);
    const page = await open(StudyInstanceUID);

    const listed = await listedSegments(page);

    const pixels = innerPixels(masks, 0.2).filter(
      (pixel) =>
        (numbers[pixel.row * masks.columns + pixel.column] !== 0 || (pixel.row % 9 === 0 && pixel.column % 9 === 0)) &&
        isUniform(numbers, pixel, masks),
    );
    const places = image === undefined ? [] : await instancePlaces(page, image, pixels);
    const wrong = async () => {
      const look = await lookAt(page, `${name}-first-view`);
      const seen = places.map((place) => look(place));
      return wronglyColored(pixels, seen, { ...masks, numbers }).length / pixels.length;
    };
    expect(listed.map((one) => one.label)).toEqual(labelsOf(segs));
    await expect.poll(wrong, SOON).toBeLessThan(0.01);
    expect(await page.getByText(RESEARCH).count()).toBe(1);
    expect(await page.getByText(labelsOf(segs)[0] ?? '').count()).toBeGreaterThan(1);
  });

  it.each(['abdomen', 'picture'])('without a result is the image, and says so: %s', async (name) => {
    const { StudyInstanceUID, outcome } = study(name);
    const page = await open(StudyInstanceUID);

    await page
      .getByText(/: no result/)
      .first()
      .waitFor();

    await lookAt(page, `${name}-first-view`);
    expect(outcome).toBe('not-evaluable');
    expect(await page.locator('[data-cy="data-row"]').count()).toBe(0);
    expect(await page.getByText(RESEARCH).count()).toBe(1);
  });

  it('of two tools is the worse finding, with the masks of both and a word about a broken one', async () => {
    const page = await open(twoTools.StudyInstanceUID);
    const masks = writtenMasks(twoTools.worst.seg);

    await crossing(page, masks, twoTools.instances, 'two-tools-first-view');
    await page.getByText('(its mask is not shown)').first().waitFor();

    const shown = (await page.evaluate(`(() => {
      const { segmentationService, viewportGridService } = window.services;
      return [...viewportGridService.getState().viewports.keys()].map((id) =>
        segmentationService.getSegmentationRepresentations(id).map(({ label }) => label.split(':')[0]).sort());
    })()`)) as readonly (readonly string[])[];
    const both = twoTools.tools.toSorted();
    expect(shown).toEqual([both, both, both]);
    expect(await page.getByText(new RegExp(twoTools.worst.label)).count()).toBeGreaterThan(3);
  });

  it('gives way to a report that is opened, in one of the planes', async () => {
    const page = await open(study('phantom').StudyInstanceUID);
    await waitForFirstView(page);

    await openSeries(page, 'DOC', page.locator('object[type="application/pdf"]'));
    await page.waitForFunction(`document.querySelector('object[type="application/pdf"]')?.data.startsWith('blob:')`);

    await lookAt(page, 'first-view-pdf');
    expect(await page.locator('canvas.cornerstone-canvas').count()).toBe(2);
  });

  it('shows bone in 3D, with masks and without, which OHIF’s own choice hides', async () => {
    const page = await open(study('real').StudyInstanceUID, ONLY_3D);
    await expect.poll(async () => (await sharesOf3D(page, 'spine-3d')).mask, SOON).toBeGreaterThan(0.005);

    const ours = await sharesOf3D(page, 'spine-3d');
    await page.evaluate(`(() => {
      const [viewport] = window.services.cornerstoneViewportService.getRenderingEngine().getViewports();
      viewport.setProperties({ preset: 'CT-Bone' });
      viewport.render();
    })()`);
    await expect.poll(async () => (await sharesOf3D(page, 'spine-3d-ohif')).bone, SOON).toBeLessThan(ours.bone / 2);

    await page.context().close();

    const plain = await open(study('abdomen').StudyInstanceUID, ONLY_3D);
    await expect.poll(async () => (await sharesOf3D(plain, 'abdomen-3d')).bone, SOON).toBeGreaterThan(0.01);
    expect(ours.bone).toBeGreaterThan(0.01);
  });
});

/** The labels of the segments, in the order of their numbers. */
const labelsOf = (segs: readonly Uint8Array[]): readonly string[] =>
  segs.flatMap((bytes) =>
    readDicom(bytes, { stopBeforePixels: true })
      .dataset.items('SegmentSequence')
      .map((item) => item.text('SegmentLabel') ?? ''),
  );

async function evaluate(folder: string, tool: string, out: string): Promise<Evaluated> {
  const env = { HILUM_MODELS_DIR: places.localFolder ?? '' };
  const { stdout, stderr } = await runHilum(['run', folder, '--tool', tool, '--out', out, '--json'], env);
  const [report] = JSON.parse(stdout || '[]') as readonly StudyReport[];
  if (report === undefined) throw new Error(stderr);
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => readFileSync(join(folder, name)));
  const objects = report.objects.map(({ path, kind }) => ({ kind, bytes: readFileSync(path) }));
  return {
    StudyInstanceUID: report.StudyInstanceUID,
    outcome: report.outcome,
    instances: sources.map(indexInstance),
    files: [...sources, ...objects.map(({ bytes }) => bytes)],
    segs: objects.filter(({ kind }) => kind === 'segmentation').map(({ bytes }) => bytes),
  };
}
