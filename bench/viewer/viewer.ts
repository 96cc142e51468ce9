/** Measures how long a study takes to open in the viewer, to the first picture and to the first mask, with new and with used profiles. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, errors, type Page } from 'playwright-core';
import { studyUrl } from '#viewer/server.ts';
import { dataFolder } from '../../localstack/parts.mjs';
import { chromiumOptions, openSeries } from '../../test/fixtures/browser.ts';
import { fillPacs } from '../../test/fixtures/filled-pacs.ts';
import { runHilum } from '../../test/fixtures/hilum.ts';
import { spineStudy } from '../../test/fixtures/viewer-studies.ts';
import { describeViewer, MASK_PATIENCE_S, type MeasuredOpening, type OpeningTimes } from './report.ts';

const PATIENCE_MS = 120_000;

const PROFILES = ['cold', 'warm'] as const;
const VIEWERS = ['Hilum', 'OHIF as it comes, after clicks'] as const;

/** What `hilum run --json` prints of a study. */
interface Report {
  readonly StudyInstanceUID: string;
  readonly objects: readonly { readonly path: string }[];
}

interface Study {
  readonly name: string;
  readonly StudyInstanceUID: string;
  readonly files: readonly Uint8Array[];
}

/** Measures, and returns the section of docs/benchmarks.md. */
export async function measureViewer({ repetitions }: { readonly repetitions: number }): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-bench-'));
  const studies = [phantomStudy(), await realStudy(scratch)];
  const pacs = await fillPacs(studies.flatMap(({ files }) => files));
  const before = loadavg()[0] ?? 0;
  try {
    const cells = studies.flatMap((study) =>
      VIEWERS.flatMap((viewer) => PROFILES.map((profile) => ({ study, viewer, profile }))),
    );
    const times = new Map<(typeof cells)[number], OpeningTimes[]>();
    for (let repetition = 1; repetition <= repetitions; repetition++)
      for (const cell of cells) {
        const { study, viewer, profile } = cell;
        console.error(`repetition ${repetition}: ${study.name}, ${viewer}, ${profile}`);
        const folder = join(scratch, `${repetition}-${studies.indexOf(study)}-${VIEWERS.indexOf(viewer)}`);
        const address = studyUrl(pacs.viewerUrl, study.StudyInstanceUID);
        times.set(cell, [...(times.get(cell) ?? []), await measureOpening(address, viewer === 'Hilum', folder)]);
      }
    const measured: readonly MeasuredOpening[] = cells.map((cell) => ({
      ...{ study: cell.study.name, viewer: cell.viewer, profile: cell.profile, times: times.get(cell) ?? [] },
    }));
    return describeViewer({ measured, repetitions, load: [before, loadavg()[0] ?? 0] });
  } finally {
    await pacs.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Opens the address in a browser of its own, whose profile is in a folder. */
async function measureOpening(address: string, isHilum: boolean, folder: string): Promise<OpeningTimes> {
  const context = await chromium.launchPersistentContext(folder, {
    ...chromiumOptions(),
    viewport: { width: 1280, height: 800 },
  });
  try {
    context.setDefaultTimeout(PATIENCE_MS);
    if (!isHilum) await context.addInitScript(WITHOUT_EXTENSION);
    const page = await context.newPage();
    await page.goto(address);
    const pictureS = await timeOf(page, 'Math.max(red, green, blue) > 40', 500);
    if (!isHilum) await loadByClicks(page);
    const maskS = await timeOf(page, COLOURED, 8, isHilum ? PATIENCE_MS : MASK_PATIENCE_S * 1000).catch((error) => {
      if (isHilum || !(error instanceof errors.TimeoutError)) throw error;
      return undefined;
    });
    return { pictureS, maskS };
  } finally {
    await context.close();
  }
}

const COLOURED = 'Math.max(red, green, blue) - Math.min(red, green, blue) > 60';

/** Waits until so many pixels of the page's canvases, drawn small, fulfil a condition. Returns the time since the navigation began. */
async function timeOf(page: Page, condition: string, least: number, timeout = PATIENCE_MS): Promise<number> {
  const handle = await page.waitForFunction(
    `(() => {
      const count = [...document.querySelectorAll('canvas.cornerstone-canvas')].reduce((sum, canvas) => {
        if (canvas.width === 0 || canvas.height === 0) return sum;
        const small = new OffscreenCanvas(192, 192).getContext('2d', { willReadFrequently: true });
        small.drawImage(canvas, 0, 0, 192, 192);
        const { data } = small.getImageData(0, 0, 192, 192);
        for (let at = 0; at < data.length; at += 4) {
          const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
          if (${condition}) sum++;
        }
        return sum;
      }, 0);
      return count >= ${least} && performance.now();
    })()`,
    undefined,
    { polling: 100, timeout },
  );
  return Number(await handle.jsonValue()) / 1000;
}

/** Runs on the page before OHIF: the same configuration without what is Hilum's. */
const WITHOUT_EXTENSION = `{
  let plain;
  Object.defineProperty(window, 'config', {
    get: () => plain,
    set: (config) => {
      plain = async () => ({ ...(await config()), extensions: [], modesConfiguration: {} });
    },
  });
}`;

/** What a user does in OHIF to see masks. */
async function loadByClicks(page: Page): Promise<void> {
  const yes = page.getByRole('button', { name: 'Yes' });
  await openSeries(page, 'SEG', yes);
  await yes.click();
  await yes.waitFor({ state: 'detached' });
  const segment = page.locator('[data-cy="data-row"]').first();
  if (!(await segment.isVisible())) await page.locator('[data-cy="panelSegmentation-btn"]').click();
  await segment.click();
}

function phantomStudy(): Study {
  const { StudyInstanceUID, files, objects } = spineStudy();
  const name = `a phantom of ${files.length} slices of 96 × 96`;
  return { name, StudyInstanceUID, files: [...files, ...objects.map(({ bytes }) => bytes)] };
}

async function realStudy(scratch: string): Promise<Study> {
  const folder = join(dataFolder(), 'ct-spine-ref-dicom');
  const out = join(scratch, 'out');
  const { stdout } = await runHilum(['run', folder, '--tool', 'vertebral-fracture', '--out', out, '--json']);
  const [report] = JSON.parse(stdout) as readonly Report[];
  if (report === undefined) throw new Error('The real spine CT is missing: see CONTRIBUTING.md');
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const paths = [...sources, ...report.objects.map(({ path }) => path)];
  const name = `a real CT of the spine, ${sources.length} slices of 101 × 122`;
  return { name, StudyInstanceUID: report.StudyInstanceUID, files: paths.map((path) => readFileSync(path)) };
}
