/** `hilum edge` beside a local cloud that is deployed anew: it takes up the new one by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { updateState } from '../../localstack/home.ts';
import { ROOT } from '../../localstack/parts.mjs';

it('a running edge uses the bucket of a new deployment', async () => {
  const home = mkdtempSync(join(tmpdir(), 'hilum-edge-deployment-'));
  const buckets: string[] = [];
  const cloud = createServer((request, response) => {
    buckets.push(request.url?.split(/[/?]/)[1] ?? '');
    response.writeHead(503).end();
  });
  cloud.listen(0, '127.0.0.1');
  await once(cloud, 'listening');
  const endpoint = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
  const deploy = (bucket: string, deployed: string) =>
    updateState(home, {
      ...{ endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } },
      ...{ bucket, toolsParameter: '/x', deployed },
      orthanc: { url: 'http://127.0.0.1:9', dicomWebUrl: 'http://127.0.0.1:9/', username: 'x', password: 'x' },
    });
  deploy('first-bucket', 'cloud 1');

  const edge = spawn(process.execPath, [join(ROOT, 'cli/hilum.ts'), 'edge'], {
    env: { PATH: process.env['PATH'], HILUM_HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  edge.stderr.on('data', (text) => {
    log += text;
  });
  await expect.poll(() => buckets, { timeout: 10_000 }).toContain('first-bucket');
  expect(log).not.toContain('settings-read');
  deploy('second-bucket', 'cloud 2');

  await expect.poll(() => buckets, { timeout: 10_000 }).toContain('second-bucket');
  edge.kill('SIGTERM');
  const [code] = await once(edge, 'exit');
  cloud.close();
  rmSync(home, { recursive: true });

  expect(code).toBe(0);
  expect(log.match(/"settings-read"/g)).toHaveLength(1);
});
