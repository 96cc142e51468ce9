/**
 * Each tool's results are the same bytes each time: of two runs of `hilum run`, which state the study's own date and time, and of the
 * pipeline and `hilum run` at the pipeline's moments. For every study of which there is a golden answer.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { runStudy } from '#cli/run-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { runnable } from '../fixtures/models.ts';
import { momentsOf } from '../fixtures/object-times.ts';
import { PHANTOM_STUDIES, type PhantomStudy } from '../fixtures/phantom-studies.ts';
import { sha256 } from '../fixtures/pipeline.ts';
import { createLife } from '../fixtures/results-life.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Tools with the studies of which they have golden answers. */
const golden = (await runnable(await loadCatalog(ROOT))).flatMap(({ manifest: { id } }) =>
  readdirSync(join(ROOT, 'tools', id, 'golden'))
    .filter((name) => name.endsWith('.result.json.gz'))
    .map((name) => [id, name.replace('.result.json.gz', '')] as const),
);

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'hilum-same-bytes-'));
});
afterEach(() => rm(out, { recursive: true }));

/** The digests of the objects, by SOP Instance UID. */
type Digests = ReadonlyMap<string, string>;

async function run(id: string, study: PhantomStudy, at?: string): Promise<Digests> {
  const ready = { ...(await toolUnderTest(id)), decoder: inProcessDecoder };
  const { instances, read } = study;
  const StudyInstanceUID = instances[0]?.StudyInstanceUID ?? '';
  const [content = '', creation = ''] = at?.split(',') ?? [];
  const moments = at === undefined ? undefined : { content, creation, timeZone: 'UTC' };
  const { objects } = await runStudy({ StudyInstanceUID, instances, read, refused: [] }, ready, out, moments);
  return new Map(objects.map((object) => [object.SOPInstanceUID, object.sha256]));
}

async function inPipeline(id: string, { files }: PhantomStudy): Promise<readonly Uint8Array[]> {
  const life = createLife({}, undefined, await toolUnderTest(id));
  await life.arrives(files);
  await life.settles(`infer-${id}-live`);
  // The objects are made later than the answer.
  life.pipeline.clock.advance(3_600_000);
  await life.settles();
  const sources = new Set(files.map((bytes) => indexInstance(bytes).SOPInstanceUID));
  return [...life.pacs.held].filter(([uid]) => !sources.has(uid)).map(([, bytes]) => bytes);
}

it.each(golden)('%s on %s', { timeout: 500_000 }, async (id, name) => {
  const study = PHANTOM_STUDIES[name]?.();
  if (study === undefined) throw new Error(`There is no phantom ${name}`);
  const stored = await inPipeline(id, study);
  const [moments = ''] = new Set(stored.map(momentsOf));
  const [content, creation] = moments.split(',');

  const [once, again, then] = [await run(id, study), await run(id, study), await run(id, study, moments)];

  expect(stored.length).toBeGreaterThan(0);
  expect(content).not.toBe(creation);
  expect(again).toEqual(once);
  expect(then).toEqual(new Map(stored.map((bytes) => [indexInstance(bytes).SOPInstanceUID, sha256(bytes)])));
  // Only the times differ: the UIDs are the same.
  expect([...once.keys()].sort()).toEqual([...then.keys()].sort());
  expect([...once.values()].sort()).not.toEqual([...then.values()].sort());
});
