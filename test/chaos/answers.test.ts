/**
 * Odd answers of tools on odd images, through the real functions: each is delivered, or told to its study as a failure, and what
 * the PACS gets can be read by Hilum itself.
 */
import { describe, expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import type { Image } from '#core/tool.ts';
import { readDicom } from '#dicom/read.ts';
import { createRandom } from '#phantoms/random.ts';
import { makeRadiographFile, nothingFound, entry as radiographTool } from '../fixtures/tiny-radiograph.ts';
import { oddAnswer } from './odd-answers.ts';
import { oddStudy, volumeTool } from './odd-studies.ts';
import { endOf } from './scenario.ts';
import { SEEDS, THOROUGH } from './seeds.ts';
import { createWorld } from './world.ts';

const CASES = THOROUGH ? 1000 : 200;

/** How the runs ended, by outcome. */
type Tally = Record<string, number>;

/** @param checked whether the tool makes its answer by `createResult`, which looks for mistakes */
async function tryOdd(seed: number, checked: boolean): Promise<string> {
  const random = createRandom(seed);
  const isRadiograph = random.chance(0.3);
  const files = isRadiograph
    ? [makeRadiographFile({ StudyInstanceUID: `2.25.9${seed}`, SOPInstanceUID: `2.25.8${seed}` })]
    : oddStudy(`${seed}`, random);
  let given: readonly Image[] = [];
  const world = createWorld({
    entry: isRadiograph ? radiographTool : volumeTool,
    look(images) {
      given = images;
      return checked ? oddAnswer(random, images).content : nothingFound;
    },
    overwrite(answer) {
      if (checked) return answer;
      const { content, metadata } = oddAnswer(random, given);
      const { outcome, reason, summary, ...rest } = content;
      return {
        ...answer,
        ...rest,
        metadata: { ...answer.metadata, outcome, summary, ...(reason && { reason }), ...metadata },
      };
    },
  });
  await world.arriveAs(...files);
  await world.run();

  const { left, ledger, runs, deadLetters } = await endOf(world);
  const [run] = runs;
  expect({ left, ledger }).toEqual({ left: 0, ledger: [] });
  expect(runs).toHaveLength(1);
  if (run?.state === 'not-applicable') return run.state;
  expect(['delivered', 'failed', 'rejected']).toContain(run?.state);
  expect(run?.objects).toEqual([...world.held.keys()].sort());
  expect(run?.objects).not.toEqual([]);
  for (const bytes of world.held.values()) {
    readDicom(bytes);
    expect(indexInstance(bytes).StudyInstanceUID).toBe(run?.StudyInstanceUID);
  }
  expect(deadLetters).toHaveLength(run?.state === 'failed' ? 1 : 0);
  return `${run?.state} ${run?.state === 'delivered' ? run.outcome : run?.reason?.code}`;
}

describe.each(SEEDS)('odd answers, seed %i', (seed) => {
  it.each([
    ['checked where the tool makes them', true],
    ['unchecked', false],
  ])('%s: all are delivered or told', async (words, checked) => {
    const tally: Tally = {};
    for (let number = 0; number < CASES; number++) {
      const end = await tryOdd(seed * 100_000 + number, checked).catch((error: unknown) => {
        throw new Error(`Case ${seed * 100_000 + number}`, { cause: error });
      });
      tally[end] = (tally[end] ?? 0) + 1;
    }

    const ends = Object.keys(tally);
    expect(ends).toEqual(expect.arrayContaining(['delivered result', 'rejected invalid-dicom-object']));
    // The writer and the gate foresee whatever a tool may answer.
    expect(ends).not.toContain('failed unexpected');
    if (THOROUGH) console.info(`odd answers, seed ${seed}, ${words}: ${JSON.stringify(tally)}`);
  });
});
