/** The content of the tool's answers, and its answers if nothing can be measured. For its performance see `evaluation/vertebral-fracture`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { NotEvaluableError } from '#core/errors.ts';
import type { ProcessingResult } from '#core/tool.ts';
import { type Comparison, compare, measured, volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom, type SpinePhantomOptions } from '#phantoms/spine-ct.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const { tool, context } = await toolUnderTest('vertebral-fracture');

/** Seeds that were not used for training. */
const LUMBAR: SpinePhantomOptions = {
  seed: 7,
  columns: 160,
  rows: 160,
  spacingMm: [1.8, 1.8, 2],
  from: 'S',
  to: 'T11',
  fractures: [{ level: 'L2', type: 'wedge', loss: 0.35 }],
};
const THORACIC: SpinePhantomOptions = {
  seed: 31,
  columns: 200,
  rows: 200,
  spacingMm: [1.5, 1.5, 1.5],
  from: 'L3',
  to: 'T6',
  fractures: [
    { level: 'L1', type: 'biconcave', loss: 0.5 },
    { level: 'T11', type: 'wedge', loss: 0.45 },
  ],
};

async function answerTo(options: SpinePhantomOptions): Promise<{ result: ProcessingResult; comparison: Comparison }> {
  const phantom = makeSpinePhantom(options);
  const result = await tool.process([volumeOf(phantom)], context);
  return { result, comparison: compare(result, phantom.truth.vertebrae) };
}

describe('the answer about a spine', () => {
  let lumbar: Awaited<ReturnType<typeof answerTo>>;
  let thoracic: typeof lumbar;
  beforeAll(async () => {
    lumbar = await answerTo(LUMBAR);
    thoracic = await answerTo(THORACIC);
  });

  it('reports the clear fractures, and no sound body', () => {
    const called = [lumbar, thoracic].map(({ comparison }) =>
      comparison.pairs
        .filter(({ finding }) => measured(finding, 'vb-height-loss') >= 25)
        .map(({ truth }) => truth.level),
    );

    expect(called).toEqual([['L2'], ['L1', 'T11']]);
  });

  it('names levels from the sacrum up, and none if the sacrum is not in view', () => {
    const namesOf = ({ comparison }: typeof lumbar) => comparison.pairs.map(({ finding }) => finding.id);

    expect(namesOf(lumbar)).toEqual(lumbar.comparison.pairs.map(({ truth }) => truth.level));
    expect(namesOf(thoracic).every((id) => /^body-\d+$/.test(id))).toBe(true);
    expect(thoracic.result.report).toMatchObject({
      paragraphs: expect.arrayContaining([expect.stringContaining('levels are unknown')]),
    });
  });

  it('gives each body its mask and its outline on a source slice, and no certainty', () => {
    for (const { result } of [lumbar, thoracic]) {
      for (const finding of result.findings) {
        const segment = result.segments[(finding.segmentNumber ?? 0) - 1];
        const [region] = finding.regions ?? [];

        expect(segment?.frames.map(({ SOPInstanceUID }) => SOPInstanceUID)).toContain(region?.SOPInstanceUID);
        expect(region?.points.length).toBeGreaterThan(5);
        expect(finding.certainty).toBeUndefined();
      }
    }
  });

  it('says in each finding’s label where and how bad, the same in its mask’s, worst first', () => {
    const order = ['severe', 'moderate', 'mild', 'not-judged', 'normal'];
    const what: Readonly<Record<string, string>> = { 'not-judged': 'not judged', normal: 'normal height' };
    for (const { result } of [lumbar, thoracic]) {
      for (const finding of result.findings) {
        const { label = '', severity = '', segmentNumber = 0 } = finding;
        const said = /^([TL]\d+|Vertebra \d+ from below:) (?:(?:wedge|biconcave|crush), (\d+) %|(.+))$/.exec(label);
        if (said?.[2] === undefined) expect(said?.[3]).toBe(what[severity]);
        else expect(Math.abs(Number(said[2]) - measured(finding, 'vb-height-loss'))).toBeLessThanOrEqual(0.6);
        expect(label.length).toBeLessThanOrEqual(40);
        expect(result.segments[segmentNumber - 1]?.label).toBe(label);
      }
      const ranks = result.findings.map(({ severity = '' }) => order.indexOf(severity));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    }
    expect(lumbar.result.findings[0]?.label).toMatch(/^L2 /);
  });
});

describe('a CT without a measurable spine', () => {
  it('gets an answer without findings', async () => {
    const phantom = makeSpinePhantom({ seed: 7, columns: 100, rows: 100, spacingMm: [3, 3, 4], from: 'L5', to: 'L1' });
    const water = {
      ...volumeOf(phantom),
      voxels: phantom.voxels.map((_, at) => (at % 100 > 20 && at % 100 < 80 ? 40 : -1000)),
    };

    const result = await tool.process([water], context);

    expect(result.metadata).toMatchObject({ outcome: 'no-finding', reason: { code: 'no-spine' } });
    expect(result.findings).toEqual([]);
  });

  it('is refused if slices are too thick to measure', async () => {
    const phantom = makeSpinePhantom({ seed: 7, columns: 80, rows: 80, spacingMm: [3, 3, 5], from: 'L5', to: 'L1' });

    await expect(tool.process([volumeOf(phantom)], context)).rejects.toMatchObject({ code: 'slices-too-thick' });
  });

  it('is refused if nothing is as dark as fat', async () => {
    const phantom = makeSpinePhantom({ seed: 7, columns: 80, rows: 80, spacingMm: [3, 3, 3], from: 'L5', to: 'L1' });
    const noCt = { ...volumeOf(phantom), voxels: phantom.voxels.map((hu) => hu + 1024) };

    await expect(tool.process([noCt], context)).rejects.toMatchObject({ code: 'not-hounsfield' });
  });

  it('is refused if fewer than three bodies are in view', async () => {
    const options = {
      seed: 9,
      columns: 110,
      rows: 110,
      slices: 34,
      spacingMm: [2, 2, 2],
      from: 'L4',
      to: 'L3',
    } as const;
    const phantom = makeSpinePhantom({ ...options, fractures: [], plain: true });

    await expect(tool.process([volumeOf(phantom)], context)).rejects.toMatchObject({ code: 'too-few-bodies' });
  });

  it('is refused if it is too short for one body', async () => {
    const phantom = makeSpinePhantom({
      seed: 7,
      columns: 60,
      rows: 60,
      slices: 7,
      spacingMm: [4, 4, 4],
      from: 'L4',
      to: 'L3',
    });

    await expect(tool.process([volumeOf(phantom)], context)).rejects.toThrow(NotEvaluableError);
  });

  it('is refused if the borders cut every body, however much of each is in view', async () => {
    const phantom = makeSpinePhantom({
      ...{ seed: 7, columns: 110, rows: 110, slices: 16, spacingMm: [2, 2, 2], from: 'L4', to: 'L3' },
      ...{ fractures: [], plain: true },
    });

    await expect(tool.process([volumeOf(phantom)], context)).rejects.toMatchObject({ code: 'no-complete-body' });
  });
});
