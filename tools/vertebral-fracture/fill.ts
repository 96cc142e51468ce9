/** Pale marrow and the veins' canal can look like disc to the model: what a body has above and below is body. */
import type { GridShape } from '#core/image/components.ts';

/**
 * Fills gaps between the lowest and the highest point of each body along z (rows of `shape`), line by line. Endplates that
 * sank in stay as they are. Changes `labels` in place; returns the indices of what was filled.
 */
export function fillGaps(labels: Uint8Array, { columns, rows, slices }: GridShape): readonly number[] {
  const filled: number[] = [];
  const highest = new Int32Array(256);
  for (let plane = 0; plane < slices; plane += 1) {
    for (let y = 0; y < columns; y += 1) {
      const indexOf = (z: number): number => (plane * rows + z) * columns + y;
      highest.fill(-1);
      for (let z = 0; z < rows; z += 1) {
        const label = labels[indexOf(z)] ?? 0;
        if (label === 0) continue;
        const last = highest[label] ?? -1;
        highest[label] = z;
        if (last < 0) continue;
        for (let gap = last + 1; gap < z; gap += 1) {
          const at = indexOf(gap);
          if (labels[at] !== 0) continue;
          labels[at] = label;
          filled.push(at);
        }
      }
    }
  }
  return filled;
}
