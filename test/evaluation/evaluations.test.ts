/**
 * Checks the first cases of every evaluation against its floors, and that the figures in docs/tools/ are of the present version
 * of tool and models.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import type { Part } from '../../evaluation/evaluation.ts';
import { evaluatedTools, findEvaluation } from '../../evaluation/find-evaluation.ts';
import { broken, floorsOf } from '../../evaluation/floors.ts';
import type { MetricsFile } from '../../evaluation/page.ts';
import { runCases } from '../../evaluation/processes.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { runnable } from '../fixtures/models.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const catalog = await loadCatalog(ROOT);
const tools = await Promise.all(evaluatedTools().map(findEvaluation));

it('every evaluation is of a tool', () => {
  const ids = catalog.map(({ manifest }) => manifest.id);

  expect(tools.length).toBeGreaterThan(0);
  expect(evaluatedTools().filter((tool) => !ids.includes(tool))).toEqual([]);
});

const ready = new Set((await runnable(catalog)).map(({ manifest }) => manifest.id));

describe.each(tools.map((evaluation) => [evaluation.tool, evaluation] as const))(
  'the evaluation of %s',
  (tool, { parts }) => {
    const floors = floorsOf(tool);

    it('has parts of different names, with at least one case for CI each', () => {
      const names = parts.map(({ name }) => name);

      expect(new Set(names).size).toBe(names.length);
      for (const part of parts) expect(Math.min(part.ciCases, part.cases().length)).toBeGreaterThan(0);
    });

    it('has floors, each of a part that it has', () => {
      const names = parts.map(({ name }) => name);
      const strays = Object.keys(floors).filter((floor) => !names.some((name) => floor.startsWith(`${name}.`)));

      expect(Object.keys(floors)).not.toEqual([]);
      expect(strays).toEqual([]);
    });

    it('has figures in docs/tools/ of this version of tool and models', () => {
      const entry = catalog.find(({ manifest }) => manifest.id === tool);
      const path = join(ROOT, 'docs', 'tools', tool, 'metrics.json');
      const fix = `evaluate again: npm run evaluate -- ${tool}`;

      expect(existsSync(path), fix).toBe(true);
      const written = JSON.parse(readFileSync(path, 'utf8')) as MetricsFile;
      expect(written.version, fix).toBe(entry?.manifest.version);
      expect(written.models, fix).toEqual(entry?.models.map(({ id, version, sha256 }) => ({ id, version, sha256 })));
      expect(Object.keys(written.parts), fix).toEqual(parts.map(({ name }) => name));
    });

    for (const part of parts) {
      describeWith(part.needs === undefined ? [] : [part.needs], part.title, () => {
        it.skipIf(!ready.has(tool))('keeps its floors', async () => {
          expect(broken(floors, part.name, await firstCases(tool, part))).toEqual([]);
        });
      });
    }
  },
);

async function firstCases(tool: string, part: Part): Promise<ReturnType<Part['summarise']>> {
  const calls = Array.from({ length: Math.min(part.ciCases, part.cases().length) }, (_, index) => ({
    part: part.name,
    index,
  }));
  const outcomes: unknown[] = [];
  const failed: string[] = [];
  await runCases(calls, { tool, processes: 1 }, ({ index }, answer) => {
    if ('error' in answer) failed.push(`case ${index}: ${answer.error}`);
    else outcomes[index] = answer.outcome;
  });
  expect(failed).toEqual([]);
  return part.summarise(outcomes);
}
