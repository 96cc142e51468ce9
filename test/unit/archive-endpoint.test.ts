/** The one place that a client of the PACS talks to: what its URL may be, and that nothing leads anywhere else. */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancArchive } from '#adapters/orthanc/archive.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { isPrivate } from '#adapters/trust/addresses.ts';
import { certificatesOf } from '#adapters/trust/certificates.ts';
import { checkOneOrigin, endpointOf } from '#adapters/trust/endpoint.ts';
import { ArchiveRequestError, ConfigurationError, dispositionOf } from '#core/errors.ts';
import { createAuthority } from '../fixtures/certificates.ts';
import { startTlsPacs } from '../fixtures/tls-pacs.ts';

const INSTANCE = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.3', SOPInstanceUID: '1.4' };
const ACCOUNT = { username: 'hilum', password: 'secret-of-hilum' };

/** Answers every question for a name with the next of these lists of addresses, the last one again and again. */
function answering(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  return vi.fn<LookupFunction>((_, { all }, answer) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (all === true) answer(null, found);
    else answer(null, found[0]?.address ?? '', found[0]?.family);
  });
}

describe('the URL of an archive', () => {
  it.each([
    ['https://pacs.house.example/dicom-web', 'tls'],
    ['https://127.0.0.1:8043', 'tls'],
    ['http://127.0.0.1:8042', 'plain-here'],
    ['http://127.9.9.9:8042', 'plain-here'],
    ['http://localhost:8042/dicom-web/', 'plain-here'],
    ['http://[::1]:8042', 'plain-here'],
    ['http://orthanc:8042/dicom-web', 'plain-host'],
    ['http://ORTHANC:8042', 'plain-host'],
  ])('may be %s', (url, transport) => {
    expect(endpointOf(url, 'orthanc').transport).toBe(transport);
  });

  it.each([
    ['http://pacs.house.example/dicom-web', /pacs\.house\.example must be reached over https:\/\//],
    ['http://10.0.0.5:8042', /10\.0\.0\.5:8042 must be reached over https.*HILUM_PLAIN_HTTP_HOST/],
    ['http://128.0.0.1', /https/],
    ['http://0.0.0.0:8042', /https/],
    ['http://169.254.169.254/latest/meta-data', /https/],
    ['http://[fe80::1]:8042', /https/],
    ['http://[::ffff:10.0.0.5]:8042', /https/],
    ['http://localhost.house.example', /https/],
    ['http://orthanc.house.example:8042', /https/],
    ['http://127.0.0.1.house.example', /https/],
    ['ftp://pacs.house.example', /must begin with https:\/\//],
    ['pacs.house.example:8042', /must begin with https:\/\//],
    ['https://hilum:hush@pacs.house.example', /in their own settings/],
    ['https://pacs.house.example/?key=1', /no query/],
    ['https://pacs.house.example/#top', /no fragment/],
  ])('may not be %s', (url, sentence) => {
    const open = () => createDicomWebClient({ url, plainHttpHost: 'orthanc' });

    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow(sentence);
    expect(open).not.toThrow(/hush/);
  });

  it.each(['pacs.house.example', '10.0.0.5', 'a b', '', '-'])('has no exception for the host %j', (plainHttpHost) => {
    expect(() => endpointOf('http://x', plainHttpHost)).toThrow(/name of one host without a dot/);
  });

  it('is in the same place as that of Orthanc’s own interface', () => {
    const url = 'https://pacs.house.example';

    expect(() => checkOneOrigin(url, `${url}/dicom-web/`)).not.toThrow();
    for (const dicomWebUrl of [`${url}:8443/dicom-web`, 'https://other.house.example/dicom-web'])
      expect(() => createOrthancArchive({ url, dicomWebUrl })).toThrow(/begin with the same https:\/\/host:port/);
  });
});

describe('a request', () => {
  const { urlOf } = endpointOf('https://pacs.house.example/dicom-web');

  it('stays below the archive’s URL', () => {
    expect(urlOf('studies/1.2?limit=1').href).toBe('https://pacs.house.example/dicom-web/studies/1.2?limit=1');
  });

  it.each([
    'https://house.example/studies',
    'http://pacs.house.example/dicom-web/studies',
    '//house.example/studies',
    '\\\\house.example\\studies',
    '/studies',
    '../studies',
    'studies/../../x',
    'studies/%2e%2e/%2e%2e/x',
    'javascript:alert(1)',
    ' https://house.example/',
    'studies#x\n',
  ])('is not sent to %j', (path) => {
    expect(() => urlOf(path)).toThrow(ArchiveRequestError);
  });

  it('is not sent where an identifier of the archive would lead', async () => {
    const pacs = await startTlsPacs(undefined);
    const client = createOrthancClient({ url: `http://127.0.0.1:${pacs.port}` });

    await expect(client.study('..')).rejects.toThrow(ArchiveRequestError);
    expect(pacs.connections()).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])('does not follow an answer %i to another host', async (status) => {
    const elsewhere = await startTlsPacs(undefined);
    const Location = `http://127.0.0.1:${elsewhere.port}/`;
    const pacs = await startTlsPacs(undefined, () => ({ status, headers: { Location } }));
    const url = `http://127.0.0.1:${pacs.port}`;
    const [orthanc, archive] = [createOrthancClient({ url, ...ACCOUNT }), createDicomWebClient({ url, ...ACCOUNT })];

    for (const call of [
      () => orthanc.system(),
      () => archive.retrieveHeader(INSTANCE),
      () => archive.retrieveMetadata(INSTANCE),
      () => archive.store([{ SOPInstanceUID: '1.4', bytes: new Uint8Array(9) }]),
    ]) {
      const error = await call().catch((refused: unknown) => refused);
      expect(error).toMatchObject({ code: 'archive-redirect', facts: { status } });
      expect(dispositionOf(error)).toBe('halt');
    }
    expect(elsewhere.connections()).toBe(0);
  });
});

describe('without TLS, a name', () => {
  it.each([
    ['localhost', ['10.0.0.5'], /not this machine/],
    ['localhost', ['203.0.113.7'], /203\.0\.113\.7/],
    ['localhost', ['127.0.0.1', '203.0.113.7'], /203\.0\.113\.7/],
    ['orthanc', ['203.0.113.7'], /not a private network/],
    ['orthanc', ['172.18.0.3', '2001:db8::7'], /2001:db8::7/],
    ['orthanc', ['169.254.169.254'], /not a private network/],
  ])('%s leads nowhere if it is %j', async (host, addresses, sentence) => {
    const lookup = answering(addresses);
    const client = createOrthancClient({ url: `http://${host}:9`, plainHttpHost: 'orthanc', lookup, ...ACCOUNT });

    const error = await client.system().catch((refused: unknown) => refused);

    expect(error).toMatchObject({ code: 'archive-address', message: expect.stringMatching(sentence) });
    expect(dispositionOf(error)).toBe('halt');
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it.each(['localhost', 'orthanc'])(
    '%s leads to this machine, and no more once it is another’s (DNS rebinding)',
    async (host) => {
      const pacs = await startTlsPacs(undefined, () => ({ status: 200, headers: { Connection: 'close' } }));
      const lookup = answering(['127.0.0.1'], ['203.0.113.7']);
      const url = `http://${host}:${pacs.port}`;
      const client = createOrthancClient({ url, plainHttpHost: 'orthanc', lookup, ...ACCOUNT });

      expect(await client.system()).toEqual({ version: '1.12.7' });
      await expect(client.system()).rejects.toMatchObject({ code: 'archive-address' });
      expect(pacs.connections()).toBe(1);
    },
  );

  it('that leads nowhere at all is an archive that cannot be reached', async () => {
    const lookup: LookupFunction = (_, __, answer) => answer(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), '');

    await expect(createOrthancClient({ url: 'http://localhost:9', lookup }).system()).rejects.toMatchObject({
      code: 'archive-unavailable',
      message: expect.stringContaining('ENOTFOUND'),
    });
  });

  it('is private by its address', () => {
    const [inside, outside] = [
      ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.9', '127.0.0.1', '::1', 'fd00::5', '::ffff:10.0.0.5'],
      ['172.32.0.1', '192.169.0.1', '11.0.0.1', '100.64.0.1', '169.254.169.254', 'fe80::1', '2001:db8::1', '', 'x'],
    ];

    expect(inside.filter((address) => !isPrivate(address))).toEqual([]);
    expect(outside.filter(isPrivate)).toEqual([]);
  });
});

describe('certificates in the settings', () => {
  const site = createAuthority('Site Authority');
  const [own, others] = [site.issue({ use: 'client' }), site.issue({ use: 'client' })];
  const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n';

  it('are read, with text between them', () => {
    const { authorities, own: shown } = certificatesOf({
      ca: `Site\n${site.certificate}\n# 2\n${site.certificate}`,
      ...own,
    });

    expect(authorities?.map(({ subject }) => subject)).toEqual(['CN=Site Authority', 'CN=Site Authority']);
    expect(shown?.certificate.issuer).toBe('CN=Site Authority');
  });

  it.each([
    [{ ca: 'none' }, /HILUM_CA_FILE .*no certificate in PEM format.*openssl x509 -inform der/],
    [{ ca: '' }, /HILUM_CA_FILE/],
    [{ ca: site.certificate.replace(/\n.{9}/, '\nAAAAAAAAA') }, /HILUM_CA_FILE .*damaged/],
    [{ certificate: own.certificate }, /HILUM_CLIENT_CERTIFICATE_FILE .*HILUM_CLIENT_KEY_FILE .*belong together/],
    [{ key: own.key }, /belong together/],
    [{ ...own, key: others.key }, /HILUM_CLIENT_KEY_FILE .*is not the key of the first certificate/],
    [{ ...own, key: encrypted }, /HILUM_CLIENT_KEY_FILE .*passphrase/],
    [{ ...own, key: 'none' }, /HILUM_CLIENT_KEY_FILE .*no private key in PEM format/],
    [{ ...own, certificate: own.key }, /HILUM_CLIENT_CERTIFICATE_FILE .*no certificate/],
  ])('are refused before a connection: case %#', (trust, sentence) => {
    const open = () => createDicomWebClient({ url: 'https://pacs.house.example', ...trust });

    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow(sentence);
  });
});
