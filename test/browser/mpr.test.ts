/** The masks of the spine tool across a volume's three planes (multiplanar reconstruction), as README's picture shows them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { phantomStudies } from '#cli/demo/studies.ts';
import type { StudyReport } from '#cli/run-study.ts';
import { studyUrl } from '#viewer/server.ts';
import { loadSegmentation, lookAt, openScreen, showPoint, startChromium, waitForPlanes } from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs } from '../fixtures/filled-pacs.ts';
import { runHilum } from '../fixtures/hilum.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { sameness, tint } from '../fixtures/screen-colors.ts';
import { writtenColors } from '../fixtures/written-masks.ts';

/** What is on the screen may come a moment after the viewer says so; what is wrong stays wrong. */
const SOON = { timeout: 20_000, interval: 500 };

/** Wide and low, as a picture between paragraphs should be. */
const SCREEN = { viewport: { width: 1440, height: 640 } };

describeWith(['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium', 'data'], 'the three planes', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-mpr-'));
  const studies = new Map<string, Evaluated>();
  let pacs: FilledPacs;
  let browser: Browser;

  beforeAll(async () => {
    studies.set('phantom', await evaluate(await phantomFolder(join(scratch, 'phantom')), join(scratch, 'out')));
    studies.set('real', await evaluate(join(dataFolder(), 'ct-spine-ref-dicom'), join(scratch, 'out')));
    pacs = await fillPacs([...studies.values()].flatMap(({ files }) => files));
    browser = await startChromium();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  // The body is the broken one of the phantom, and a sound one of the real CT.
  it.each([
    ['phantom', 'L2'],
    ['real', 'L3'],
  ])('show a body in its colour at its centre: %s, %s', async (name, body) => {
    const { report, files } = studies.get(name) ?? { report: undefined, files: [] };
    const finding = report?.findings.find(({ id }) => id === body);
    const seg = report?.objects.find(({ kind }) => kind === 'segmentation');
    const wanted = writtenColors(readFileSync(seg?.path ?? ''))[(finding?.segmentNumber ?? 0) - 1];
    const { page, context } = await openScreen(browser, SCREEN);
    await page.goto(`${studyUrl(pacs.viewerUrl, report?.StudyInstanceUID ?? '')}&hangingprotocolId=mpr`);
    await waitForPlanes(page);
    await loadSegmentation(page);
    await page.locator('[data-cy="panelSegmentation-btn"]').click();

    // Where the point is on the page is asked each time: the planes move while the panel opens.
    const see = async (): Promise<readonly number[]> => {
      const places = await showPoint(page, finding?.position ?? [0, 0, 0]);
      const look = await lookAt(page, `spine-mpr-${name}`);
      return places.map((place) => sameness(tint(look(place)), tint(wanted ?? [0, 0, 0])));
    };

    expect(files.length).toBeGreaterThan(100);
    await expect.poll(see, SOON).toEqual([1, 1, 1].map(() => expect.closeTo(1, 1)));
    await context.close();
  });
});

interface Evaluated {
  readonly report: StudyReport;
  /** The study's files and the result's. */
  readonly files: readonly Uint8Array[];
}

async function evaluate(folder: string, out: string): Promise<Evaluated> {
  const { stdout } = await runHilum(['run', folder, '--tool', 'vertebral-fracture', '--out', out, '--json']);
  const [report] = JSON.parse(stdout) as readonly StudyReport[];
  if (report === undefined) throw new Error('the folder holds a study');
  const sources = readdirSync(folder).map((name) => join(folder, name));
  return { report, files: [...sources, ...report.objects.map(({ path }) => path)].map((path) => readFileSync(path)) };
}

async function phantomFolder(folder: string): Promise<string> {
  mkdirSync(folder);
  const [spine] = phantomStudies();
  for (const instance of spine?.instances ?? []) {
    writeFileSync(join(folder, `${instance.SOPInstanceUID}.dcm`), (await spine?.read(instance)) ?? '');
  }
  return folder;
}
