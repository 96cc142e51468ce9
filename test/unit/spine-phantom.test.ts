/** The spine phantom keeps its promises: it is drawn as its truth says, and the seed alone makes the patient. */
import { describe, expect, it } from 'vitest';
import { LEVELS, makeAnatomy } from '#phantoms/spine/anatomy.ts';
import {
  genantGrade,
  LABELS,
  makeSpineLabels,
  makeSpinePhantom,
  type SpinePhantomOptions,
} from '#phantoms/spine-ct.ts';

const LUMBAR: SpinePhantomOptions = {
  seed: 3,
  columns: 100,
  rows: 110,
  spacingMm: [2, 2, 2],
  from: 'L5',
  to: 'T12',
  fractures: [
    { level: 'L3', type: 'wedge', loss: 0.3 },
    { level: 'L1', type: 'biconcave', loss: 0.45 },
  ],
};

describe('the spine phantom', () => {
  it('has the requested fractures and no others', () => {
    const { truth } = makeSpinePhantom(LUMBAR);

    const grades = Object.fromEntries(truth.vertebrae.map(({ level, grade }) => [level, grade]));
    expect(grades).toMatchObject({ L5: 0, L4: 0, L3: 2, L2: 0, L1: 3 });
    const l3 = truth.vertebrae.find(({ level }) => level === 'L3');
    expect(l3?.lossPercent).toBeCloseTo(30, 1);
    expect(l3?.heightsMm.anterior).toBeLessThan(0.8 * (l3?.heightsMm.posterior ?? 0));
    const l1 = truth.vertebrae.find(({ level }) => level === 'L1');
    expect(l1?.heightsMm.middle).toBeCloseTo(0.55 * (l1?.intactHeightsMm.middle ?? 0), 1);
  });

  it('draws bodies as high as the truth says', () => {
    const phantom = makeSpinePhantom(LUMBAR);
    const fine = { columns: 1, rows: 160, slices: 600, spacingMm: [1, 0.5, 0.25] as const };
    for (const { level, centre, heightsMm } of phantom.truth.vertebrae.filter(({ complete }) => complete)) {
      const { bodies } = makeSpineLabels(LUMBAR, { ...fine, origin: [centre[0], centre[1] - 40, centre[2] - 75] });
      const frame = makeAnatomy({ seed: 3, fractures: LUMBAR.fractures ?? [] }).vertebrae.find(
        (one) => one.level === level,
      )?.frame;

      // The longest vertical run through the middle, projected from the vertical to the body's own axis.
      const number = LEVELS.indexOf(level) + 1;
      const inBody = (z: number): boolean => bodies[z * 160 + 80] === number;
      const run = Array.from({ length: 600 }, (_, z) => z).filter(inBody).length * 0.25;
      const height = run * Math.abs(frame?.up[2] ?? 0);

      expect(Math.abs(height - heightsMm.middle), level).toBeLessThan(1.5);
    }
  });

  it('marks bone where the picture shows bone', () => {
    const phantom = makeSpinePhantom({ ...LUMBAR, noiseHu: 0 });
    const { labels } = makeSpineLabels(LUMBAR, phantom);

    const mean = (label: number): number => {
      let sum = 0;
      let count = 0;
      for (let at = 0; at < labels.length; at += 1) {
        if (labels[at] !== label) continue;
        sum += phantom.voxels[at] ?? 0;
        count += 1;
      }
      return sum / count;
    };
    expect(mean(LABELS.body)).toBeGreaterThan(mean(LABELS.disc) + 20);
    expect(mean(LABELS.disc)).toBeGreaterThan(20);
    expect(mean(LABELS.background)).toBeLessThan(-100);
  });

  it('is the same for the same seed, and differs for another', () => {
    const small: SpinePhantomOptions = { ...LUMBAR, columns: 50, rows: 55, spacingMm: [4, 4, 5] };

    expect(makeSpinePhantom(small).voxels).toEqual(makeSpinePhantom(small).voxels);
    expect(makeSpinePhantom({ ...small, seed: 4 }).voxels).not.toEqual(makeSpinePhantom(small).voxels);
  });

  it('shows the same patient on every grid', () => {
    const coarse = makeSpinePhantom({ ...LUMBAR, columns: 50, rows: 55, spacingMm: [4, 4, 5] });
    const fine = makeSpinePhantom(LUMBAR);

    const heights = (phantom: typeof fine) =>
      Object.fromEntries(phantom.truth.vertebrae.map(({ level, heightsMm }) => [level, heightsMm]));
    expect(heights(coarse)['L3']).toEqual(heights(fine)['L3']);
  });

  it('has metal, cement, bridges of bone and arms for some seeds, and none where it is plain', () => {
    const small = { columns: 40, rows: 40, spacingMm: [9, 9, 8], from: 'L5', to: 'T8' } as const;
    const seeds = Array.from({ length: 60 }, (_, n) => n + 1);
    const conditions = seeds.map((seed) => makeSpinePhantom({ ...small, seed }).truth.conditions);

    for (const name of ['screws', 'cement', 'bridges', 'arms'] as const) {
      const share = conditions.filter((one) => one[name]).length / seeds.length;
      expect(share, name).toBeGreaterThan(0);
      expect(share, name).toBeLessThan(0.6);
    }
    expect(conditions.some(({ sharpness }) => sharpness > 0)).toBe(true);
    const plain = makeSpinePhantom({
      ...small,
      seed: seeds[conditions.findIndex((one) => one.screws)] ?? 1,
      plain: true,
    });
    expect(plain.truth.conditions).toMatchObject({
      screws: false,
      cement: false,
      bridges: false,
      arms: false,
      sharpness: 0,
    });
  });

  it('shows metal and its streaks where there are screws, and leaves the truth as it was', () => {
    const small = { columns: 120, rows: 120, spacingMm: [3, 3, 3], from: 'L5', to: 'T11', noiseHu: 0 } as const;
    const seed = Array.from({ length: 200 }, (_, n) => n + 1).find(
      (one) =>
        makeSpinePhantom({ ...small, columns: 20, rows: 20, spacingMm: [18, 18, 9], seed: one }).truth.conditions
          .screws,
    );
    const options = { ...small, seed: seed ?? 0 };

    const [screwed, plain] = [makeSpinePhantom(options), makeSpinePhantom({ ...options, plain: true })];

    expect(screwed.voxels.reduce((most, hu) => Math.max(most, hu), 0)).toBeGreaterThan(2000);
    expect(plain.voxels.reduce((most, hu) => Math.max(most, hu), 0)).toBeLessThan(2000);
    expect(screwed.truth.vertebrae).toEqual(plain.truth.vertebrae);
  });

  it.each([
    [0, 0],
    [19.9, 0],
    [20, 1],
    [25, 2],
    [40, 2],
    [40.1, 3],
  ])('grades a loss of %d % as %d', (loss, grade) => {
    expect(genantGrade(loss)).toBe(grade);
  });
});
