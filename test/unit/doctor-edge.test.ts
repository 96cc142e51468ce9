/** `hilum doctor --edge` as a process: what it says of connections that can be used, and of those that cannot. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { runHilum } from '../fixtures/hilum.ts';
import { startTlsFront } from '../fixtures/tls-pacs.ts';

const site = createAuthority('Site Authority');
const folder = mkdtempSync(join(tmpdir(), 'hilum-doctor-edge-'));
let pacs: DicomWebStore;
/** An empty bucket, and a list of deployed tools. */
const cloud = createServer((request, response) => {
  request.resume();
  if (request.headers['x-amz-target'] !== 'AmazonSSM.GetParameter') response.writeHead(404).end();
  else response.end(JSON.stringify({ Parameter: { Value: '{"format":"hilum.tools/1","tools":{"caries":"1.0.0"}}' } }));
});
beforeAll(async () => {
  pacs = await startDicomWebStore();
  await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await pacs.close();
  cloud.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

/** The edge's settings in a file, for an Orthanc at `url`. */
function settings(url: string, changed: object = {}): string {
  const all = {
    ...{ HILUM_ORTHANC_URL: url, HILUM_CA_FILE: file('ca.pem', site.certificate), HILUM_BUCKET: 'studies' },
    ...{ HILUM_ORTHANC_USERNAME: pacs.username, HILUM_ORTHANC_PASSWORD_FILE: file('password', pacs.password) },
    ...{ HILUM_TOOLS_PARAMETER: '/hilum/tools', HILUM_EDGE_FOLDER: join(folder, 'edge'), AWS_REGION: 'eu-central-1' },
    ...{ AWS_ENDPOINT_URL: `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`, ...changed },
  };
  return file('edge.json', JSON.stringify(all));
}

const ask = (config: string, ...options: readonly string[]) =>
  runHilum(['doctor', '--edge', '--config', config, ...options], {
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', HILUM_HOME: join(folder, 'home') },
  });

it('says of each connection that it can be used, and how it is checked', async () => {
  const { certificate, key } = site.issue();
  const front = await startTlsFront({ cert: certificate, key }, pacs);

  const { code, stdout, stderr } = await ask(settings(front.url));

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.trimEnd().split('\n')).toEqual([
    `ok       Orthanc at ${front.url} (TLS, certificate of an authority of HILUM_CA_FILE)`,
    `ok       its DICOMweb at ${front.url}/dicom-web/`,
    'ok       the bucket studies',
    'ok       the list of deployed tools /hilum/tools',
  ]);
});

it('says in words what is wrong with a certificate, and sends nothing', async () => {
  const { certificate, key } = site.issue({ names: ['pacs.house.example'] });
  const front = await startTlsFront({ cert: certificate, key }, pacs);
  const config = settings(front.url, { AWS_ENDPOINT_URL: 'http://10.0.0.5:4566' });

  const said = await ask(config);
  const findings = JSON.parse((await ask(config, '--json')).stdout);

  expect([said.code, said.stderr]).toEqual([1, '']);
  expect(said.stdout).toMatch(
    /^WRONG {4}Orthanc at .*\n {9}The archive at .* shows a certificate for other names \(pacs\.house\.example\).*\(archive-certificate-name\)$/m,
  );
  expect(said.stdout).toMatch(/^WRONG {4}the bucket studies\n {9}.*without TLS.*Use https:\/\/.*\(configuration\)$/m);
  expect(findings).toMatchObject([
    { part: 'edge-orthanc', present: false, needed: true, code: 'archive-certificate-name' },
    { part: 'edge-dicomweb', present: false, code: 'archive-certificate-name' },
    { part: 'edge-bucket', present: false, code: 'configuration' },
    { part: 'edge-tools', present: false, code: 'configuration' },
  ]);
  expect(front.heard()).toBe('');
});

it('says which setting is wrong before it tries any', async () => {
  const refused = await ask(settings('http://pacs.house.example'));

  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/pacs\.house\.example must be reached over https:\/\//);
  expect((await runHilum(['doctor', '--config', 'x'])).code).toBe(2);
});
