/** The edge beside an Orthanc behind TLS: with a client certificate, and with one that is not trusted for a while. */
import { expect, it } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveTrustError } from '#core/errors.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { ctSeries, type EdgeUnderTest, edgeOf } from '../fixtures/edge.ts';
import { startTlsFront } from '../fixtures/tls-pacs.ts';

const site = createAuthority('Site Authority');
const stranger = createAuthority('Another Authority').issue();
const right = site.issue();
const own = site.issue({ use: 'client' });
const asking = { requestCert: true, rejectUnauthorized: true, ca: site.certificate };

function clientsOf({ pacs }: EdgeUnderTest, url: string) {
  const { username, password } = pacs;
  const access = { username, password, ca: site.certificate, ...own, timeoutMs: 5_000 };
  return {
    archive: createDicomWebClient({ ...access, url: `${url}/dicom-web/` }),
    orthanc: createOrthancClient({ ...access, url }),
  };
}

it('forwards a study over TLS, known by its client certificate, and stores results there', async () => {
  const edge = await edgeOf();
  const front = await startTlsFront({ cert: right.certificate, key: right.key, ...asking }, edge.pacs);
  const clients = clientsOf(edge, front.url);
  const files = ctSeries({ seed: 1 });
  await edge.arrive(files.slice(1));
  const [bytes = new Uint8Array()] = files;
  const { retrieveStudy, findStudies, store } = clients.archive;
  const { StudyInstanceUID = '' } = (await Array.fromAsync(findStudies({})))[0] ?? {};
  const SOPInstanceUID = '2.25.1';

  expect(await store([{ SOPInstanceUID, bytes }])).toHaveLength(1);
  expect(await Array.fromAsync(retrieveStudy({ StudyInstanceUID }))).toHaveLength(files.length);
  expect(await edge.restarted(clients).runOnce()).toMatchObject([{ state: 'uploaded', instances: files.length }]);
  expect(front.connections()).toBeGreaterThan(0);
});

it('reports a certificate that is not trusted at its start, and waits for the right one later', async () => {
  const edge = await edgeOf();
  const front = await startTlsFront({ cert: stranger.certificate, key: stranger.key }, edge.pacs);
  const stop = new AbortController();
  const clients = clientsOf(edge, front.url);
  await edge.arrive(ctSeries({ seed: 1 }));

  await expect(edge.restarted(clients).run(stop.signal)).rejects.toThrow(ArchiveTrustError);
  const running = edge.restarted({ ...clients, resumed: true }).run(stop.signal);
  await expect.poll(() => edge.log.at(-1)).toMatch(/"edge-waiting".*"archive-untrusted".*HILUM_CA_FILE.*does not have/);
  expect([front.heard(), edge.journal.studies()]).toEqual(['', []]);
  front.show({ cert: right.certificate, key: right.key });
  const states = () => edge.journal.studies().map(({ state }) => state);
  await expect.poll(states, { timeout: 20_000 }).toEqual(['uploaded']);
  stop.abort();
  await running;
});
