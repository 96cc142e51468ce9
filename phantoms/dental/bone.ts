/** The surroundings of the teeth on intra-oral radiographs: cheek, and alveolar bone with trabeculae. */
import type { Random } from '../random.ts';
import { type Scene, texture } from './scene.ts';
import type { Tooth } from './tooth.ts';

/** Bone extends from the crest of each row of teeth to the picture's edge. */
export function paintCheekAndBone(scene: Scene, rows: readonly (readonly Tooth[])[], random: Random): void {
  const { columns, spacingMm } = scene;
  const cheek = texture(scene, 14, random);
  const coarse = texture(scene, random.between(0.9, 1.6), random);
  const fine = texture(scene, random.between(0.35, 0.6), random);
  const soft = random.between(0.6, 1.8);
  const density = random.between(2.5, 5.5);
  const crests = rows.map((row) => {
    const loss = random.between(1, 3.5);
    const wave = random.between(0.2, 0.9);
    const phase = random.between(0, 6);
    const down = row[0]?.jaw === 'upper' ? -1 : 1;
    const neck = row.reduce((sum, tooth) => sum + tooth.y + down * tooth.crown, 0) / Math.max(1, row.length);
    return { down, at: (x: number): number => neck + down * (loss + wave * Math.sin(phase + x / 1.6)) };
  });
  scene.surroundings.forEach((_, index) => {
    const column = index % columns;
    const x = (column + 0.5) * spacingMm;
    const y = ((index - column) / columns + 0.5) * spacingMm;
    let value = soft * (1 + 0.25 * (cheek[index] ?? 0));
    for (const { down, at } of crests) {
      const below = down * (y - at(x));
      if (below <= 0) continue;
      const grown = Math.min(1, 0.45 + below / 6);
      value += density * grown * (1 + 0.16 * (coarse[index] ?? 0) + 0.1 * (fine[index] ?? 0)) + (below < 0.5 ? 0.5 : 0);
    }
    scene.surroundings[index] = value;
  });
}
