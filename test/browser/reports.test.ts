/** Structured reports in OHIF as a reader sees them: drawn as found, or as text, and two tools told apart. The list of studies, too. */
import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { nonResult } from '#core/results/result.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import type { Finding } from '#core/tool.ts';
import { Sct, Units, Vertebrae } from '#dicom/codes.ts';
import { readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { studyUrl } from '#viewer/server.ts';
import { lookAt, openScreen, openSeries, startChromium, waitForImage } from '../fixtures/browser.ts';
import { type FilledPacs, fillPacs } from '../fixtures/filled-pacs.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { bitewingStudy, spineStudy, studyOf, volumeOf } from '../fixtures/viewer-studies.ts';

/** The screen may follow the viewer's state a moment later. */
const SOON = { timeout: 30_000, interval: 500 };

const HEIGHT_LOSS = { value: 'HLM001', scheme: '99HILUM', meaning: 'Height loss' };
const DISC = 'Disc assessment';

/** Two findings on one slice, side by side: worst first, the other with a loss of nothing. */
function drawnFindings(SOPInstanceUID: string): readonly Finding[] {
  const box = (left: number) =>
    [
      [left, 40],
      [left + 14, 40],
      [left + 14, 56],
      [left, 56],
      [left, 40],
    ] as const;
  const common = { finding: Sct.compressionFracture, evaluations: [] } as const;
  const loss = (value: number) => [{ name: HEIGHT_LOSS, value, unit: Units.percent }];
  const region = (left: number) => [{ SOPInstanceUID, graphicType: 'POLYLINE' as const, points: box(left) }];
  return [
    {
      ...{ ...common, id: 'L3', label: 'L3 wedge, 37 %', severity: 'moderate', site: Vertebrae['L3'] ?? Sct.vertebra },
      ...{ summary: 'L3 has lost 37 % of its height.', measurements: loss(37), certainty: 0.9, regions: region(40) },
    },
    {
      ...{ ...common, id: 'L4', label: 'L4 not judged', severity: 'not-judged', site: Vertebrae['L4'] ?? Sct.vertebra },
      ...{ summary: 'L4 is only partly in view.', measurements: loss(0), regions: region(58) },
    },
  ];
}

describeWith(['orthanc', 'viewerLink', 'postgresql', 'ohif', 'chromium'], 'reports in the viewer', () => {
  const spine = spineStudy({ seed: 9 });
  const slice = spine.instances[spine.drawnSlice];
  const content = { outcome: 'result' as const, summary: 'Findings of a phantom.', segments: [], keyImages: [] };
  const resultOf = (findings: readonly Finding[], label: string, tool: { id: string; seriesNumber: number }) =>
    studyOf(
      spine.files,
      spine.instances,
      volumeOf(spine.instances, spine.phantom),
      { ...content, findings },
      label,
      tool,
    );
  const height = resultOf(
    [
      ...drawnFindings(slice?.SOPInstanceUID ?? ''),
      {
        ...{ id: 'spine', label: 'Lumbar spine, mean loss 4 %', finding: Sct.vertebra, evaluations: [] },
        ...{ summary: 'The spine as a whole.', measurements: [{ name: HEIGHT_LOSS, value: 4, unit: Units.percent }] },
      },
    ],
    'Height assessment',
    { id: 'height-tool', seriesNumber: 40_000 },
  );
  const disc = resultOf(
    drawnFindings(slice?.SOPInstanceUID ?? '')
      .slice(0, 1)
      .map((one) => ({ ...one, id: 'D', label: 'Disc L2/3, 12 %' })),
    DISC,
    { id: 'disc-tool', seriesNumber: 50_000 },
  );
  const bitewing = bitewingStudy();
  let pacs: FilledPacs;
  let browser: Browser;

  beforeAll(async () => {
    const results = [...height.objects, ...disc.objects].map(({ bytes }) => bytes);
    pacs = await fillPacs([...spine.files, ...results, ...bitewing.files, ...refusalOf(bitewing)]);
    browser = await startChromium();
  }, 180_000);
  afterEach(async ({ task }) => {
    const pages = browser.contexts().flatMap((context) => context.pages());
    if (task.result?.state === 'fail') await Promise.all(pages.map((page) => lookAt(page, `failed-${task.name}`)));
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await pacs?.close();
  });

  async function open(StudyInstanceUID: string): Promise<Page> {
    const { page } = await openScreen(browser);
    await page.goto(studyUrl(pacs.viewerUrl, StudyInstanceUID));
    await waitForImage(page);
    return page;
  }

  it('lists studies with their descriptions and modalities, without a tour', async () => {
    const { page } = await openScreen(browser);
    await page.goto(pacs.viewerUrl);
    await page.getByText('Synthetic phantom, no patient').first().waitFor();
    await lookAt(page, 'worklist');

    const text = await page.locator('table').allInnerTexts();

    expect(text.join('\n')).not.toContain('No Description');
    expect(text.join('\n')).toMatch(/\bIO\b/);
    expect(await page.getByText('for investigational use only').count()).toBe(1);
    expect(await page.locator('.shepherd-element').count()).toBe(0);
  });

  it('says that there is no result in the list of series, and why as text', async () => {
    const page = await open(bitewing.StudyInstanceUID);
    await expect
      .poll(() => seriesNames(page), SOON)
      .toContain('Caries assessment: no result. Not evaluable: too blurred');
    await openSeries(page, 'SR', page.getByText('Outcome:'));
    await lookAt(page, 'non-result');

    const text = await page.locator('body').innerText();

    expect(await page.locator('.shepherd-element').count()).toBe(0);
    expect(text).toMatch(/Outcome: ?\n?Not evaluable/);
    expect(text).toMatch(/Reason: ?\n?The teeth are too blurred to be judged\./);
    expect(text).toContain('says nothing about the presence or absence of a finding');
    expect(text).toContain('Research use only');
  });

  it('draws findings with what and where, colours by severity and labels apart; another report replaces them', async () => {
    const page = await open(spine.StudyInstanceUID);
    const drawn = () => page.locator('svg.svg-layer').allTextContents();

    await openSeries(page, 'SR', page.locator('svg.svg-layer polyline'), 'Height assessment: findings on images');
    await expect.poll(drawn, SOON).toContainEqual(expect.stringContaining('L3 wedge, 37 %'));
    await lookAt(page, 'drawn-report');
    const text = (await drawn()).join('');
    expect(text).toMatch(/L3 wedge, 37 %.*Finding site: L3 vertebra.*Height loss: 37 %/);
    expect(text).toMatch(/L4 not judged.*Height loss: None/);
    expect(text).not.toContain('363698007');
    expect(await page.getByText('continue tracking measurements').count()).toBe(0);
    expect((await strokes(page)).sort()).toEqual(['rgb(170, 170, 170)', 'rgb(245, 150, 40)']);
    expect(await overlapping(page)).toEqual([]);

    await openSeries(page, 'SR', page.getByText('The spine as a whole.'), 'Height assessment: other findings');
    await lookAt(page, 'report-as-text');
    expect((await drawn()).join('')).toBe('');
    expect(await page.locator('body').innerText()).toMatch(/Lumbar spine, mean loss 4 %.*Height loss: ?\n?4 %/s);

    await openSeries(page, 'SR', page.locator('svg.svg-layer polyline'), `${DISC}: findings on images`);
    await expect.poll(drawn, SOON).toContainEqual(expect.stringContaining('Disc L2/3, 12 %'));
    expect((await drawn()).join('')).not.toContain('L3 wedge');
  });

  it('tells the reports of two tools apart, by name and by number', async () => {
    const page = await open(spine.StudyInstanceUID);
    await lookAt(page, 'two-tools');

    const listed = (await seriesEntries(page)).filter((entry) => entry.includes('findings on images'));

    expect(listed.map((entry) => /S:(\d+)/.exec(entry)?.[1]?.slice(0, 1))).toEqual(['4', '5']);
    expect(listed.map((entry) => /\w+ assessment/.exec(entry)?.[0])).toEqual(['Height assessment', DISC]);
  });
});

/** An answer of a tool that could not judge the images. */
function refusalOf({ instances, files }: ReturnType<typeof bitewingStudy>): readonly Uint8Array[] {
  const result = nonResult({
    description: {
      ...{ id: 'caries-tool', label: 'Caries assessment', purpose: 'Shows a viewer a non-result', models: [] },
      ...{ inputs: 'Phantoms', outputs: 'Nothing', limits: 'Only phantoms.', seriesNumber: 60_000 },
    },
    version: '1.0.0+r1.0123abcd',
    inputDigest: createHash('sha256').update('bitewing').digest('hex'),
    inputs: instances.map(({ SOPInstanceUID }) => SOPInstanceUID),
    outcome: 'not-evaluable',
    reason: { code: 'too-blurred', message: 'The teeth are too blurred to be judged.' },
  });
  const [first = new Uint8Array()] = files;
  return result
    .toDicom(sourceStudyOf(instances, readDicom(first, { stopBeforePixels: true })))
    .map(({ attributes }) => encodeDicom(attributes));
}

const seriesEntries = (page: Page) => page.locator('[data-cy^="study-browser-thumbnail"]').allInnerTexts();

const seriesNames = (page: Page) => page.locator('[data-cy="series-description-label"]').allInnerTexts();

/** The colours of the outlines. */
const strokes = (page: Page) =>
  page
    .locator('svg.svg-layer polyline')
    .evaluateAll((lines) => lines.map((line) => String(line.getAttribute('stroke'))));

/** Pairs of labels that cover each other. */
async function overlapping(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const boxes = [...document.querySelectorAll('svg.svg-layer text')].map((text) => text.getBoundingClientRect());
    return boxes.flatMap((a, index) => boxes.slice(0, index).filter((b) =>
      a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
  })()`);
}
