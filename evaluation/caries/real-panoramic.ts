/** The part with the one real panoramic that is available. Its lesions are not known, so nothing is counted as right. */
import { NotEvaluableError } from '#core/errors.ts';
import { drawText, type Rgb, type RgbImage, textWidth } from '#core/image/text.ts';
import { evaluate } from '#tools/caries/evaluate.ts';
import { drawPicture } from '#tools/caries/picture.ts';
import { type Part, part } from '../evaluation.ts';
import { gallery, restoreTile, type StoredTile, storeTile } from '../gallery.ts';
import { realImage } from './real-image.ts';

interface RealOutcome {
  readonly notEvaluable?: string;
  readonly crowns: number;
  readonly numbered: number;
  readonly places: readonly string[];
  readonly picture?: StoredTile;
}

const PATH = 'dental/panoramic.dcm';

export const realPanoramic: Part = part<{ readonly path: string }, RealOutcome>({
  name: 'real-panoramic',
  title: 'A real panoramic',
  needs: 'data',
  cases: () => [{ path: PATH }],
  ciCases: 1,
  async run({ path }, { context }) {
    const image = await realImage(path).load();
    try {
      const { crowns, lesions, grid, image: upright } = await evaluate(image, context);
      const picture = drawPicture(upright, {
        outlines: lesions.map(({ outline, score }) => ({ label: score.toFixed(2), color: RED, points: outline })),
        ...{ directions: {}, legend: [], notes: [] },
      });
      const shrink = picture.columns / upright.columns;
      for (const { fdi, column, row } of crowns) {
        const [x, y] = [(column / grid.columnScale) * shrink, (row / grid.rowScale) * shrink];
        write(picture, x, y, fdi ?? '?');
      }
      return {
        crowns: crowns.length,
        numbered: crowns.filter(({ fdi }) => fdi !== undefined).length,
        places: lesions.map(({ crown, side, score, depthClass }) =>
          [crown.fdi ?? `${crown.jaw} tooth`, side, depthClass, score.toFixed(2)].join(', '),
        ),
        picture: storeTile({
          caption: 'Crowns with their numbers, and marked places',
          rows: picture.rows,
          columns: picture.columns,
          pixels: picture.rgb,
        }),
      };
    } catch (error) {
      if (!(error instanceof NotEvaluableError)) throw error;
      return { notEvaluable: error.code, crowns: 0, numbered: 0, places: [] };
    }
  },
  summarise: (outcomes) => ({
    metrics: {
      'crowns recognised': { value: sum(outcomes.map(({ crowns }) => crowns)), n: outcomes.length },
      'crowns numbered': { value: sum(outcomes.map(({ numbered }) => numbered)), n: outcomes.length },
      'places marked': { value: sum(outcomes.map(({ places }) => places.length)), n: outcomes.length },
    },
    tables: [
      {
        title: 'Places marked: tooth, side as shown, depth class, the model’s own value',
        header: ['place'],
        rows: outcomes.flatMap(({ places, notEvaluable }) =>
          notEvaluable === undefined ? places.map((place) => [place]) : [[`none: ${notEvaluable}`]],
        ),
      },
    ],
    pictures: outcomes.flatMap(({ picture }) =>
      picture === undefined
        ? []
        : [
            {
              name: 'real-panoramic',
              caption: 'What the tool recognises on the real panoramic',
              png: gallery([restoreTile(picture)], { side: 1200, perRow: 1 }),
            },
          ],
    ),
    remarks: [
      'One panoramic without a radiologist’s reading: the truth is not known, so the figures show what the tool does, not whether it is right.',
    ],
  }),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const LINE = 22;
const RED: Rgb = [255, 70, 60];

function write(picture: RgbImage, x: number, y: number, words: string): void {
  const left = Math.max(0, x - textWidth(words, LINE) / 2);
  drawText(picture, left, Math.max(0, y - LINE / 2), words, [255, 220, 60], LINE);
}
