/** The solids of which a spine phantom is built. */
import type { PointLps } from '#core/image/geometry.ts';
import { HOLLOW, rimHeight, type SacralSegment, type Vertebra } from './anatomy.ts';
import type { Shape } from './canvas.ts';
import { at, dot, type Frame } from './frame.ts';

/** The upper (+) or lower (−) surface of a body at lateral `s` and depth `t` (mm from the axis), as height above the centre. */
type Surface = (s: number, t: number) => number;

function endplate(vertebra: Vertebra, side: 1 | -1): Surface {
  const { rim, concavityMm, upperShare, widthMm, depthMm, bowl } = vertebra;
  const mean = (rim.anterior + rim.posterior) / 2;
  const share = side === 1 ? upperShare : 1 - upperShare;
  const sink = side === 1 ? concavityMm.upper : concavityMm.lower;
  return (s, t) => {
    const station = Math.min(1, Math.max(0, t / depthMm + 0.5));
    const across = Math.min(1, Math.abs((2 * s) / widthMm));
    const deep = sink * ((1 - (2 * station - 1) ** 2) * (1 - across * across)) ** bowl;
    return side * (mean / 2 + (rimHeight(rim, station) - mean) * share - deep);
  };
}

/** mm inside a superellipse with half axes a and b. Its posterior side is flattened, as the canal flattens a body. */
function insideSection(s: number, t: number, a: number, b: number): number {
  const across = Math.abs(s / a);
  const hollow = t > 0 ? 1 - HOLLOW * Math.max(0, 1 - 2.5 * across * across) : 1;
  const along = Math.abs(t / (b * hollow));
  return (1 - (across ** 2.4 + along ** 2.4) ** (1 / 2.4)) * Math.min(a, b);
}

function around(frame: Frame, s: number, t: number, h: number): { min: PointLps; max: PointLps } {
  const reach = (axis: 0 | 1 | 2): number =>
    Math.abs(frame.lateral[axis]) * s + Math.abs(frame.depth[axis]) * t + Math.abs(frame.up[axis]) * h;
  const { centre } = frame;
  return {
    min: [centre[0] - reach(0), centre[1] - reach(1), centre[2] - reach(2)],
    max: [centre[0] + reach(0), centre[1] + reach(1), centre[2] + reach(2)],
  };
}

/** A vertebral body: superellipse section with a waist, between two concave endplates. */
export function bodyShape(vertebra: Vertebra): Shape {
  const { frame, widthMm, depthMm, waist, rim } = vertebra;
  const { centre, lateral, depth, up } = frame;
  const upper = endplate(vertebra, 1);
  const lower = endplate(vertebra, -1);
  const tallest = Math.max(rim.anterior, rim.posterior, rim.middle);
  return {
    ...around(frame, widthMm / 2 + 1, depthMm / 2 + 1, tallest * 0.75 + 1),
    depthAt(x, y, z) {
      const px = x - centre[0];
      const py = y - centre[1];
      const pz = z - centre[2];
      const s = px * lateral[0] + py * lateral[1] + pz * lateral[2];
      const t = px * depth[0] + py * depth[1] + pz * depth[2];
      const h = px * up[0] + py * up[1] + pz * up[2];
      const above = upper(s, t) - h;
      const below = h - lower(s, t);
      const level = (2 * Math.min(above, below)) / tallest;
      const narrow = 1 - waist * Math.min(1, Math.max(0, level * 1.6));
      return Math.min(insideSection(s, t, (widthMm / 2) * narrow, (depthMm / 2) * narrow), above, below);
    },
  };
}

/** The disc: the space between the endplates of two neighbours, bulging slightly over their rims. */
export function discShape(below: Vertebra | SacralSegment, above: Vertebra): Shape {
  const low = below.frame;
  const high = above.frame;
  const floor: Surface = 'rim' in below ? endplate(below, 1) : () => below.heightMm / 2;
  const ceiling = endplate(above, -1);
  const a = (below.widthMm + above.widthMm) / 4 + 0.5;
  const b = (below.depthMm + above.depthMm) / 4 + 0.5;
  const span = around(low, a + 3, b + 3, 30);
  const other = around(high, a + 3, b + 3, 30);
  return {
    min: [Math.min(span.min[0], other.min[0]), Math.min(span.min[1], other.min[1]), low.centre[2] - 5],
    max: [Math.max(span.max[0], other.max[0]), Math.max(span.max[1], other.max[1]), high.centre[2] + 5],
    depthAt(x, y, z) {
      const point: PointLps = [x - low.centre[0], y - low.centre[1], z - low.centre[2]];
      const s = dot(point, low.lateral);
      const t = dot(point, low.depth);
      const over = dot(point, low.up) - floor(s, t);
      if (over < -3) return -9;
      const from: PointLps = [x - high.centre[0], y - high.centre[1], z - high.centre[2]];
      const s2 = dot(from, high.lateral);
      const t2 = dot(from, high.depth);
      const under = ceiling(s2, t2) - dot(from, high.up);
      return Math.min(over, under, insideSection((s + s2) / 2, (t + t2) / 2, a, b));
    },
  };
}

/** A block of the sacrum. */
export function sacralShape({ frame, widthMm, depthMm, heightMm }: SacralSegment): Shape {
  const { centre, lateral, depth, up } = frame;
  return {
    ...around(frame, widthMm / 2 + 1, depthMm / 2 + 1, heightMm / 2 + 1),
    depthAt(x, y, z) {
      const point: PointLps = [x - centre[0], y - centre[1], z - centre[2]];
      const h = dot(point, up);
      const taper = 1 + (0.16 * h) / heightMm;
      const section = insideSection(
        dot(point, lateral),
        dot(point, depth),
        (widthMm / 2) * taper,
        (depthMm / 2) * taper,
      );
      return Math.min(section, heightMm / 2 - Math.abs(h));
    },
  };
}

/** A rod with round ends from `a` to `b`. Its radius changes from `ra` to `rb`. */
export function rodShape(a: PointLps, b: PointLps, ra: number, rb: number = ra): Shape {
  const r = Math.max(ra, rb);
  const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const length2 = ux * ux + uy * uy + uz * uz || 1;
  return {
    min: [Math.min(a[0], b[0]) - r, Math.min(a[1], b[1]) - r, Math.min(a[2], b[2]) - r],
    max: [Math.max(a[0], b[0]) + r, Math.max(a[1], b[1]) + r, Math.max(a[2], b[2]) + r],
    depthAt(x, y, z) {
      const px = x - a[0];
      const py = y - a[1];
      const pz = z - a[2];
      const along = Math.min(1, Math.max(0, (px * ux + py * uy + pz * uz) / length2));
      const qx = px - along * ux;
      const qy = py - along * uy;
      const qz = pz - along * uz;
      return ra + (rb - ra) * along - Math.sqrt(qx * qx + qy * qy + qz * qz);
    },
  };
}

/** An ellipsoid with its axes along the world's. */
export function ellipsoidShape(centre: PointLps, radii: PointLps): Shape {
  const [cx, cy, cz] = centre;
  const [rx, ry, rz] = radii;
  const smallest = Math.min(rx, ry, rz);
  return {
    min: [cx - rx, cy - ry, cz - rz],
    max: [cx + rx, cy + ry, cz + rz],
    depthAt(x, y, z) {
      const a = (x - cx) / rx;
      const b = (y - cy) / ry;
      const c = (z - cz) / rz;
      return (1 - Math.sqrt(a * a + b * b + c * c)) * smallest;
    },
  };
}

/** A bent plate: rods side by side between the polylines `from` and `to`. */
export function plateShapes(
  from: readonly PointLps[],
  to: readonly PointLps[],
  radius: number,
  count: number,
): readonly Shape[] {
  const shapes: Shape[] = [];
  for (let n = 0; n <= count; n += 1) {
    const f = n / count;
    const line = from.map((a, index): PointLps => {
      const b = to[index] ?? a;
      return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f];
    });
    shapes.push(...tubeShapes(line, radius));
  }
  return shapes;
}

/** Rods along a polyline. */
export function tubeShapes(line: readonly PointLps[], radius: number): readonly Shape[] {
  return line.slice(1).map((b, index) => rodShape(line[index] ?? b, b, radius));
}

/** Pedicles, laminae, articular, transverse and spinous processes of a vertebra, as rods. */
export function archShapes({ frame, widthMm, depthMm, rim, level }: Vertebra): readonly Shape[] {
  const a = widthMm / 2;
  const b = depthMm / 2;
  const height = (rim.posterior + rim.anterior) / 2;
  const lumbar = level.startsWith('L');
  const canal = lumbar ? 15 : 14;
  const drop = lumbar ? -0.25 * height : level.startsWith('C') ? -0.3 * height : -0.9 * height;
  const length = lumbar ? 30 : 26;
  const thin = Math.min(1, a / 20);
  const p = (s: number, t: number, h: number): PointLps => at(frame, s, t, h);
  const shapes: Shape[] = [];
  for (const side of [-1, 1]) {
    const pedicle = p(side * a * 0.62, b + canal * 0.6, height * 0.2);
    const facet = p(side * a * 0.68, b + canal, 0);
    shapes.push(
      rodShape(p(side * a * 0.55, b * 0.6, height * 0.2), pedicle, 5.5 * thin, 5 * thin),
      rodShape(pedicle, facet, 5 * thin),
      rodShape(
        p(side * a * 0.66, b + canal, height * 0.62),
        p(side * a * 0.72, b + canal + 2, -height * 0.7),
        5 * thin,
        5.5 * thin,
      ),
      rodShape(facet, p(0, b + canal + 9, -height * 0.15), 4.5 * thin, 4 * thin),
      rodShape(
        pedicle,
        p(side * (a + (lumbar ? 22 : 14)), b + canal * (lumbar ? 0.7 : 1.3), height * 0.2),
        4 * thin,
        3,
      ),
    );
  }
  for (const h of [-0.35, -0.1, 0.12]) {
    shapes.push(
      rodShape(
        p(0, b + canal + 8, h * height),
        p(0, b + canal + 8 + length, h * height * (lumbar ? 1.3 : 0.6) + drop),
        3.8,
        4.4,
      ),
    );
  }
  return shapes;
}

/** One rib of a pair, from the vertebra around the chest. `reach` is its length, as a fraction of a whole rib. */
export function ribShapes(
  vertebra: Vertebra,
  side: 1 | -1,
  chest: { readonly a: number; readonly b: number },
  reach: number,
): readonly Shape[] {
  const { frame, widthMm, depthMm, rim } = vertebra;
  const head = at(frame, (side * widthMm) / 2, depthMm * 0.42, rim.posterior * 0.35);
  const neck = at(frame, side * (widthMm / 2 + 18), depthMm * 0.42 + 14, rim.posterior * 0.2);
  const line: PointLps[] = [head, neck];
  const steps = 14;
  const middleY = neck[1] - chest.b * 0.75;
  const start = Math.atan2(neck[1] - middleY, Math.abs(neck[0]) * (chest.b / chest.a));
  for (let n = 1; n <= steps * reach; n += 1) {
    const f = n / steps;
    const angle = start - f * 2.7;
    line.push([side * chest.a * Math.cos(angle), middleY + chest.b * Math.sin(angle), neck[2] - f * 85]);
  }
  return tubeShapes(line, 4.6);
}
