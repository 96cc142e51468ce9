import { describe, expect, it } from 'vitest';
import { type Label, labelWidth, type Places, placed, placesBeside, placesInColumn } from '#core/image/labels.ts';
import { type Box, blank, drawBorder, drawPath, greyImage, isDot } from '#core/image/paint.ts';
import { drawPlate, lineOf } from '#core/image/plate.ts';
import { createRandom } from '#phantoms/random.ts';

const RED = [235, 60, 60] as const;
const box = (left: number, top: number, width: number, height: number): Box => ({
  ...{ left, top, right: left + width, bottom: top + height },
});
const label = (text: string, target: Box): Label => ({ text, color: RED, target });
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const found = (places: Places): readonly Box[] => places.flatMap((place) => place ?? []);
const isInside = (inner: Box, outer: Box): boolean =>
  inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;

/** No box over another one. */
function expectApart(boxes: readonly Box[]): void {
  for (const [index, one] of boxes.entries())
    for (const other of boxes.slice(index + 1)) expect(overlap(one, other), JSON.stringify([one, other])).toBe(false);
}

describe('labels in a column', () => {
  const column = box(0, 0, 200, 400);

  it('stand at the height of their targets where they can', () => {
    const labels = [label('L1', box(300, 40, 50, 20)), label('L2', box(300, 200, 50, 20))];

    expect(placesInColumn(labels, column, 16).map((place) => place?.top)).toEqual([42, 202]);
  });

  it('are spread evenly around targets that are close to each other, in the order of these', () => {
    const labels = [3, 1, 2].map((n) => label(`Body ${n}`, box(300, 200 + n, 50, 20)));

    const tops = placesInColumn(labels, column, 16).map((place) => place?.top ?? 0);

    expect(tops).toEqual([223, 185, 204]);
  });

  it('stay in the column at its ends, and give way from the last where there is no room', () => {
    const labels = Array.from({ length: 30 }, (_, n) => label(`Body ${n}`, box(300, n < 15 ? 0 : 390, 50, 10)));

    const places = placesInColumn(labels, column, 16);

    expectApart(found(places));
    expect(found(places).every((place) => place.top >= 0 && place.bottom <= 400)).toBe(true);
    expect(places.map((place) => place !== undefined)).toEqual(labels.map((_, n) => n < 21));
  });

  it('become smaller, down to what can be read, before any gives way', () => {
    const labels = Array.from({ length: 25 }, (_, n) => label(`Body ${n}`, box(300, 10 * n, 50, 10)));

    const { size, places } = placed(labels, 16, (at) => placesInColumn(labels, column, at));

    expect(size).toBe(13);
    expect(found(places)).toHaveLength(25);
    expectApart(found(places));
  });
});

describe('labels beside their targets', () => {
  const picture = box(0, 0, 900, 500);

  it('are next to a single target', () => {
    const target = box(100, 100, 20, 20);

    const [place] = placesBeside([label('26 mesial, D2', target)], picture, 20);

    expect(place).toMatchObject({ left: 126, top: 100, bottom: 120 });
  });

  it.each([1, 2, 3, 4, 5])('never lie over each other, over a target, or outside the picture (%d)', (seed) => {
    const random = createRandom(seed);
    const targets = Array.from({ length: 14 }, () =>
      box(Math.round(random.between(250, 600)), Math.round(random.between(180, 300)), 12, 10),
    );
    const labels = targets.map((target, n) => label(`Tooth ${n}, D2 (no. ${n})`, target));

    const places = placesBeside(labels, picture, 18);

    expect(found(places)).toHaveLength(14);
    expectApart(found(places));
    for (const place of found(places)) {
      expect(targets.some((target) => overlap(place, target))).toBe(false);
      expect(isInside(place, picture)).toBe(true);
    }
  });

  it('have the width of their letters', () => {
    const [place] = placesBeside([label('26 mesial, D2', box(100, 100, 20, 20))], picture, 20);

    expect((place?.right ?? 0) - (place?.left ?? 0)).toBe(labelWidth({ text: '26 mesial, D2' }, 20));
  });
});

describe('a plate', () => {
  const picture = greyImage(300, 400, () => 90);
  const labels = [label('L2 wedge, 37 %', box(100, 100, 60, 30))];

  it('leaves the picture as it is but for the lines to what is labelled in a column beside it', () => {
    const plate = drawPlate({ picture, labels, labelled: 'left', legend: [] });

    expect(plate.rows).toBe(300);
    expect(plate.columns).toBeGreaterThan(500);
    const start = plate.columns - 400;
    const changed = new Set<number>();
    for (let row = 0; row < 300; row += 1)
      for (let column = 0; column < 400; column += 1)
        if (plate.rgb[(row * plate.columns + start + column) * 3] !== 90) changed.add(row);
    expect([...changed]).toEqual([114, 115, 116]);
  });

  it('says in words how many have no label for lack of room', () => {
    const many = Array.from({ length: 40 }, (_, n) => label(`Body ${n}`, box(10, n, 5, 5)));

    const plate = drawPlate({ picture, labels: many, labelled: 'right', legend: [] });
    const none = drawPlate({ picture, labels: many.slice(0, 10), labelled: 'right', legend: [] });

    expect([plate.rows - 300, none.rows - 300]).toEqual([lineOf(picture) + 14, 0]);
  });

  it('has a legend with the colours below it, in several lines where it is narrow', () => {
    const legend = [
      { text: 'severe: loss of height above 40 % (grade 3)', color: RED },
      { text: 'normal height: loss below 20 % (grade 0)', color: [90, 200, 120] as const },
    ];

    const plate = drawPlate({ picture, labels: [], labelled: 'beside', legend });

    expect(plate.rows - 300).toBe(2 * (lineOf(picture) + 2) + 12);
    const below = plate.rgb.subarray(300 * 400 * 3);
    for (const [red, green, blue] of legend.map(({ color }) => color))
      expect(below.some((value, at) => value === red && below[at + 1] === green && below[at + 2] === blue)).toBe(true);
  });
});

describe('outlines', () => {
  const colorAt = (image: { rgb: Uint8Array; columns: number }, column: number, row: number) => [
    ...image.rgb.subarray((row * image.columns + column) * 3, (row * image.columns + column) * 3 + 3),
  ];

  it('lie on the inner border of a mask, with black around them', () => {
    const image = greyImage(20, 20, () => 90);
    const inSquare = (column: number, row: number): boolean => column >= 5 && column < 15 && row >= 5 && row < 15;

    drawBorder(image, box(5, 5, 10, 10), inSquare, { color: RED, width: 2 });

    expect([4, 5, 6, 7].map((column) => colorAt(image, column, 10))).toEqual([[0, 0, 0], RED, RED, [90, 90, 90]]);
    expect(colorAt(image, 3, 10)).toEqual([90, 90, 90]);
  });

  it('can be dotted, for readers who do not see colours', () => {
    const image = greyImage(20, 40, () => 90);

    drawPath(
      image,
      [
        [0, 10.5],
        [40, 10.5],
      ],
      { color: RED, dotted: true },
    );

    for (const column of [0, 3, 7, 20]) expect(colorAt(image, column, 10)).toEqual(isDot(10, column) ? RED : [0, 0, 0]);
  });

  it('are cut off at the edge of the picture', () => {
    const image = blank(4, 4);

    expect(() =>
      drawPath(
        image,
        [
          [-9, -9],
          [99, 50],
        ],
        { color: RED, width: 3 },
      ),
    ).not.toThrow();
  });
});
