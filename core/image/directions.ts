/** The patient's directions at the sides of a picture, in the letters of Patient Orientation (PS3.3 C.7.6.1.1.1). */
import { patientOrientation } from '../study/patient-orientation.ts';
import type { InstanceAttributes } from '../study/study-index.ts';
import type { PointLps } from './geometry.ts';
import type { Directions } from './plate.ts';

/** A second axis is named where a direction has at least this part along it. */
const NAMED = 0.3;

const OPPOSITE: Readonly<Record<string, string>> = { A: 'P', P: 'A', R: 'L', L: 'R', H: 'F', F: 'H' };

/** The sides of a slice, whose columns and rows run along these unit vectors. */
export function directionsOfSlice(columnDirection: PointLps, rowDirection: PointLps): Directions {
  return around(lettersOf(columnDirection), lettersOf(rowDirection));
}

/** The sides of a radiograph as it is stored, where its header says them. */
export function directionsOfRadiograph(header: InstanceAttributes): Directions {
  const orientation = patientOrientation(header);
  return orientation.state === 'said' ? around(orientation.row, orientation.column) : {};
}

function around(right: string, bottom: string): Directions {
  return { left: opposite(right), right, top: opposite(bottom), bottom };
}

const opposite = (letters: string): string => [...letters].map((letter) => OPPOSITE[letter] ?? '').join('');

function lettersOf([x, y, z]: PointLps): string {
  return [
    { along: Math.abs(x), letter: x > 0 ? 'L' : 'R' },
    { along: Math.abs(y), letter: y > 0 ? 'P' : 'A' },
    { along: Math.abs(z), letter: z > 0 ? 'H' : 'F' },
  ]
    .toSorted((a, b) => b.along - a.along)
    .filter(({ along }, order) => order === 0 || along >= NAMED)
    .map(({ letter }) => letter)
    .join('');
}
