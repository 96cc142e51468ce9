/** A study of several volumes: the tool tries them in turn, and no part of the study answers for the whole in silence. */
import { describe, expect, it } from 'vitest';
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import { runTool, type ToolRun } from '#core/run-tool.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import { selectImages } from '#core/study/selection.ts';
import type { ImageProcessingTool, PassedOver } from '#core/tool.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { notInView, type Series, seen, seriesFiles, volumeEntry, volumeTool } from '../fixtures/candidates.ts';
import { section } from '../fixtures/cross-sections.ts';
import { phantomStudy } from '../fixtures/phantom-studies.ts';

const selectedOf = (...series: readonly Series[]) => {
  const { images, read } = phantomStudy('candidates', series.flatMap(seriesFiles));
  return { images: selectImages(volumeEntry.manifest.selection, images).selected, read };
};

const run = (
  tool: ImageProcessingTool,
  { images, read }: ReturnType<typeof selectedOf>,
  change: Partial<ToolRun> = {},
) =>
  runTool({
    ...{ entry: volumeEntry, tool, images, read, decoder: inProcessDecoder, clock: Date },
    engine: { run: () => Promise.reject(new Error('no model is asked')) },
    deadlineMs: Date.now() + 60_000,
    ...change,
  });

const numberOf = ({ SeriesInstanceUID }: Pick<Volume, 'SeriesInstanceUID'>): number =>
  Number(SeriesInstanceUID.slice(-1));
const named = (passedOver: readonly PassedOver[] = []) =>
  passedOver.map(({ SeriesNumber, images, reason }) => [SeriesNumber, images, reason.code]);

/** Other pixels and another place than all other series, so that nothing is joined. */
const apart = (place: number): Pick<Series, 'change'> => ({
  change: (k) => ({ position: [-10, -20 - 50 * place, 100 + 2 * k], stored: section(k + 100 * place).stored }),
});
const good: Series = { number: 1, slices: 20, ...apart(1) };

describe('the first candidate', () => {
  it.each<[string, Series, string]>([
    [
      'thin and broken',
      {
        number: 2,
        slices: 20,
        attributes: { SliceThickness: 1 },
        change: (k) => ({ position: [0, 0, k < 9 ? k : k + 1] }),
      },
      'missing-slices',
    ],
    [
      'thin and interspaced',
      { number: 2, slices: 20, attributes: { SliceThickness: 1 }, change: (k) => ({ position: [0, 0, 12 * k] }) },
      'not-preferred',
    ],
    [
      'derived',
      { number: 2, slices: 20, ...apart(2), attributes: { SliceThickness: 1, ImageType: ['DERIVED', 'PRIMARY'] } },
      'not-preferred',
    ],
    [
      'of no named body part',
      { number: 2, slices: 40, ...apart(2), attributes: { BodyPartExamined: undefined } },
      'not-preferred',
    ],
    ['short', { number: 2, slices: 9, ...apart(2), attributes: { SliceThickness: 1.5 } }, 'not-preferred'],
    ['of too few slices', { number: 2, slices: 5, ...apart(2) }, 'not-suitable'],
  ])('is not the one that is %s, and the answer names that', async (_, other, code) => {
    const { metadata } = await run(volumeTool(seen), selectedOf(other, good));

    expect(metadata).toMatchObject({ outcome: 'result', summary: '20 slices' });
    expect(named(metadata.passedOver)).toEqual([[2, other.slices, code]]);
  });

  it('is the thinner one of two that promise the same', async () => {
    const thin: Series = {
      ...{ number: 2, slices: 39, attributes: { SliceThickness: 1 } },
      change: (k) => ({ position: [-10, -120, 100 + k] }),
    };

    const { metadata } = await run(
      volumeTool((volume) => ({ ...seen(volume), summary: `Series ${numberOf(volume)}` })),
      selectedOf(good, { ...good, number: 3, attributes: { SliceThickness: 2.5 }, ...apart(3) }, thin),
    );

    expect(metadata.summary).toBe('Series 2');
    expect(named(metadata.passedOver)).toEqual([
      [1, 20, 'not-preferred'],
      [3, 20, 'not-preferred'],
    ]);
  });
});

describe('the next candidate', () => {
  const second: Series = { number: 2, slices: 18, ...apart(2) };
  const study = () => selectedOf(good, second);

  it.each<[string, (volume: Volume) => ReturnType<typeof seen>, string]>([
    ['shows no organ', () => notInView, 'no-organ'],
    [
      'cannot be evaluated',
      () => {
        throw new NotEvaluableError('motion', 'The patient moved');
      },
      'motion',
    ],
  ])('answers where the first %s', async (_, first, code) => {
    const selected = study();

    const { metadata } = await run(
      volumeTool((volume) => (numberOf(volume) === 1 ? first(volume) : seen(volume))),
      selected,
    );

    expect(metadata).toMatchObject({
      outcome: 'result',
      summary: '18 slices',
      inputDigest: inputDigestOf(selected.images),
    });
    expect(metadata.inputs).toHaveLength(18);
    expect(named(metadata.passedOver)).toEqual([[1, 20, code]]);
  });

  it('is not asked where the first one is evaluated and shows nothing', async () => {
    const { notInView: _, ...nothing } = notInView;
    const asked: number[] = [];

    const { metadata } = await run(
      volumeTool((volume) => {
        asked.push(numberOf(volume));
        return nothing;
      }),
      study(),
    );

    expect(asked).toEqual([1]);
    expect(metadata).toMatchObject({ outcome: 'no-finding', passedOver: [{ reason: { code: 'not-preferred' } }] });
  });

  it('decides whether the study is without finding', async () => {
    const nowhere = await run(
      volumeTool(() => notInView),
      study(),
    );
    const unclear = await run(
      volumeTool((volume) => {
        if (numberOf(volume) === 1) return notInView;
        throw new NotEvaluableError('motion', 'The patient moved');
      }),
      study(),
    );

    expect(nowhere.metadata).toMatchObject({ outcome: 'no-finding', reason: { code: 'no-organ' } });
    expect(named(nowhere.metadata.passedOver)).toEqual([[2, 18, 'no-organ']]);
    expect(unclear.metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code: 'motion' } });
    expect(named(unclear.metadata.passedOver)).toEqual([[1, 20, 'no-organ']]);
  });

  it('is a piece where another piece of the scan cannot be read, and the answer names that piece', async () => {
    const { images, read } = selectedOf({ number: 1, slices: 12 }, { number: 2, from: 12, slices: 9 });
    const cut: ToolRun['read'] = async (instance) => {
      const bytes = await read(instance);
      return instance.SOPInstanceUID === '2.25.52015' ? bytes.subarray(0, bytes.length - 4) : bytes;
    };

    const { metadata } = await run(volumeTool(seen), { images, read: cut });

    expect(images).toHaveLength(1);
    expect(metadata).toMatchObject({ outcome: 'result', summary: '12 slices' });
    expect(metadata).not.toHaveProperty('joined');
    expect(metadata.passedOver).toMatchObject([
      { SeriesNumber: 2, images: 9, reason: { code: expect.stringMatching(/./) } },
    ]);
  });
});

describe('candidates that are not tried', () => {
  const many = Array.from({ length: 8 }, (_, i): Series => ({ number: i + 1, slices: 20, ...apart(i + 1) }));

  it('are more than six, and no finding in the six is none of the study', async () => {
    const { metadata } = await run(
      volumeTool(() => notInView),
      selectedOf(...many),
    );

    expect(metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code: 'not-tried' } });
    expect(named(metadata.passedOver).map(([, , code]) => code)).toEqual([...Array(6).fill('no-organ'), 'not-tried']);
  });

  it('are those for which the run has no time', async () => {
    let now = 0;
    const slow = volumeTool(() => {
      now += 5000;
      throw new NotEvaluableError('motion', 'The patient moved');
    });

    const { metadata } = await run(slow, selectedOf(...many), { clock: { now: () => now }, deadlineMs: 20_000 });

    expect(metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code: 'motion' } });
    expect(named(metadata.passedOver).filter(([, , code]) => code === 'motion')).toHaveLength(2);
    expect(named(metadata.passedOver).filter(([, , code]) => code === 'not-tried')).toHaveLength(5);
  });

  it('are copies of a series that is evaluated, and series whose UIDs are not unique', async () => {
    const uidsOf = (k: number) => ({ SOPInstanceUID: `2.25.51${String(k).padStart(3, '0')}` });
    const copy = (change: Series['change']) =>
      Array.from(
        { length: 20 },
        (_, k): Series => ({ number: 2, from: k, slices: 1, attributes: uidsOf(k), ...(change && { change }) }),
      );
    const scan: Series = { number: 1, slices: 20 };
    const sound: Series = { number: 3, slices: 16, ...apart(3) };

    const copied = await run(volumeTool(seen), selectedOf(scan, ...copy(() => ({}))));
    const unclear = selectedOf(scan, ...copy((k) => ({ stored: section(k + 50).stored })));
    const refused = await run(volumeTool(seen), unclear);
    const other = await run(
      volumeTool(seen),
      selectedOf(scan, ...copy((k) => ({ stored: section(k + 50).stored })), sound),
    );

    expect(named(copied.metadata.passedOver)).toEqual([[2, 20, 'copied-series']]);
    expect(refused.metadata).toMatchObject({ outcome: 'not-evaluable', reason: { code: 'duplicate-uid' } });
    expect(other.metadata).toMatchObject({ outcome: 'result', summary: '16 slices' });
    expect(named(other.metadata.passedOver)).toEqual([
      [1, 20, 'duplicate-uid'],
      [2, 20, 'duplicate-uid'],
    ]);
  });
});
