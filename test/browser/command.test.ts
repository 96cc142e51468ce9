/** `hilum viewer` as users start it, with its own Orthanc. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readState } from '#localstack/home.ts';
import { localDown, type OrthancEnvironment, orthancUp } from '#localstack/local.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { runHilum } from '../fixtures/hilum.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { bitewingStudy } from '../fixtures/viewer-studies.ts';

const home = mkdtempSync(join(tmpdir(), 'hilum-viewer-command-'));

describeWith(['orthanc', 'postgresql', 'ohif'], 'hilum viewer', () => {
  const study = bitewingStudy();
  let orthanc: OrthancEnvironment;
  let child: ReturnType<typeof spawn>;
  let printed: { readonly url: string };

  beforeAll(async () => {
    orthanc = await orthancUp({ home, ports: 'free', stableAgeS: 1 });
    const { dicomWebUrl: url, username, password } = orthanc;
    const files = [...study.files, ...study.objects.map(({ bytes }) => bytes)];
    await createDicomWebClient({ url, username, password, timeoutMs: 60_000 }).store(
      files.map((bytes) => ({ SOPInstanceUID: indexInstance(bytes).SOPInstanceUID, bytes })),
    );
    const args = [join(ROOT, 'cli/hilum.ts'), 'viewer', '--json', '--study', study.StudyInstanceUID];
    child = spawn(process.execPath, args, { env: { ...process.env, HILUM_HOME: home, NODE_OPTIONS: '' } });
    const [chunk] = await once(child.stdout ?? child, 'data');
    printed = JSON.parse(String(chunk));
  }, 120_000);
  afterAll(async () => {
    child?.kill('SIGKILL');
    await localDown({ home, purge: true });
  });

  it('prints its address: the port that Orthanc’s pages link to, and the requested study', () => {
    const port = readState(home).viewerPort;

    expect(printed).toEqual({
      url: `http://127.0.0.1:${port}/viewer?StudyInstanceUIDs=${study.StudyInstanceUID}`,
      orthanc: orthanc.url,
    });
  });

  it('says so if Orthanc does not have the study', async () => {
    const { code, stdout, stderr } = await runHilum(['viewer', '--study', '1.2.3.4'], { HILUM_HOME: home });

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`Orthanc has no study 1.2.3.4. Its page lists the studies that it has: ${orthanc.url}`);
  });

  it('serves studies without a password, and bulk data at its own origin', async () => {
    const { origin } = new URL(printed.url);
    const series = await fetch(`${origin}/dicom-web/studies/${study.StudyInstanceUID}/series?Modality=DOC`);
    const [found] = (await series.json()) as readonly { readonly '0020000E': { readonly Value: readonly string[] } }[];
    const path = `/dicom-web/studies/${study.StudyInstanceUID}/series/${found?.['0020000E'].Value[0]}/metadata`;

    const metadata = await fetch(`${origin}${path}`);
    const text = await metadata.text();

    const addresses = [...text.matchAll(/"BulkDataURI"\s*:\s*"([^"]+)"/g)].map(([, address = '']) => address);
    expect([series.status, metadata.status]).toEqual([200, 200]);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => !address.startsWith(`${origin}/dicom-web/`))).toEqual([]);
    expect(text).not.toContain(orthanc.password);
    expect((await fetch(addresses[0] ?? '')).status).toBe(200);
  });

  it('does not allow deleting a study', async () => {
    const { origin } = new URL(printed.url);
    const address = `${origin}/dicom-web/studies/${study.StudyInstanceUID}`;

    const answer = await fetch(address, { method: 'DELETE' });

    expect(answer.status).toBe(405);
    expect((await fetch(`${address}/metadata`)).status).toBe(200);
  });

  it('exits cleanly on Ctrl-C', async () => {
    const ended = once(child, 'exit');

    child.kill('SIGINT');

    expect(await ended).toEqual([0, null]);
    await expect(fetch(printed.url)).rejects.toThrow();
  });
});
