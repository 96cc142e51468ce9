/** An instance of 800 MB goes through the edge in at most 250 MB of memory. Orthanc and the bucket are on the loopback. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { spinePhantomToEnhancedCt } from '#phantoms/enhanced-ct.ts';

const FRAMES = 1526;
const FRAME_BYTES = 512 * 512 * 2;
const MOST_MB = 250;

/** The file up to its pixels: an enhanced CT of 512² voxels a frame. */
function headerOfLargeFile(): Buffer {
  const [columns, rows, slices] = [4, 4, FRAMES];
  const voxels = new Int16Array(columns * rows * slices);
  const phantom = { columns, rows, slices, spacingMm: [0.5, 0.5, 0.5] as const, voxels };
  const file = Buffer.from(
    spinePhantomToEnhancedCt(phantom, { seed: 1, attributes: { Rows: 512, Columns: 512, PixelSpacing: [0.5, 0.5] } }),
  );
  const header = file.subarray(0, file.length - voxels.byteLength);
  header.writeUInt32LE(FRAMES * FRAME_BYTES, header.length - 4);
  return header;
}

async function* largeFile(header: Buffer): AsyncGenerator<Buffer> {
  yield header;
  const frame = Buffer.alloc(FRAME_BYTES);
  for (let number = 0; number < FRAMES; number += 1) {
    frame.writeUInt32LE(number);
    yield Buffer.from(frame);
  }
}

interface Put {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly signed: string;
}

async function startServices(header: Buffer) {
  const { StudyInstanceUID, SeriesInstanceUID } = indexInstance(
    Buffer.concat([header, Buffer.alloc(0)]).fill(0, header.length - 4),
  );
  const puts: Put[] = [];
  const study = {
    ...{ ID: 'study', IsStable: true, LastUpdate: '20260101T120000' },
    MainDicomTags: { StudyInstanceUID },
    PatientMainDicomTags: { PatientID: 'PHANTOM-LARGE' },
  };
  const answers: Readonly<Record<string, unknown>> = {
    '/system': { Version: '1.12.7' },
    '/changes': { Changes: [], Done: true, Last: 0 },
    '/studies': [study],
    '/studies/study': study,
    '/tools/find': [study],
    '/studies/study/series': [
      {
        ...{ Instances: ['instance'], LastUpdate: '20260101T120000' },
        MainDicomTags: { SeriesInstanceUID, Modality: 'CT', Manufacturer: 'Phantom' },
      },
    ],
  };

  async function answerS3(request: IncomingMessage, key: string, response: ServerResponse): Promise<void> {
    if (request.method !== 'PUT') {
      response.writeHead(puts.some((put) => put.key === key) ? 200 : 404).end();
      return;
    }
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const piece of request) {
      hash.update(piece);
      sizeBytes += piece.length;
    }
    const signed = String(request.headers['x-amz-content-sha256']);
    puts.push({ key, sizeBytes, sha256: hash.digest('hex'), signed });
    response.end();
  }

  const server = createServer(async (request, response) => {
    const { pathname: path, searchParams } = new URL(request.url ?? '', 'http://localhost');
    if (searchParams.has('list-type')) return response.end('<ListBucketResult></ListBucketResult>');
    if (path.startsWith('/studies/') && answers[path] === undefined)
      return await answerS3(request, path.slice(9), response);
    if (!path.startsWith('/dicom-web/')) {
      response.end(JSON.stringify(answers[path] ?? null));
      return;
    }
    response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=B' });
    response.write('--B\r\nContent-Type: application/dicom\r\n\r\n');
    for await (const piece of largeFile(header))
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
    response.end('\r\n--B--\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, puts, close: () => server.close() };
}

it(`forwards a file of ${Math.round((FRAMES * FRAME_BYTES) / 1e6)} MB in at most ${MOST_MB} MB of memory`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-large-'));
  const header = headerOfLargeFile();
  const services = await startServices(header);
  onTestFinished(() => {
    services.close();
    rmSync(folder, { recursive: true });
  });
  const sha256 = createHash('sha256');
  for await (const piece of largeFile(header)) sha256.update(piece);

  const program = join(import.meta.dirname, 'large-file-edge.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, services.url, folder], {
    env: {
      ...{ PATH: process.env['PATH'], AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: services.url },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    },
  });

  const { outcomes, refused, peakMb } = JSON.parse(stdout);
  expect(refused).toEqual([[]]);
  const digest = sha256.digest('hex');
  const sizeBytes = header.length + FRAMES * FRAME_BYTES;
  expect(outcomes).toMatchObject([{ state: 'uploaded', instances: 1, storedBytes: sizeBytes }]);
  expect(services.puts).toContainEqual({ key: `chunks/${digest}`, sizeBytes, sha256: digest, signed: digest });
  expect(services.puts.map(({ key }) => key)).toContainEqual(expect.stringMatching(/\/manifest\.json$/));

  expect(peakMb).toBeLessThanOrEqual(MOST_MB);
});
