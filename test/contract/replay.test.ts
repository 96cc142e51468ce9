/** `hilum replay` on the local cloud, of runs of every tool: answers of the tools themselves, corrected patients, and a changed byte. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { createDynamoRunStore } from '#adapters/aws/run-store.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import { makeHandler as makeConvert } from '#functions/convert/handler.ts';
import { makeHandler as makeInfer } from '#functions/infer/handler.ts';
import { makeHandler as makeRoute } from '#functions/route/handler.ts';
import { storeIdentity } from '#pipeline/identities.ts';
import type { ObjectStore, RunRecord } from '#pipeline/ports.ts';
import { cloudUp, localDown } from '../../localstack/local.ts';
import { runHilumIn } from '../fixtures/hilum.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import {
  createPipeline,
  minuteLeft,
  type Pipeline,
  s3Event,
  sha256,
  sqsEvent,
  uploadFiles,
} from '../fixtures/pipeline.ts';
import { makeRunsTable } from '../fixtures/runs-table-in-cloud.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const TOOLS = {
  caries: ['bitewing', 'panoramic'],
  'brain-tissue': ['brain-mr'],
  'vertebral-fracture': ['spine-ct'],
} as const;

/** Lets a tool answer to a study, and converts the answer for its patient and for a corrected one. */
async function answered(pipeline: Pipeline, tool: string, kind: string): Promise<void> {
  const ready = await toolUnderTest(tool);
  const dependencies = { ...pipeline, ...ready, decoder: inProcessDecoder, toolTimeoutMs: 600_000 };
  const files = PHANTOM_STUDIES[kind]?.().files ?? [];
  const { key } = await uploadFiles(pipeline, files);
  const long = { getRemainingTimeInMillis: () => 900_000 };
  await makeRoute({ ...pipeline, catalog: [ready.entry] })(sqsEvent('intake-live', [s3Event(key)]), long);
  const message = pipeline.sentTo({ step: 'infer', tool, lane: 'live' }).at(-1);
  if (message === undefined) return;
  await makeInfer(dependencies)(sqsEvent(`infer-${tool}-live`, [message]), long);
  const convert = makeConvert(pipeline);
  await convert(sqsEvent('convert-live', [message]), minuteLeft);
  const patient = makeRadiographFile({ patient: { PatientName: 'Phantom^Right', PatientID: 'RIGHT-1' } });
  const identity = await storeIdentity(pipeline.objects, readDicom(patient).dataset, new Uint8Array(32));
  const set = pipeline.sentTo({ step: 'return', lane: 'live' }).at(-1)?.set;
  await convert(sqsEvent('convert-live', [{ ...message, identity, set }]), minuteLeft);
}

describeWith(['cloud'], 'hilum replay', () => {
  let home: string;
  let settings: LocalCloud;
  let objects: ObjectStore;
  let recorded: readonly RunRecord[];
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'hilum-replay-'));
    const pipeline = createPipeline();
    for (const [tool, kinds] of Object.entries(TOOLS)) for (const kind of kinds) await answered(pipeline, tool, kind);
    recorded = [...pipeline.runs.records.values()];
    settings = await cloudUp({ home, ports: 'free' });
    const client = new S3Client({ ...settings, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'studies' }));
    objects = createS3ObjectStore({ bucket: 'studies', client });
    for (const [key, bytes] of pipeline.objects.contents) if (!key.startsWith('chunks/')) await objects.put(key, bytes);
    const runs = createDynamoRunStore(await makeRunsTable(settings, 'runs'));
    for (const { runId, StudyInstanceUID, revision, tool, version, lane, state } of recorded)
      await runs.record({ runId, StudyInstanceUID, revision, tool, version, lane, state });
  }, 600_000);
  afterAll(() => localDown({ home, purge: true }));

  const hilum = (...args: readonly string[]) =>
    runHilumIn(settings, args, { HILUM_HOME: home, HILUM_RUNS_TABLE: 'runs', HILUM_BUCKET: 'studies' });

  it('gives the same bytes for every set of every tool', async () => {
    expect(new Set(recorded.map(({ tool }) => tool))).toEqual(new Set(Object.keys(TOOLS)));
    for (const { runId, tool } of recorded) {
      const { code, stdout, stderr } = await hilum('replay', runId, '--json');
      const shown = JSON.parse(stdout) as { readonly sets: readonly { readonly objects: readonly object[] }[] };

      expect([code, stderr]).toEqual([0, '']);
      expect(shown).toMatchObject({ runId, tool, identical: true, sets: [{ replay: 'same' }, { replay: 'same' }] });
      expect(shown.sets.every((set) => set.objects.length > 1)).toBe(true);
    }
  });

  it('finds a changed byte, and writes what is made now', async () => {
    const [run] = recorded;
    const out = await mkdtemp(join(tmpdir(), 'hilum-replayed-'));
    const replayed = await hilum('replay', run?.runId.slice(0, 12) ?? '', '--out', out);
    expect(replayed.code).toBe(0);
    const folder = join(out, run?.runId ?? '');
    const [setId = ''] = readdirSync(folder);
    const file = readdirSync(join(folder, setId)).find((name) => name.endsWith('.dcm')) ?? '';
    const key = `runs/${run?.tool}/${run?.runId}/sets/${setId}/objects/${file}`;
    const stored = await objects.get(key);
    expect(sha256(readFileSync(join(folder, setId, file)))).toBe(sha256(stored ?? new Uint8Array()));
    const changed = Buffer.from(stored ?? []);
    const at = changed.indexOf('RESEARCH', 0, 'latin1');
    changed[at < 0 ? changed.length - 1 : at] = 0x52 ^ 0x01;
    await objects.put(key, changed);

    const { code, stdout } = await hilum('replay', run?.runId ?? '');

    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(` set ${setId.slice(0, 8)} \\(result\\) of .*: differs from what was stored\n`));
    expect(stdout).toMatch(new RegExp(`${file.replace(/\.dcm$/, '')} has other bytes`));
    expect(stdout).toMatch(/: the same bytes \(\d+ objects?\)\n/);
    await rm(out, { recursive: true });
  });
});
