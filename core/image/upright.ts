/** Turns a projection so that its columns run to the patient's feet and, where that is known, its rows to the patient's left. */
import type { PatientOrientation } from '../study/patient-orientation.ts';
import type { Radiograph } from './radiograph.ts';

/** How the stored picture becomes the upright one: rows and columns are exchanged first, then reversed. */
export interface Turn {
  readonly transposed: boolean;
  readonly rowsReversed: boolean;
  readonly columnsReversed: boolean;
}

export interface Upright {
  readonly turn: Turn;
  /** Whether the upright picture is known to show the patient's right on its left. Else the sides of the patient are unknown. */
  readonly sidesKnown: boolean;
}

export const UNTURNED: Turn = { transposed: false, rowsReversed: false, columnsReversed: false };

/**
 * The turn for a Patient Orientation. Undefined where neither rows nor columns run mainly along the body, as in occlusal views.
 * A picture that says nothing counts as upright, as pictures are shown, with unknown sides.
 */
export function uprightOf(orientation: Exclude<PatientOrientation, { state: 'unreadable' }>): Upright | undefined {
  if (orientation.state === 'unsaid') return { turn: UNTURNED, sidesKnown: false };
  const { row, column } = orientation;
  const transposed = isAlongBody(row);
  if (!transposed && !isAlongBody(column)) return undefined;
  const [across, down] = transposed ? [column, row] : [row, column];
  return {
    turn: { transposed, rowsReversed: down.startsWith('H'), columnsReversed: across.includes('R') },
    sidesKnown: /[RL]/.test(across),
  };
}

const isAlongBody = (direction: string): boolean => direction.startsWith('H') || direction.startsWith('F');

export const isTurned = ({ transposed, rowsReversed, columnsReversed }: Turn): boolean =>
  transposed || rowsReversed || columnsReversed;

/** The picture after the turn, with its spacing. */
export function turned(image: Radiograph, turn: Turn): Radiograph {
  if (!isTurned(turn)) return image;
  const { transposed } = turn;
  const [rows, columns] = transposed ? [image.columns, image.rows] : [image.rows, image.columns];
  const stored = storedIndex(turn, { rows, columns });
  const { spacingMm, detectorMm, pixelAspect } = image;
  return {
    ...image,
    rows,
    columns,
    pixels: image.pixels.map((_, index) => image.pixels[stored(index)] ?? 0),
    ...(spacingMm && transposed && { spacingMm: swapped(spacingMm) }),
    ...(detectorMm && transposed && { detectorMm: swapped(detectorMm) }),
    ...(pixelAspect && transposed && { pixelAspect: swapped(pixelAspect) }),
  };
}

/** The index of a pixel in the stored picture, by its index in the turned one of `rows` × `columns`. */
export function storedIndex(
  { transposed, rowsReversed, columnsReversed }: Turn,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): (index: number) => number {
  return (index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const r = rowsReversed ? rows - 1 - row : row;
    const c = columnsReversed ? columns - 1 - column : column;
    return transposed ? c * rows + r : r * columns + c;
  };
}

const swapped = ([a, b]: readonly [number, number]): readonly [number, number] => [b, a];
