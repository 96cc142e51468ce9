/** Whether the edge makes progress: what it answers to a service manager, and what ends it when it stands still. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serveHealth } from '#adapters/health.ts';
import { ArchiveUnavailableError } from '#core/errors.ts';
import { createProgress, loopLimitMs } from '#edge/progress.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { edgeOf } from '../fixtures/edge.ts';
import { orthancOf, studyOf } from '../fixtures/edge-orthanc.ts';
import { createManualClock } from '../fixtures/memory-ports.ts';

const SILENCE_MS = 60_000;
const WITHIN = { timeout: 10_000 };
const never = () => new Promise<never>(() => undefined);

async function running(script: Parameters<typeof orthancOf>[1], studies = [studyOf(1)]) {
  const clock = createManualClock();
  const progress = createProgress({ clock, silenceMs: SILENCE_MS });
  const edge = await edgeOf({ clock, progress });
  const stop = new AbortController();
  const { client } = orthancOf(studies, script);
  const ended = edge.restarted({ orthanc: client }).run(stop.signal);
  return { clock, health: progress.health, stop, ended };
}

describe('the health of the edge', () => {
  it('is good while the loop turns, whatever the clock says', async () => {
    const { clock, health, stop, ended } = await running({}, []);

    for (const ms of [1, loopLimitMs(SILENCE_MS) + 1, -86_400_000, 86_400_000]) {
      clock.advance(ms);
      await expect.poll(() => health().ok, WITHIN).toBe(true);
    }
    stop.abort();
    await ended;
  });

  it('is bad when the loop waits for a call that never ends', async () => {
    let asked = 0;
    const { clock, health } = await running({
      changes: () => {
        asked += 1;
        return never();
      },
    });
    await expect.poll(() => asked, WITHIN).toBe(1);

    clock.advance(loopLimitMs(SILENCE_MS));
    expect(health().ok).toBe(true);
    clock.advance(1_000);

    expect(health()).toEqual({
      ...{ ok: false, code: 'loop-stalled', message: 'The edge has not looked for studies for 181 s.' },
      ...{ loopAgoS: 181, atWork: 0 },
    });
  });

  it('is bad when a study is at work for an hour without progress, and names it, while the loop goes on', async () => {
    const { clock, health, stop } = await running({ series: never });
    await expect.poll(() => health()['atWork'], WITHIN).toBe(1);

    clock.advance(3_600_001);

    await expect.poll(() => health(), WITHIN).toMatchObject({ ok: false, code: 'study-stalled', loopAgoS: 0 });
    expect(health()['message']).toBe('Study 2.25.1 is at work without progress for 3600 s.');
    stop.abort();
  });

  it('is good while a service is away, and says which error the edge waits for', async () => {
    let away = true;
    const lastChange = async () => {
      if (away) throw new ArchiveUnavailableError('away');
      return undefined;
    };
    const { health, stop, ended } = await running({ lastChange }, []);

    await expect.poll(() => health(), WITHIN).toMatchObject({ ok: true, waitsFor: 'archive-unavailable' });
    away = false;
    await expect.poll(() => health(), WITHIN).not.toHaveProperty('waitsFor');
    stop.abort();
    await ended;
  });
});

it('the address answers 200 or 503, but no web page', async () => {
  let ok = true;
  const { port, close } = await serveHealth(0, () => ({ ok, code: 'loop-stalled' }));
  const ask = (method = 'GET') => fetch(`http://127.0.0.1:${port}/`, { method });

  const [good, wrong] = [await ask(), await ask('POST')];
  const [page] = await once(get({ host: '127.0.0.1', port, headers: { Host: 'page.example' } }), 'response');
  ok = false;
  const bad = await ask();
  await expect(serveHealth(port, () => ({ ok }))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  close();

  expect([good.status, wrong.status, page.statusCode, bad.status]).toEqual([200, 405, 403, 503]);
  expect(await bad.json()).toEqual({ ok: false, code: 'loop-stalled' });
});

/** A program under a watchdog of one second, which then runs `body`. */
async function watched(body: string) {
  const module = JSON.stringify(join(ROOT, 'adapters/watchdog/watchdog.ts'));
  const script = `
    import { startWatchdog } from ${module};
    const watchdog = startWatchdog({ limitS: 1, line: 'it stands still' });
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const [code, signal] = await once(child, 'exit');
  return { code, signal, said };
}

describe('the watchdog', () => {
  it.each([
    { what: 'waits for ever', body: 'setInterval(() => undefined, 1_000);', end: [1, null] },
    { what: 'computes for ever', body: 'for (;;);', end: [null, 'SIGKILL'] },
  ])('ends a program that $what, and says why', async ({ body, end }) => {
    const { code, signal, said } = await watched(body);

    expect([code, signal]).toEqual(end);
    expect(said).toBe('it stands still\n');
  });

  it('leaves a program alone that makes progress, and does not keep it alive', async () => {
    const { code, said } = await watched(`
      const turn = setInterval(watchdog.moved, 200);
      setTimeout(() => clearInterval(turn), 4_000);`);

    expect([code, said]).toEqual([0, '']);
  });
});

it('`hilum edge` tells its health on the port of its setting while it waits for the bucket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hilum-edge-health-'));
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  const edge = spawn(process.execPath, [join(ROOT, 'cli/hilum.ts'), 'edge'], {
    env: {
      ...{ PATH: process.env['PATH'], HILUM_HOME: folder, HILUM_EDGE_FOLDER: join(folder, 'edge') },
      ...{ HILUM_ORTHANC_URL: 'http://127.0.0.1:9', HILUM_ORTHANC_USERNAME: 'x', HILUM_ORTHANC_PASSWORD: 'x' },
      ...{ HILUM_BUCKET: 'bucket', HILUM_TOOLS_PARAMETER: '/x', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
      HILUM_EDGE_HEALTH_PORT: String(port),
    },
    stdio: 'ignore',
  });
  const health = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { status: response.status, ...((await response.json()) as object) };
  };

  await expect
    .poll(() => health().catch(() => undefined), { timeout: 15_000, interval: 200 })
    .toMatchObject({ status: 200, ok: true, waitsFor: 'service-unavailable' });
  edge.kill('SIGTERM');
  const [code] = await once(edge, 'exit');
  rmSync(folder, { recursive: true });

  expect(code).toBe(0);
});
