/**
 * What a tool is not for: every tool is given every study that is out of its scope, as `hilum run` gives it (selection, loading,
 * tool, conversion), and answers with the reason and nothing that could be taken for a finding. What is in its scope is declared
 * in `tools/<id>/expectations.json`; a tool that declares nothing is asked for an answer and no more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { type ReadyTool, runStudy } from '#cli/run-study.ts';
import { groupImages } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import type { StudyInFolders } from '#files/dicom-files.ts';
import { expectationsOf } from '../fixtures/expectations.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { engineFor, runnable } from '../fixtures/models.ts';
import { SCOPE_STUDIES } from '../fixtures/out-of-scope.ts';

/** What only headers tell, so that no tool computes. */
const LEFT_ALONE =
  /^not-applicable (not-suitable|not-the-scan|unreadable-header|contradictory-header|wrong-kind|no-image)$/;
/** Objects that state findings, or mark their places. */
const WITH_FINDINGS: readonly string[] = ['segmentation', 'structured-report'];
const ANY_ANSWER = /^(result|no-finding|not-evaluable)( |$)/;

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

const declared = new Map(tools.map(({ entry: { manifest } }) => [manifest.id, expectationsOf(ROOT, manifest.id)]));

for (const { id: study, name, needs, make } of SCOPE_STUDIES) {
  const asked = tools.filter(({ entry }) => !declared.get(entry.manifest.id)?.inScope.includes(study));
  if (asked.length === 0) continue;
  describeWith(needs === undefined ? [] : [needs], name, () => {
    let made: StudyInFolders | undefined;
    beforeAll(async () => {
      made = await make();
    });

    it.each(asked.map((tool) => [tool.entry.manifest.id, tool] as const))('is answered by %s', async (id, ready) => {
      if (made === undefined) throw new Error('There is no study');
      const isTaken = selectImages(ready.entry.manifest.selection, groupImages(made)).selected.length > 0;

      const { outcome, reason, findings, objects } = await runStudy(made, ready, join(out, id));

      const answer = [outcome, reason?.code].filter(Boolean).join(' ');
      const expected = declared.get(id)?.outOfScope[study];
      if (isTaken && declared.get(id) === undefined) {
        expect(answer).toMatch(ANY_ANSWER);
        return;
      }
      if (expected === undefined)
        expect(answer, `tools/${id}/expectations.json does not name ${study}`).toMatch(LEFT_ALONE);
      else expect(expected).toContain(answer);
      expect(reason?.message).toMatch(/\w{3}/);
      expect(findings).toEqual([]);
      expect(objects.map(({ kind }) => kind).filter((kind) => WITH_FINDINGS.includes(kind))).toEqual([]);
    });
  });
}

it('no tool declares a study that there is not', () => {
  const known = SCOPE_STUDIES.map(({ id }) => id);
  const named = [...declared].flatMap(([tool, expectations]) =>
    [...(expectations?.inScope ?? []), ...Object.keys(expectations?.outOfScope ?? {})].map((id) => ({ tool, id })),
  );

  expect(named.filter(({ id }) => !known.includes(id))).toEqual([]);
});
