/**
 * Studies out of scope: every tool gets every study that is out of its scope, as in `hilum run` (selection, loading,
 * tool, conversion), and must answer with the reason and without any finding.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { type ReadyTool, runStudy } from '#cli/run-study.ts';
import type { StudyInFolders } from '#files/dicom-files.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { engineFor, runnable } from '../fixtures/models.ts';
import { LEFT_ALONE, SCOPE_STUDIES } from '../fixtures/out-of-scope.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const out = mkdtempSync(join(tmpdir(), 'hilum-scope-'));
afterAll(() => rmSync(out, { recursive: true }));

const tools = await Promise.all(
  (await runnable(await loadCatalog(ROOT))).map(
    async (entry): Promise<ReadyTool> => ({
      entry,
      tool: await loadTool(ROOT, entry),
      decoder: createDecoder(),
      engine: engineFor(entry),
    }),
  ),
);
const idOf = ({ entry }: ReadyTool): string => entry.manifest.id;

for (const { name, needs, inScopeOf, expected, make } of SCOPE_STUDIES) {
  describeWith(needs === undefined ? [] : [needs], name, () => {
    const others = tools.filter((tool) => !inScopeOf.includes(idOf(tool)));
    let study: StudyInFolders | undefined;
    beforeAll(async () => {
      study = await make();
    });

    it.each(others.map((tool) => [idOf(tool), tool] as const))('is not for %s', async (id, ready) => {
      if (study === undefined) throw new Error('There is no study');

      const { outcome, reason, findings, objects } = await runStudy(study, ready, join(out, id));

      const answer = `${outcome} ${reason?.code}`;
      if (expected[id] === undefined) expect(answer).toMatch(LEFT_ALONE);
      else expect(expected[id]).toContain(answer);
      expect(reason?.message).toMatch(/\w{3}/);
      expect(findings).toEqual([]);
      expect(objects.map(({ kind }) => kind).filter((kind) => kind !== 'non-result')).toEqual([]);
    });
  });
}

it('every study is out of the scope of some tool, and every tool is asked', () => {
  const asked = SCOPE_STUDIES.map(({ inScopeOf }) => tools.map(idOf).filter((id) => !inScopeOf.includes(id)));

  expect(asked.filter((ids) => ids.length === 0)).toEqual([]);
  expect(new Set(asked.flat())).toEqual(new Set(tools.map(idOf)));
});
