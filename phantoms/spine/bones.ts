/** The bones of a spine phantom, painted from the canal outwards. The bodies come last, so nothing covers them. */
import type { Random } from '../random.ts';
import type { Anatomy } from './anatomy.ts';
import { type Canvas, type Material, paint } from './canvas.ts';
import { type Extras, paintBridges } from './extras.ts';
import { at } from './frame.ts';
import { archShapes, bodyShape, discShape, ellipsoidShape, rodShape, sacralShape, tubeShapes } from './shapes.ts';

/** Tissue classes of the label volume, and of the model's output. */
export const LABELS = { background: 0, body: 1, disc: 2, sacrum: 3, posterior: 4 } as const;

/** Paints canal, arches, sacrum, discs and bodies, and their labels if the canvas has labels. */
export function paintSpine(
  canvas: Canvas,
  anatomy: Anatomy,
  bone: { readonly core: number; readonly shell: number },
  extras: Extras,
  random: Random,
): void {
  const { vertebrae, sacrum } = anatomy;
  const cortexMm = random.between(0.9, 1.7);
  const discHu = random.between(55, 115);
  const archMaterial: Material = { hu: bone.core + 90, shell: { hu: bone.shell, mm: 1.5 }, grainHu: 25 };
  const canal = vertebrae.map(({ frame, depthMm }) => at(frame, 0, depthMm / 2 + 9, 0));
  const [first] = sacrum;
  for (const { frame, depthMm } of sacrum.slice(0, 3)) canal.unshift(at(frame, 0, depthMm / 2 + 6, 0));
  for (const shape of tubeShapes(canal, 10)) paint(canvas, shape, { hu: -60 });
  for (const shape of tubeShapes(canal, 8)) paint(canvas, shape, { hu: 25, grainHu: 5 });

  for (const vertebra of vertebrae) {
    for (const shape of archShapes(vertebra)) paint(canvas, shape, archMaterial, { label: LABELS.posterior, body: 0 });
  }
  paintSacrum(canvas, anatomy, archMaterial, random);
  for (const [index, vertebra] of vertebrae.entries()) {
    const below = vertebrae[index - 1] ?? first;
    if (below === undefined) continue;
    const vacuum = random.chance(0.06);
    paint(
      canvas,
      discShape(below, vertebra),
      { hu: discHu + random.normal() * 12, grainHu: 8 },
      { label: LABELS.disc, body: 0 },
    );
    if (vacuum)
      paint(canvas, ellipsoidShape(at(vertebra.frame, 0, 0, -vertebra.rim.middle / 2 - 3), [9, 7, 1.2]), { hu: -600 });
  }
  paintBridges(canvas, anatomy, extras, bone);
  for (const [index, vertebra] of vertebrae.entries()) {
    const dense = vertebra.fracture === undefined ? 0 : random.between(-10, 120);
    const core = bone.core * random.between(0.88, 1.12) + dense;
    const truth = { label: LABELS.body, body: index + 1 };
    paint(
      canvas,
      bodyShape(vertebra),
      { hu: core, shell: { hu: Math.max(bone.shell * random.between(0.6, 1), core + 60), mm: cortexMm }, grainHu: 28 },
      truth,
    );
    // Marrow is uneven: its middle is paler or darker, at a random height.
    const { frame: bodyFrame, widthMm, depthMm: bodyDepth, rim: bodyRim } = vertebra;
    const middle = at(bodyFrame, random.normal() * 3, random.between(-4, 8), random.normal() * 2);
    const spread = random.between(0.2, 0.36);
    paint(
      canvas,
      ellipsoidShape(middle, [widthMm * spread, bodyDepth * spread, bodyRim.middle * random.between(0.12, 0.26)]),
      { hu: Math.max(-20, core + random.between(-70, 30)), grainHu: 28 },
    );
    // The vein's canal in the back wall and, sometimes, an island of dense bone.
    paint(
      canvas,
      ellipsoidShape(at(bodyFrame, 0, bodyDepth / 2 - 5, random.normal()), [
        4,
        random.between(3, 9),
        random.between(0.8, 2.4),
      ]),
      {
        hu: random.between(-40, core),
      },
    );
    const [isIsland, islandMm] = [random.chance(0.14), random.between(1.5, 6)];
    const island = at(bodyFrame, random.normal() * 7, random.normal() * 6, random.normal() * 5);
    if (isIsland) {
      paint(canvas, ellipsoidShape(island, [islandMm, islandMm, islandMm * random.between(0.6, 1.3)]), {
        hu: random.between(350, 1100),
      });
    }
    for (const spur of [-1, 1]) {
      // Drawn for every corner, so that one spur more or less does not change the rest of the patient.
      const [grows, size] = [random.chance(0.1), random.between(2, 4)];
      const { frame, depthMm, rim } = vertebra;
      if (!grows) continue;
      const h = spur * (rim.anterior / 2 - 2);
      paint(
        canvas,
        rodShape(at(frame, 0, -depthMm / 2 + 2, h), at(frame, 0, -depthMm / 2 - size, h + spur * 2), 2.5, 1.5),
        { hu: bone.shell * 0.8 },
        truth,
      );
    }
  }
}

function paintSacrum(canvas: Canvas, { sacrum, scale }: Anatomy, material: Material, random: Random): void {
  // As dense as the bodies above, paler or denser, so that brightness does not distinguish them.
  const [inner, cortex] = [random.between(0.4, 1.25), random.between(0.6, 1.1)];
  // Remnants of the discs between its segments, the upper ones the clearest. Fused segments have none.
  const rests = sacrum.map((_, index) => ({
    isThere: random.chance(index === 0 ? 0.75 : 0.35),
    mm: random.between(1, 4) / (index + 1),
  }));
  const restHu = random.between(20, 130);
  const truth = { label: LABELS.sacrum, body: 0 };
  for (const { frame, widthMm, depthMm, heightMm } of sacrum) {
    for (const side of [-1, 1]) {
      const wide = widthMm * 1.05;
      paint(
        canvas,
        rodShape(
          at(frame, side * widthMm * 0.35, 2, 0),
          at(frame, side * wide * 0.9, 8, -4),
          heightMm * 0.52,
          heightMm * 0.48,
        ),
        material,
        truth,
      );
    }
    paint(
      canvas,
      rodShape(
        at(frame, 0, depthMm / 2 + 12, heightMm * 0.4),
        at(frame, 0, depthMm / 2 + 11, -heightMm * 0.4),
        4 * scale,
      ),
      material,
      truth,
    );
  }
  for (const [index, segment] of sacrum.entries()) {
    paint(
      canvas,
      sacralShape(segment),
      {
        hu: (material.hu - 90) * inner,
        shell: { hu: (material.shell?.hu ?? 0) * cortex, mm: rests[index]?.isThere ? 1.3 : 0.6 },
        grainHu: 25,
      },
      truth,
    );
  }
  for (const [index, { frame, widthMm, depthMm, heightMm }] of sacrum.entries()) {
    const rest = rests[index];
    if (rest?.isThere !== true || index === sacrum.length - 1) continue;
    const between = at(frame, 0, 0, -heightMm / 2);
    paint(
      canvas,
      ellipsoidShape(between, [widthMm * 0.32, depthMm * 0.36, rest.mm]),
      { hu: restHu, grainHu: 8 },
      truth,
    );
  }
}
