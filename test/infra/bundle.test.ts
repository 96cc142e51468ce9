import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import type { Reply, Request } from '#adapters/decoder/protocol.ts';
import { parseResult } from '#core/results/result.ts';
import { groupImages } from '#core/study/images.ts';
import { inputDigestOf } from '#core/study/revision.ts';
import { toolVersion } from '#core/tool-manifest.ts';
import { resultKey, runIdOf } from '#pipeline/keys.ts';
import { createBundler } from '../../infra/bundle.ts';
import { withoutMissingModels } from '../../infra/models.ts';
import { discoverTools } from '../../infra/tools.ts';
import { startAwsServer } from '../fixtures/aws-server.ts';
import { withFrames } from '../fixtures/compressed.ts';
import { section, singleFrames } from '../fixtures/cross-sections.ts';
import {
  encodeHtj2k,
  encodeJpeg2000,
  encodeJpegLs,
  encodeRle,
  makePicture,
  type Picture,
} from '../fixtures/encoders.ts';
import { writeJpegExtended } from '../fixtures/jpeg-writer.ts';
import { createPipeline, runMessage, sqsEvent, uploadFiles } from '../fixtures/pipeline.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const root = resolve(import.meta.dirname, '../..');
const outdir = mkdtempSync(join(tmpdir(), 'hilum-bundles-'));
const bundle = createBundler({ root, outdir });
const { tools } = withoutMissingModels(discoverTools(root), root);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(folder, file)).isFile());
const bytesOf = (folder: string): number =>
  filesOf(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

/** The bundled scripts, without the packages that are copied. */
const codeOf = (folder: string): readonly string[] =>
  filesOf(folder)
    .filter((file) => file.endsWith('.mjs') && !file.startsWith('node_modules'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));

/** Loads a bundle as Lambda does, outside the checkout and its packages, and returns the type of its handler or what is `asked`. */
function load(folder: string, environment: Record<string, string> = {}, asked = 'typeof handler'): string {
  const program = `import(${JSON.stringify(join(folder, 'index.mjs'))}).then(({ handler }) => process.stdout.write(${asked}))`;
  const env = {
    ...{ HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: 'http://127.0.0.1:1/0/hilum-' },
    ...{ AWS_REGION: 'eu-central-1', PATH: '/usr/bin:/bin' },
    ...environment,
  };
  return execFileSync(process.execPath, ['-e', program], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

/** Invokes a bundle's handler in a child process; the last line of its output is the handler's answer. */
function invoke(folder: string, event: object, environment: Record<string, string>): Promise<{ stdout: string }> {
  const program = `
    const { handler } = await import(${JSON.stringify(join(folder, 'index.mjs'))});
    const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 };
    console.log(JSON.stringify(await handler(${JSON.stringify(event)}, context)));`;
  const env = {
    ...{ HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', AWS_REGION: 'eu-central-1', PATH: '/usr/bin:/bin' },
    ...environment,
  };
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, env });
}

describe('bundles', () => {
  it.each(['route', 'dead-letter', 'reconcile'])('%s loads by itself and knows every tool', (name) => {
    const folder = bundle(name, { catalog: tools });
    expect(load(folder)).toBe('function');
    for (const { id } of tools) expect(existsSync(join(folder, 'tools', id, 'manifest.json'))).toBe(true);
    expect(filesOf(folder).filter((file) => file.endsWith('.onnx'))).toEqual([]);
  });

  it.each(['convert', 'return'])('%s loads by itself', (name) => {
    expect(load(bundle(name), { HILUM_ARCHIVE_SECRET: 'arn' })).toBe('function');
  });

  it.each(tools.map((tool) => [tool.id, tool] as const))(
    'infer of %s loads by itself, with its own tool and models alone',
    (id, tool) => {
      const folder = bundle('infer', { tool });
      expect(load(folder, { HILUM_TOOL: id, HILUM_TOOL_TIMEOUT_S: '60' })).toBe('function');
      expect(readdirSync(join(folder, 'tools'))).toEqual([id]);
      const models = join(folder, 'layers', 'models');
      expect(existsSync(models) ? readdirSync(models).sort() : []).toEqual([...tool.models].sort());
      // Lambda takes 250 MB unpacked; onnxruntime for one platform is 46 of them.
      expect(bytesOf(folder)).toBeLessThan(150e6);
      // Tool and handler must share error classes, because the handler uses `instanceof`.
      const defining = codeOf(folder).filter((code) => /class HilumError extends|HilumError = class/.test(code));
      expect(defining).toHaveLength(1);
    },
  );

  it('contain the data dictionary as a table, and nothing of dcmjs', () => {
    const [tool] = tools;
    if (tool === undefined) throw new Error('No tool');
    const folders = [
      bundle('route', { catalog: tools }),
      bundle('convert'),
      bundle('return'),
      bundle('infer', { tool }),
    ];
    const code = folders.map((folder) => codeOf(folder).join('\n'));

    // Only dcmjs writes names of retired attributes so.
    expect(code.filter((text) => /node_modules\/dcmjs|RETIRED_LengthToEnd|DicomMetaDictionary/.test(text))).toEqual([]);
    expect(code[1]).toContain('7FE00010,OB or OW,1,PixelData');
  });

  it('contain nothing unused: zod’s languages, other AWS clients, undici', () => {
    const route = bundle('route', { catalog: tools });
    const code = codeOf(route).join('\n');

    expect(code).toContain('new S3Client');
    // `return` alone reads the archive's secret; Armenian is one of the languages of zod's messages.
    expect(codeOf(bundle('return')).join('\n')).toContain('new SecretsManagerClient');
    expect(code).not.toMatch(/SecretsManager|zod\/v4\/locales\/hy\.js/);
    expect(load(route, {}, "process.moduleLoadList.filter((name) => name.includes('undici')).join()")).toBe('');
  });

  it('infer reads a compressed study with the bundle’s own files, and answers', async () => {
    const testRoot = join(root, 'test', 'fixtures', 'failing');
    const tool = discoverTools(testRoot).find(({ id }) => id === 'counts');
    const entry = (await loadCatalog(testRoot)).find(({ manifest }) => manifest.id === 'counts');
    if (tool === undefined || entry === undefined) throw new Error('The tool is gone');
    const folder = createBundler({ root: testRoot, outdir: join(outdir, 'counts') })('infer', { tool });
    const sections = Array.from({ length: 5 }, (_, k) => section(k));
    const files = await Promise.all(
      singleFrames(sections).map(async (file, k) => {
        const values = sections[k]?.stored ?? [];
        const { layout } = makePicture({ rows: 2, columns: 3, bits: 16 });
        const samples = new Uint8Array(Uint16Array.from(values).buffer);
        return withFrames(file, '1.2.840.10008.1.2.4.80', [await encodeJpegLs({ layout, samples, values })]);
      }),
    );
    const pipeline = createPipeline();
    const study = await uploadFiles(pipeline, files);
    const [image] = groupImages(study);
    if (image === undefined) throw new Error('The files make no image');
    const identity = { inputDigest: inputDigestOf([image]), tool: 'counts', version: toolVersion(entry) };
    const message = runMessage(makeRadiographFile(), entry, study, { ...identity, runId: runIdOf(identity) });
    const aws = await startAwsServer(pipeline.objects.contents);

    const { stdout } = await invoke(folder, sqsEvent('infer-counts-live', [message]), {
      ...{ HILUM_TOOL: 'counts', HILUM_TOOL_TIMEOUT_S: '60', AWS_ENDPOINT_URL: aws.url },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', HILUM_QUEUES: `${aws.url}/0/hilum-` },
    });
    await aws.close();

    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({ batchItemFailures: [] });
    const stored = pipeline.objects.contents.get(resultKey(message.runId));
    expect(parseResult(stored ?? new Uint8Array()).metadata).toMatchObject({
      outcome: 'result',
      summary: '5 slices.',
    });
    expect(aws.sent).toHaveLength(1);
  });

  it('infer starts with its models loaded, and starts even if a model’s digest differs from its card', () => {
    const testRoot = join(root, 'test', 'fixtures', 'failing');
    const tool = discoverTools(testRoot).find(({ id }) => id === 'wrong-model');
    if (tool === undefined) throw new Error('The tool is gone');
    const folder = createBundler({ root: testRoot, outdir: join(outdir, 'wrong-model') })('infer', { tool });

    const [line, answer] = load(folder, { HILUM_TOOL: tool.id, HILUM_TOOL_TIMEOUT_S: '60' }).split('\n');

    expect(JSON.parse(line ?? '')).toMatchObject({ event: 'model-not-ready', code: 'model-digest-mismatch' });
    expect(answer).toBe('function');
  });

  it('infer with another HILUM_TOOL than the bundle’s names the wrong setting', () => {
    const [tool] = tools;
    if (tool === undefined) throw new Error('No tool');
    const folder = bundle('infer', { tool });
    expect(() => load(folder, { HILUM_TOOL: 'other', HILUM_TOOL_TIMEOUT_S: '60' })).toThrow(/HILUM_TOOL names other/);
  });

  it('infer and convert contain a Dockerfile based on Lambda’s Node image', () => {
    for (const name of ['infer', 'convert']) {
      const dockerfile = readFileSync(join(root, 'functions', name, 'Dockerfile'), 'utf8');
      expect(dockerfile).toMatch(/^ARG BASE_IMAGE=public\.ecr\.aws\/lambda\/nodejs:24$/m);
      expect(dockerfile).toMatch(/^CMD \["index\.handler"\]$/m);
    }
  });
});

describe('the decoder’s thread in a bundle', () => {
  let folder = '';
  beforeAll(() => {
    const [tool] = tools;
    if (tool === undefined) throw new Error('No tool');
    folder = createBundler({ root, outdir: join(outdir, 'thread') })('infer', { tool });
  });

  it.each([
    ['1.2.840.10008.1.2.5', encodeRle],
    ['1.2.840.10008.1.2.4.51', writeJpegExtended],
    ['1.2.840.10008.1.2.4.80', encodeJpegLs],
    ['1.2.840.10008.1.2.4.90', encodeJpeg2000],
    ['1.2.840.10008.1.2.4.201', (picture: Picture) => encodeHtj2k(picture)],
  ] as const)('decodes %s by itself', async (TransferSyntaxUID, encode) => {
    const picture = makePicture({ bits: 12, smooth: true });
    const worker = new Worker(pathToFileURL(join(folder, 'worker.mjs')), { env: {} });
    const encoded = [Uint8Array.from(await encode(picture))];
    const request: Request = {
      ...{ kind: 'decode', TransferSyntaxUID, layout: picture.layout, encoded },
      maxHeapBytes: Number.POSITIVE_INFINITY,
    };

    const reply = await new Promise<Reply>((answer, failed) => {
      worker.on('message', answer).on('error', failed);
      worker.postMessage(request);
    });
    await worker.terminate();

    expect(reply).toMatchObject({ kind: 'decoded' });
    const [frame] = reply.kind === 'decoded' ? reply.frames : [];
    const decoded = new Uint16Array(frame?.buffer ?? new ArrayBuffer(0));
    expect(decoded).toHaveLength(picture.values.length);
    expect(decoded.every((value, i) => Math.abs(value - (picture.values[i] ?? 0)) <= 2)).toBe(true);
  });
});
