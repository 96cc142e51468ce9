/** What a CT's picture says about its values, whatever the header says. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { requireTrunkInPlace } from '#core/image/body-position.ts';
import { requireHounsfield } from '#core/image/hounsfield.ts';
import { loadImage } from '#core/image/load.ts';
import type { Volume } from '#core/image/volume.ts';
import { groupImages } from '#core/study/images.ts';
import { readStudies } from '#files/dicom-files.ts';
import { createRandom } from '#phantoms/random.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';

const trunk = (seed: number): Volume =>
  volumeOf(makeSpinePhantom({ seed, columns: 105, rows: 105, spacingMm: [4, 4, 4], from: 'S', to: 'T9', plain: true }));
const TRUNK = trunk(500_007);
/** A patient with lungs in view and little contrast agent in front of the spine. */
const WITH_LUNGS = trunk(500_004);

/** The same picture with other values. `r` is the distance from the middle, as a fraction of the picture's width. */
function changed(volume: Volume, change: (hu: number, r: number) => number): Volume {
  const { columns, rows, voxels } = volume;
  const values = voxels.map((hu, at) => {
    const [x, y] = [(at % columns) / columns - 0.5, (Math.floor(at / columns) % rows) / rows - 0.5];
    return Math.max(-32_768, Math.min(32_767, Math.round(change(hu, Math.hypot(x, y)))));
  });
  return { ...volume, voxels: values };
}

/** The slices between these fractions of the height. */
const part = (volume: Volume, from: number, to: number): Volume => cropped(volume, [0, 1], [from, to]);

/** The part between these fractions of the columns and rows, and of the slices. */
function cropped(volume: Volume, across: readonly [number, number], along: readonly [number, number] = across): Volume {
  const ends = (count: number, [from, to]: readonly [number, number]): readonly [number, number] => [
    Math.floor(count * from),
    Math.ceil(count * to),
  ];
  const [i0, i1] = ends(volume.columns, across);
  const [j0, j1] = ends(volume.rows, across);
  const [k0, k1] = ends(volume.slices, along);
  const [columns, rows, slices] = [i1 - i0, j1 - j0, k1 - k0];
  const voxels = new Int16Array(columns * rows * slices).map((_, at) => {
    const [i, j, k] = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
    return volume.voxels[((k + k0) * volume.rows + j + j0) * volume.columns + i + i0] ?? 0;
  });
  return { ...volume, columns, rows, slices, voxels, frames: volume.frames.slice(k0, k1) };
}

/** The voxels in another order, and the header as it was. */
function turned(volume: Volume, axes: { readonly x?: true; readonly y?: true; readonly z?: true }): Volume {
  const { columns, rows, slices } = volume;
  const voxels = volume.voxels.map((_, at) => {
    const [i, j, k] = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
    const [x, y, z] = [axes.x ? columns - 1 - i : i, axes.y ? rows - 1 - j : j, axes.z ? slices - 1 - k : k];
    return volume.voxels[(z * rows + y) * columns + x] ?? 0;
  });
  return { ...volume, voxels };
}

/** The same picture with spacings that are so many times as large. */
function scaled(volume: Volume, [across, along]: readonly [number, number]): Volume {
  const [column, row, slice] = volume.spacingMm;
  return { ...volume, spacingMm: [column * across, row * across, slice * along] };
}

/** Every second column of the patient in a picture that is as wide as high, with the spacings of rows and columns exchanged. */
function exchanged(volume: Volume): Volume {
  const columns = volume.columns >> 1;
  const voxels = new Int16Array(columns * volume.rows * volume.slices).map(
    (_, at) => volume.voxels[Math.floor(at / columns) * volume.columns + 2 * (at % columns)] ?? 0,
  );
  const [column, row, slice] = volume.spacingMm;
  return { ...volume, columns, voxels, spacingMm: [row, 2 * column, slice] };
}

function codeOf(volume: Volume, require: (volume: Volume) => void = requireHounsfield): string {
  try {
    require(volume);
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'another error';
  }
}

const noisy = (sd: number) => {
  const random = createRandom(1);
  return (hu: number): number => hu + sd * random.normal();
};

const noisyAir = (): number => -1000 + 5 * noise();
const noise = noisy(1).bind(undefined, 0);

describe('values in Hounsfield units are accepted', () => {
  it.each<readonly [string, (hu: number, r: number) => number]>([
    ['as they are', (hu) => hu],
    ['with noise', noisy(40)],
    ['with much noise', noisy(100)],
    ['with contrast agent', (hu) => (hu > 20 && hu < 400 ? hu + 0.6 * (hu - 20) : hu)],
    ['at 80 kVp', (hu) => (hu < -300 ? hu : 1.18 * hu)],
    ['cut off at −1000 and 1000', (hu) => Math.max(-1000, Math.min(1000, hu))],
    ['in steps of 16', (hu) => 16 * Math.round(hu / 16)],
    ['with a circle of padding at −2000', (hu, r) => (r > 0.49 ? -2000 : hu)],
    ['with a circle of padding at −3024', (hu, r) => (r > 0.45 ? -3024 : hu)],
    ['with a circle of padding at −32,768', (hu, r) => (r > 0.45 ? -32_768 : hu)],
    ['with a border filled with 0', (hu, r) => (r > 0.48 ? 0 : hu)],
    ['with metal', (hu, r) => (r < 0.03 ? 3071 : hu)],
  ])('%s', (_, change) => {
    expect(codeOf(changed(TRUNK, change))).toBe('accepted');
  });

  it('without any air in view', () => {
    expect(codeOf(cropped(TRUNK, [0.35, 0.7]))).toBe('accepted');
  });
});

describe('other values are refused', () => {
  it.each<readonly [string, (hu: number, r: number) => number, string]>([
    ['300 too high', (hu) => hu + 300, 'not-hounsfield'],
    ['300 too low', (hu) => hu - 300, 'not-hounsfield'],
    ['300 too low, cut off at −1024', (hu) => Math.max(-1024, hu - 300), 'not-hounsfield'],
    ['100 too high', (hu) => hu + 100, 'not-hounsfield'],
    ['as stored, without the intercept', (hu) => hu + 1024, 'not-hounsfield'],
    ['as stored, with dark padding', (hu, r) => (r > 0.49 ? -1024 : hu + 1024), 'not-hounsfield'],
    ['with the intercept twice', (hu) => hu - 1024, 'not-hounsfield'],
    ['doubled', (hu) => 2 * hu, 'not-hounsfield'],
    ['doubled by a slope', (hu) => 2 * (hu + 1024) - 1024, 'not-hounsfield'],
    ['halved', (hu) => hu / 2, 'not-hounsfield'],
    ['halved by a slope', (hu) => (hu + 1024) / 2 - 1024, 'not-hounsfield'],
    ['inverted', (hu) => -hu, 'not-hounsfield'],
    ['of one low photon energy', (hu) => (hu < -300 ? hu : hu < 0 ? 1.9 * hu : 2 * hu), 'not-hounsfield'],
    ['in eight bits', (hu) => Math.max(0, Math.min(255, (hu + 160) * 0.64)), 'display-window'],
    ['in eight bits with an intercept', (hu) => Math.max(0, Math.min(255, (hu + 160) * 0.64)) - 1024, 'no-body'],
    ['in a window of soft tissue', (hu) => Math.max(-135, Math.min(215, hu)), 'display-window'],
    ['in a window of bone', (hu) => Math.max(-450, Math.min(1050, hu)), 'display-window'],
    ['all the same', () => 0, 'blank'],
    ['of air', noisyAir, 'no-body'],
  ])('%s', (_, change, code) => {
    expect(codeOf(changed(TRUNK, change))).toBe(code);
  });

  it('with a reason that says what was seen', () => {
    expect(() => requireHounsfield(changed(cropped(TRUNK, [0.35, 0.7]), (hu) => hu + 300))).toThrow(
      /lies near \d+ HU.*near −100 \(fat\) or 40/,
    );
  });
});

describe('a trunk that lies as the header says is accepted', () => {
  it.each<readonly [string, Volume]>([
    ['as it is', TRUNK],
    ['as it is, with lungs', WITH_LUNGS],
    ['with noise', changed(TRUNK, noisy(60))],
    ['its upper part', part(TRUNK, 0.6, 1)],
    ['its lower part', part(TRUNK, 0, 0.4)],
    ['a field of view around the spine', cropped(TRUNK, [0.3, 0.75])],
    ['left and right exchanged, which nobody can see', turned(TRUNK, { x: true })],
  ])('%s', (_, volume) => {
    expect(codeOf(volume, requireTrunkInPlace)).toBe('accepted');
  });
});

describe('a trunk that does not lie as the header says, or cannot be one, is refused', () => {
  it.each<readonly [string, Volume, string]>([
    ['front and back exchanged', turned(WITH_LUNGS, { y: true }), 'front-and-back-exchanged'],
    ['entered supine, scanned prone', turned(WITH_LUNGS, { x: true, y: true }), 'front-and-back-exchanged'],
    ['slices in reverse', turned(WITH_LUNGS, { z: true }), 'upside-down'],
    ['entered head first, scanned feet first', turned(WITH_LUNGS, { x: true, z: true }), 'upside-down'],
    ['pixels ten times as large', scaled(TRUNK, [10, 1]), 'implausible-size'],
    ['pixels a tenth as large', scaled(TRUNK, [0.1, 1]), 'implausible-size'],
    ['wider than deep pixels, Pixel Spacing exchanged', exchanged(TRUNK), 'implausible-size'],
    ['slices twenty times as far apart', scaled(TRUNK, [1, 20]), 'implausible-size'],
  ])('%s', (_, volume, code) => {
    expect(codeOf(volume, requireTrunkInPlace)).toBe(code);
  });
});

describeWith(['data'], 'a real CT of the trunk', () => {
  let spine: Volume;
  beforeAll(async () => {
    spine = await realVolume('ct-spine-ref-dicom');
  });

  it('is plausible as it is, with noise, and in part', { timeout: 120_000 }, async () => {
    for (const volume of [
      spine,
      changed(spine, noisy(50)),
      cropped(spine, [0.3, 0.75]),
      part(spine, 0.5, 1),
      part(spine, 0, 0.5),
    ]) {
      expect([codeOf(volume), codeOf(volume, requireTrunkInPlace)]).toEqual(['accepted', 'accepted']);
    }
    const abdomen = await realVolume('ct-abdomen-20');
    expect([codeOf(abdomen), codeOf(abdomen, requireTrunkInPlace)]).toEqual(['accepted', 'accepted']);
  });

  it.each<readonly [string, (volume: Volume) => Volume, string]>([
    ['300 too high', (volume) => changed(volume, (hu) => hu + 300), 'not-hounsfield'],
    ['100 too low', (volume) => changed(volume, (hu) => hu - 100), 'not-hounsfield'],
    ['halved', (volume) => changed(volume, (hu) => hu / 2), 'not-hounsfield'],
    ['in a display window', (volume) => changed(volume, (hu) => Math.max(-160, Math.min(240, hu))), 'display-window'],
    ['entered supine, scanned prone', (volume) => turned(volume, { x: true, y: true }), 'front-and-back-exchanged'],
    ['entered head first, scanned feet first', (volume) => turned(volume, { x: true, z: true }), 'upside-down'],
    ['pixels ten times as large', (volume) => scaled(volume, [10, 1]), 'implausible-size'],
  ])('is refused: %s', (_, change, code) => {
    expect(
      codeOf(change(spine), (volume) => {
        requireHounsfield(volume);
        requireTrunkInPlace(volume);
      }),
    ).toBe(code);
  });
});

async function realVolume(folder: string): Promise<Volume> {
  const { studies } = await readStudies([join(dataFolder(), folder)]);
  const [study] = studies;
  const [image] = study === undefined ? [] : groupImages(study);
  const volume = study && image && (await loadImage(image, study.read, createDecoder()));
  if (volume?.kind !== 'volume') throw new Error(`There is no volume in ${folder}`);
  return volume;
}
