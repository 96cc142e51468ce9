/** `evaluation/<tool>/floors.json`: the limits that CI checks for the figures of each part's first cases. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Summary } from './evaluation.ts';

const FloorSchema = z.union([z.object({ atLeast: z.number() }).strict(), z.object({ atMost: z.number() }).strict()]);
/** Keyed by `<part>.<metric>`. */
const FloorsSchema = z.record(z.string(), FloorSchema);
export type Floors = Readonly<z.infer<typeof FloorsSchema>>;

/** @throws ZodError if the file is wrong */
export function floorsOf(tool: string): Floors {
  return FloorsSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, tool, 'floors.json'), 'utf8')));
}

/** A sentence for each floor that a part's figures do not reach. A missing figure reaches none. */
export function broken(floors: Floors, part: string, { metrics }: Pick<Summary, 'metrics'>): readonly string[] {
  return Object.entries(floors).flatMap(([name, floor]) => {
    if (!name.startsWith(`${part}.`)) return [];
    const metric = metrics[name.slice(part.length + 1)];
    if (metric === undefined) return [`${name} is missing`];
    const [limit, holds, word] =
      'atLeast' in floor
        ? [floor.atLeast, metric.value >= floor.atLeast, 'at least']
        : [floor.atMost, metric.value <= floor.atMost, 'at most'];
    return holds ? [] : [`${name} is ${metric.value} (n = ${metric.n}), not ${word} ${limit}`];
  });
}
