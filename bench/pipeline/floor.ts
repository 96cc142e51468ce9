/**
 * Measures the floor of a run: the time for moving the same bytes without processing them. It runs as a separate process,
 * `node bench/pipeline/floor.ts`, with its task as JSON on standard input and its times (ms) as JSON on standard output.
 */
import { createHash, randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { LocalCloud } from '#adapters/aws/local-cloud.ts';
import { signedHeaders } from '#adapters/aws/signature.ts';

export interface FloorTask {
  /** Orthanc's REST interface, without a trailing slash, and its DICOMweb root, with one. */
  readonly url: string;
  readonly dicomWebUrl: string;
  readonly authorization: string;
  readonly StudyInstanceUID: string;
  /** The run's results, which are removed from Orthanc and stored again. */
  readonly results: readonly string[];
  /** The local cloud, and a bucket in it. */
  readonly cloud: LocalCloud;
  readonly bucket: string;
}

export interface FloorTimes {
  readonly read: number;
  readonly put: number;
  readonly get: number;
  readonly store: number;
  readonly bytes: number;
}

const PART_BYTES = 16 * 1024 * 1024;

const task: FloorTask = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await measure(task)));

async function measure({ StudyInstanceUID, results, ...at }: FloorTask): Promise<FloorTimes> {
  const headers = { Authorization: at.authorization };
  const objects = await takeOut(results, at.url, headers);
  const cloud = cloudCaller(at.cloud);

  const read = stopwatch();
  const study = await ok(`${at.dicomWebUrl}studies/${StudyInstanceUID}`, {
    headers: { ...headers, Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' },
  });
  const bytes = Buffer.from(await study.arrayBuffer());
  const readMs = read();

  const keys: string[] = [];
  const put = stopwatch();
  for (let offset = 0; offset < bytes.length; offset += PART_BYTES) {
    const key = `/${at.bucket}/bench/${randomUUID()}`;
    await cloud('PUT', key, bytes.subarray(offset, offset + PART_BYTES));
    keys.push(key);
  }
  const putMs = put();
  const get = stopwatch();
  for (const key of keys) await (await cloud('GET', key)).arrayBuffer();
  const getMs = get();
  for (const key of keys) await cloud('DELETE', key);

  const boundary = createHash('sha256').update(StudyInstanceUID).digest('hex');
  const part = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
  const body = Buffer.concat([
    ...objects.flatMap((it) => [part, it, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--`),
  ]);
  const store = stopwatch();
  await ok(`${at.dicomWebUrl}studies`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}` },
    body,
  });
  return { read: readMs, put: putMs, get: getMs, store: store(), bytes: bytes.length };
}

/** Removes instances from Orthanc and returns their files, so that storing them again stores new objects. */
async function takeOut(
  results: readonly string[],
  url: string,
  headers: Record<string, string>,
): Promise<readonly Buffer[]> {
  const files: Buffer[] = [];
  for (const uid of results) {
    const found = await ok(`${url}/tools/lookup`, { method: 'POST', headers, body: uid });
    const [instance] = (await found.json()) as readonly { readonly ID: string }[];
    if (instance === undefined) throw new Error(`Orthanc does not have the result ${uid}`);
    const file = await ok(`${url}/instances/${instance.ID}/file`, { headers });
    files.push(Buffer.from(await file.arrayBuffer()));
    await ok(`${url}/instances/${instance.ID}`, { method: 'DELETE', headers });
  }
  return files;
}

/** Sends requests to S3 as plainly as the guard before the local cloud takes them: signed, and without a digest of the body. */
function cloudCaller({ endpoint, region, credentials }: LocalCloud) {
  return async (method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> => {
    const headers = await signedHeaders(credentials, {
      ...{ url: new URL(path, endpoint), region, service: 's3', method },
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });
    return ok(`${endpoint}${path}`, { method, headers, ...(body && { body }) });
  };
}

function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

async function ok(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} answered HTTP ${response.status}`);
  return response;
}
