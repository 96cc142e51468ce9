/**
 * A study whose result was replaced: half of a real CT was evaluated, then the whole. The older result is in the PACS, as with a PACS that
 * cannot delete; the note about it comes while the study is known to the viewer. Writes the docs' pictures (`docs/life-of-results.md`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { studyUrl } from '#viewer/server.ts';
import { lookAt, openScreen, settled, startChromium, waitForImage } from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs, orthancIdOf } from '../fixtures/filled-pacs.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';
import { createLife } from '../fixtures/results-life.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

interface Held {
  readonly bytes: Uint8Array;
  readonly dataset: Dataset;
}

const isNote = ({ dataset }: Held): boolean => dataset.text('Modality') === 'KO';
const isOurs = ({ dataset }: Held): boolean => dataset.text('Manufacturer') === 'Hilum';
const isNewer = ({ dataset }: Held): boolean =>
  dataset.text('SeriesDescription')?.includes('replaces earlier') === true;
const descriptions = (held: readonly Held[]) =>
  held.map(({ dataset }) => dataset.text('SeriesDescription') ?? '').sort();

/** Many entries in the list of series, and a picture that fits between paragraphs. */
const SCREEN = { viewport: { width: 1120, height: 820 } };

describeWith(['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium', 'data'], 'a superseded study', () => {
  let images: readonly Held[] = [];
  let [older, newer, notes] = [images, images, images];
  let pacs: FilledPacs;
  let browser: Browser;
  const StudyInstanceUID = (): string => images[0]?.dataset.text('StudyInstanceUID') ?? '';

  beforeAll(async () => {
    const folder = join(dataFolder(), 'ct-spine-ref-dicom');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const life = createLife({ deletesReplaced: false }, undefined, await toolUnderTest('vertebral-fracture'));
    for (const arrived of [files.slice(52), files]) {
      await life.arrives(arrived);
      await life.settles();
    }
    const held = [...life.pacs.held.values()].map((bytes) => ({ bytes, dataset: readDicom(bytes).dataset }));
    images = held.filter((one) => !isOurs(one));
    notes = held.filter(isNote);
    const results = held.filter((one) => isOurs(one) && !isNote(one));
    older = results.filter((one) => !isNewer(one));
    newer = results.filter(isNewer);
    pacs = await fillPacs([...images, ...older, ...newer].map(({ bytes }) => bytes));
    browser = await startChromium();
  }, 600_000);
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
  });

  /** What OHIF lists of our results, by their descriptions. */
  async function listedInOhif(picture: string): Promise<readonly string[]> {
    const { page } = await openScreen(browser, SCREEN);
    await page.goto(studyUrl(pacs.viewerUrl, StudyInstanceUID()));
    await waitForImage(page);
    const entries = page.locator('[data-cy^="study-browser-thumbnail"]');
    await entries.filter({ hasText: 'report (research' }).first().waitFor();
    await settled(page);
    await lookAt(page, picture);
    const texts = await entries.allInnerTexts();
    return descriptionsIn(texts);
  }

  it('shows both sets of results before the note is there, and then the newer only', async () => {
    const all = [...older, ...newer];
    expect([images.length, older.length, newer.length, notes.length]).toEqual([112, 5, 5, 1]);

    expect(await listedInOhif('superseded-before')).toEqual(descriptions(all));
    await store(notes);
    expect(await listedInOhif('superseded-after')).toEqual(descriptions(newer));
  });

  it('has no way to the older objects and the note, and every way to the others', async () => {
    await store(notes);
    const ask = (path: string) => fetch(`${pacs.viewerUrl}/dicom-web/studies/${StudyInstanceUID()}${path}`);
    const statuses = async (held: readonly Held[], end = '') => {
      const all = held.map(async ({ dataset }) => {
        const series = `/series/${dataset.text('SeriesInstanceUID')}`;
        return (await ask(`${series}/instances/${dataset.text('SOPInstanceUID')}${end}`)).status;
      });
      return [...new Set(await Promise.all(all))];
    };
    // Under the path of another series, Orthanc has no object.
    const [foreign, hidden] = [newer[0]?.dataset, older[0]?.dataset];
    const crossed = `/series/${foreign?.text('SeriesInstanceUID')}/instances/${hidden?.text('SOPInstanceUID')}`;
    const shown = [...images, ...newer];
    const uids = shown.map(({ dataset }) => dataset.text('SOPInstanceUID')).sort();
    const client = createDicomWebClient({ url: `${pacs.viewerUrl}/dicom-web/`, username: '', password: '' });
    const files = await Array.fromAsync(client.retrieveStudy({ StudyInstanceUID: StudyInstanceUID() }));
    const metadata = (await (await ask('/metadata')).json()) as Record<string, { Value: readonly string[] }>[];

    expect(await statuses([...older, ...notes])).toEqual([404]);
    expect(await statuses([...older, ...notes], '/metadata')).toEqual([404]);
    expect((await ask(crossed)).status).toBe(404);
    expect(await statuses(shown)).toEqual([200]);
    expect(files.map((bytes) => readDicom(bytes).dataset.text('SOPInstanceUID')).sort()).toEqual(uids);
    expect(metadata.map((entry) => entry['00080018']?.Value[0]).sort()).toEqual(uids);
  });

  it('is marked on its page in Orthanc', async () => {
    await store(notes);
    const { url, username, password } = pacs.orthanc;
    const { page } = await openScreen(browser, { ...SCREEN, httpCredentials: { username, password } });
    await page.goto(`${url}/app/explorer.html#study?uuid=${await orthancIdOf(pacs, StudyInstanceUID())}`);
    const marked = (words: RegExp) => markedSeries(page, words);
    await page.getByText('REPLACED:').first().waitFor();
    await page.locator('#list-series').scrollIntoViewIfNeeded();

    await lookAt(page, 'superseded-orthanc');

    expect(await marked(/REPLACED:/)).toEqual(descriptions(older));
    expect(await marked(/note about results/)).toEqual(descriptions(notes));
  });

  it('shows the newer also where the older was deleted, as by default', async () => {
    await store(notes);
    const { url, username, password } = pacs.orthanc;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const client = createDicomWebClient({ url: `${pacs.viewerUrl}/dicom-web/`, username: '', password: '' });
    for (const { dataset } of older) {
      const body = dataset.text('SeriesInstanceUID') ?? '';
      const found = await fetch(`${url}/tools/lookup`, { method: 'POST', body, headers: { authorization } });
      const [{ Path }] = (await found.json()) as [{ readonly Path: string }];
      await fetch(`${url}${Path}`, { method: 'DELETE', headers: { authorization } });
    }

    const listed = await Array.fromAsync(client.searchSeries({ StudyInstanceUID: StudyInstanceUID() }));

    const shown = [...images, ...newer].map(({ dataset }) => dataset.text('SeriesInstanceUID'));
    expect(listed.map((series) => series['0020000E']?.Value?.[0]).sort()).toEqual([...new Set(shown)].sort());
  });

  async function store(held: readonly Held[]): Promise<void> {
    const { dicomWebUrl: url, username, password } = pacs.orthanc;
    await createDicomWebClient({ url, username, password }).store(
      held.map(({ bytes, dataset }) => ({ bytes, SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '' })),
    );
  }
});

/** The descriptions of our series among the texts of entries. */
const descriptionsIn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => text.split('\n').filter((line) => line.includes('(research'))).sort();

async function markedSeries(page: Page, words: RegExp): Promise<readonly string[]> {
  const entries = page.locator('#list-series li').filter({ hasText: words }).locator('h3');
  return (await entries.allInnerTexts()).sort();
}
