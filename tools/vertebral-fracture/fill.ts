/** Fills holes in bodies: the model can mistake pale marrow, veins and streaks, but anything that a body encloses is body. */
import { type GridShape, labelComponents } from '#core/image/components.ts';

/**
 * Fills holes that one body encloses on all sides. Open hollows, such as sunken endplates, stay as they are. Changes `labels`
 * in place and returns the indices of the filled points.
 */
export function fillHoles(labels: Uint8Array, shape: GridShape): readonly number[] {
  const { columns, rows } = shape;
  const { labels: holes, components } = labelComponents(
    labels.map((label) => Number(label === 0)),
    shape,
  );
  const outside = components.reduce((a, b) => (b.size > a.size ? b : a), { label: 0, size: 0 }).label;
  const owners = new Map<number, number>();
  for (let at = 0; at < labels.length; at += 1) {
    const hole = holes[at] ?? 0;
    if (hole === 0 || hole === outside) continue;
    for (const step of [1, -1, columns, -columns, columns * rows, -columns * rows]) {
      const label = labels[at + step] ?? 0;
      if (label === 0) continue;
      // A hole between two bodies belongs to neither.
      owners.set(hole, owners.get(hole) === undefined || owners.get(hole) === label ? label : NOBODY);
    }
  }
  const filled: number[] = [];
  for (let at = 0; at < labels.length; at += 1) {
    const owner = owners.get(holes[at] ?? 0) ?? NOBODY;
    if (owner === NOBODY) continue;
    labels[at] = owner;
    filled.push(at);
  }
  return filled;
}

const NOBODY = -1;
