/** The part with copies of one phantom, as if the same patient were scanned or stored differently: grades must not change. */
import type { Volume } from '#core/image/volume.ts';
import { jpegLs } from '#dicom/codecs/jpeg-ls.ts';
import { createRandom } from '#phantoms/random.ts';
import { volumeOf } from '#phantoms/spine-compare.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { encodeJpegLs, pictureOfWords } from '../../test/fixtures/encoders.ts';
import type { Metric, Part } from '../evaluation.ts';
import { shareOf, told } from '../metrics.ts';
import { barsPlot } from '../plots/bars.ts';
import { answerTo, measuredOf } from './judge-phantom.ts';
import { ROBUSTNESS } from './seeds.ts';

interface Graded {
  readonly grade: number;
  readonly lossPercent: number;
}

interface Outcome {
  readonly seed: number;
  readonly copies: readonly {
    readonly name: string;
    readonly answer: string;
    /** All bodies that are graded in the original, with their grades. `copy` is absent if the body is not graded there. */
    readonly bodies: readonly { readonly original: Graded; readonly copy?: Graded }[];
  }[];
}

/** The voxel spacing of the original: slices of 1 mm. */
const ORIGINAL_MM = [1.5, 1.5, 1] as const;

type Copy = (volume: Volume, seed: number) => Volume | Promise<Volume>;

const COPIES: Readonly<Record<string, Copy>> = {
  mirrored: mirror,
  shifted: (volume) => crop(volume, [3, 2, 4]),
  'slices of 2 mm': (volume) => thicker(volume, 2),
  'slices of 3 mm': (volume) => thicker(volume, 3),
  're-windowed': (volume) => ({ ...volume, voxels: volume.voxels.map((hu) => Math.min(900, Math.max(-200, hu))) }),
  noisier: addNoise,
  recompressed: (volume) => recompress(volume),
  'slices of 5 mm': (volume) => thicker(volume, 5),
};
/** At this thickness a body may be refused. */
const REFUSABLE = 'slices of 5 mm';

export const robustness: Part<{ readonly seed: number }, Outcome> = {
  name: 'robustness',
  title: 'Copies of the same patient',
  cases: () => ROBUSTNESS.map((seed) => ({ seed })),
  ciCases: 2,
  async run({ seed }, { tool, context }) {
    const original = volumeOf(makeSpinePhantom({ seed, spacingMm: ORIGINAL_MM }));
    const bodies = await gradesOf(original);
    const copies: Outcome['copies'][number][] = [];
    for (const [name, make] of Object.entries(COPIES)) {
      const copy = await make(original, seed);
      const turned = name === 'mirrored';
      const { answer, found } = await gradesOf(copy);
      copies.push({
        name,
        answer,
        bodies: bodies.found.map(({ position: [x, y, z], graded }) => {
          const place = [turned ? -x : x, y, z] as const;
          const same = found.find(
            ({ position }) => Math.hypot(...position.map((mm, axis) => mm - (place[axis] ?? 0))) < NEAR_MM,
          );
          return { original: graded, ...(same && { copy: same.graded }) };
        }),
      });
    }
    return { seed, copies };

    async function gradesOf(volume: Volume) {
      const { answer, result } = await answerTo(volume, tool, context);
      const found = result.findings.flatMap((finding) => {
        const measured = measuredOf(finding);
        return measured === undefined || finding.position === undefined
          ? []
          : [{ position: finding.position, graded: { grade: measured.grade, lossPercent: measured.lossPercent } }];
      });
      return { answer, found };
    }
  },
  summarise(outcomes) {
    const copiesOf = (one: Outcome, name: string) => one.copies.filter((copy) => copy.name === name);
    const bodiesOf = (one: Outcome) =>
      one.copies.filter(({ name }) => name !== REFUSABLE).flatMap((copy) => copy.bodies);
    const agreement = (name: string, options: Pick<Metric, 'goal'> = {}): Metric | undefined =>
      shareOf(
        outcomes,
        (one) => {
          const bodies = copiesOf(one, name)
            .flatMap((copy) => copy.bodies)
            .filter(({ copy }) => copy !== undefined);
          return [bodies.filter(({ original, copy }) => original.grade === copy?.grade).length, bodies.length];
        },
        options,
      );
    const refused = shareOf(outcomes, (one) => {
      const bodies = copiesOf(one, REFUSABLE).flatMap((copy) => copy.bodies);
      return [bodies.filter(({ copy }) => copy === undefined).length, bodies.length];
    });
    const goal = { atLeast: 0.95 };
    const names = Object.keys(COPIES);
    return {
      metrics: told({
        agreement: shareOf(
          outcomes,
          (one) => {
            const both = bodiesOf(one).filter(({ copy }) => copy !== undefined);
            return [both.filter(({ original, copy }) => original.grade === copy?.grade).length, both.length];
          },
          { goal },
        ),
        withheldInCopies: shareOf(outcomes, (one) => [
          bodiesOf(one).filter(({ copy }) => copy === undefined).length,
          bodiesOf(one).length,
        ]),
        agreementAt5mm: agreement(REFUSABLE, { goal }),
        refusedAt5mm: refused,
      }),
      remarks: [
        'The original has slices of 1 mm. `agreement` is computed over bodies that are graded in both; `withheldInCopies` is the share of bodies that are graded in the original but not in the copy. Copies with slices of 5 mm may be refused and count separately.',
      ],
      figures: [
        {
          name: 'copies',
          caption: 'Bodies with the same Genant grade in original and copy',
          svg: barsPlot(
            names.flatMap((label) => {
              const metric = agreement(label);
              return metric === undefined ? [] : [{ label, metric }];
            }),
            {
              title: 'The same patient, another image',
              axis: 'share of bodies graded alike',
              range: [0.7, 1],
              goal: 0.95,
            },
          ),
        },
      ],
    };
  },
};

const NEAR_MM = 10;

/** Swaps left and right, about x = 0. */
function mirror(volume: Volume): Volume {
  const { columns, voxels, origin, spacingMm } = volume;
  const turned = voxels.slice();
  for (let start = 0; start < turned.length; start += columns) turned.subarray(start, start + columns).reverse();
  return { ...volume, voxels: turned, origin: [-(origin[0] + (columns - 1) * spacingMm[0]), origin[1], origin[2]] };
}

/** Removes the first columns, rows and slices, so that the tool's grid lies elsewhere on the patient. */
function crop(volume: Volume, [i0, j0, k0]: readonly [number, number, number]): Volume {
  const { origin, spacingMm } = volume;
  const [columns, rows, slices] = [volume.columns - i0, volume.rows - j0, volume.slices - k0];
  const voxels = new Int16Array(columns * rows * slices);
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      const from = ((k + k0) * volume.rows + j + j0) * volume.columns + i0;
      voxels.set(volume.voxels.subarray(from, from + columns), (k * rows + j) * columns);
    }
  }
  return {
    ...volume,
    columns,
    rows,
    slices,
    voxels,
    frames: volume.frames.slice(k0),
    origin: [origin[0] + i0 * spacingMm[0], origin[1] + j0 * spacingMm[1], origin[2] + k0 * spacingMm[2]],
  };
}

/** Merges slices to a thickness of `mm`, by their mean. */
function thicker(volume: Volume, mm: number): Volume {
  const [dx, dy, dz] = volume.spacingMm;
  const per = Math.round(mm / dz);
  const slices = Math.floor(volume.slices / per);
  const size = volume.rows * volume.columns;
  const voxels = new Int16Array(size * slices);
  for (let k = 0; k < slices; k += 1) {
    for (let at = 0; at < size; at += 1) {
      let sum = 0;
      for (let n = 0; n < per; n += 1) sum += volume.voxels[(k * per + n) * size + at] ?? 0;
      voxels[k * size + at] = Math.round(sum / per);
    }
  }
  const [x, y, z] = volume.origin;
  return {
    ...volume,
    slices,
    voxels,
    frames: volume.frames.slice(0, slices),
    spacingMm: [dx, dy, per * dz],
    origin: [x, y, z + ((per - 1) / 2) * dz],
  };
}

const NOISE_HU = 25;
function addNoise(volume: Volume, seed: number): Volume {
  const random = createRandom(seed);
  return { ...volume, voxels: volume.voxels.map((hu) => Math.round(hu + NOISE_HU * random.normal())) };
}

/** The greatest error of a sample in a near-lossless stream, in stored values. */
const NEAR_LOSSLESS = 12;
const OFFSET = 1024;

/** Encodes with near-lossless JPEG-LS and decodes again. */
async function recompress(volume: Volume): Promise<Volume> {
  const { rows, columns, slices } = volume;
  const decode = await jpegLs.load();
  const voxels = new Int16Array(volume.voxels.length);
  for (let k = 0; k < slices; k += 1) {
    const slice = volume.voxels.subarray(k * rows * columns, (k + 1) * rows * columns);
    const stored = Uint16Array.from(slice, (hu) => hu + OFFSET);
    const picture = pictureOfWords(rows, columns, stored);
    const bytes = decode(await encodeJpegLs(picture, { near: NEAR_LOSSLESS }), picture.layout);
    const decoded = new Uint16Array(bytes.slice().buffer);
    for (let at = 0; at < decoded.length; at += 1) voxels[k * rows * columns + at] = (decoded[at] ?? 0) - OFFSET;
  }
  return { ...volume, voxels };
}
