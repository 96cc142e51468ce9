/** The connection to the PACS over TLS: it is used only if both sides are whom they should be, and nothing leaves before. */
import type { LookupFunction } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import type { ArchiveAccess } from '#adapters/dicomweb/http.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { ArchiveTrustError, dispositionOf } from '#core/errors.ts';
import { type Certificate, createAuthority, selfSigned } from '../fixtures/certificates.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { startOpensslServer, startTlsPacs, type TlsPacs } from '../fixtures/tls-pacs.ts';

const site = createAuthority('Site Authority');
const other = createAuthority('Another Authority');
const between = site.authority('Department Authority');
const own = selfSigned();
const good = site.issue();
const PASSWORD = 'secret-of-hilum';
const ACCOUNT = { username: 'hilum', password: PASSWORD };

const shown = ({ certificate, key }: Certificate): TlsOptions => ({ cert: certificate, key });
const ca = site.certificate;

type Trust = Pick<ArchiveAccess, 'ca' | 'certificate' | 'key' | 'lookup' | 'renewed'>;

const ask = ({ url }: Pick<TlsPacs, 'url'>, trust: Trust) =>
  createOrthancClient({ url, ...ACCOUNT, timeoutMs: 5_000, ...trust }).system();

async function refusalOf(pacs: Pick<TlsPacs, 'url'>, trust: Trust): Promise<ArchiveTrustError> {
  const error = await ask(pacs, trust).then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (!(error instanceof ArchiveTrustError)) throw new Error('The connection was trusted', { cause: error });
  return error;
}

describe('a PACS is asked', () => {
  const asking = { ...shown(good), requestCert: true, ca };
  it.each<[string, TlsOptions, Trust]>([
    ['whose certificate is of the authority', shown(good), { ca }],
    ['whose certificate is of one of several authorities', shown(good), { ca: `${other.certificate}\n${ca}` }],
    ['that sends the authority between', { ...shown(good), cert: good.certificate + between.certificate }, { ca }],
    ['whose authority between is the one named', shown(between.issue()), { ca: between.certificate }],
    ['whose own certificate is the one named', shown(good), { ca: good.certificate }],
    ['that signed its certificate itself, if it is the one named', shown(own), { ca: own.certificate }],
    ['that asks for a client certificate and gets one', asking, { ca, ...site.issue({ use: 'client' }) }],
  ])('%s', async (_, tls, trust) => {
    const pacs = await startTlsPacs(tls);

    expect(await ask(pacs, trust)).toEqual({ version: '1.12.7' });
    expect(pacs.heard()).toContain(`Basic ${Buffer.from(`hilum:${PASSWORD}`).toString('base64')}`);
  });
});

const CASES: readonly (readonly [string, TlsOptions | undefined, Trust, string, RegExp])[] = [
  ['of another authority', shown(other.issue()), { ca }, 'archive-untrusted', /HILUM_CA_FILE .* does not have/],
  ['of no public authority', shown(good), {}, 'archive-untrusted', /no public authority.* set HILUM_CA_FILE/],
  ['signed by itself', shown(own), { ca }, 'archive-untrusted', /HILUM_CA_FILE/],
  ['without the authority between', shown(between.issue()), { ca }, 'archive-untrusted', /send .* authorities between/],
  ['for clients', shown(site.issue({ use: 'client' })), { ca }, 'archive-untrusted', /cannot be used for a server/],
  [
    ...['that has expired', shown(site.issue({ fromDay: -30, toDay: -1 })), { ca }, 'archive-certificate-expired'],
    /has expired.*renewed.*clock/,
  ] as const,
  [
    ...['that begins tomorrow', shown(site.issue({ fromDay: 1 })), { ca }, 'archive-certificate-early'],
    /not valid yet.*clock of this machine, which says \d{4}-/,
  ] as const,
  [
    ...['for another name', shown(site.issue({ names: ['pacs.house.example', '10.0.0.1'] })), { ca }],
    ...['archive-certificate-name', /other names \(pacs\.house\.example, 10\.0\.0\.1\)/],
  ] as const,
  ['that is none: no TLS', undefined, { ca }, 'archive-tls', /does not answer with TLS.*port/],
  [
    ...['of TLS 1.1', { ...shown(good), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: '@SECLEVEL=0:ALL' }],
    ...[{ ca }, 'archive-tls', /must offer TLS 1\.2/],
  ] as const,
];

describe('nothing is sent to a PACS with a certificate', () => {
  it.each(CASES)('%s', async (_, tls, trust, code, sentence) => {
    const pacs = await startTlsPacs(tls);

    const error = await refusalOf(pacs, trust);

    expect([error.code, dispositionOf(error)]).toEqual([code, 'halt']);
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain(`127.0.0.1:${pacs.port}`);
    expect(error.message).not.toContain(PASSWORD);
    expect(pacs.connections()).toBe(1);
    expect(pacs.heard()).not.toMatch(/GET|Basic|HTTP/);
    if (tls !== undefined) expect(pacs.heard()).toBe('');
  });

  it('that is refused, although the environment switches the check off', async () => {
    const pacs = await startTlsPacs(shown(other.issue()));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());

    expect((await refusalOf(pacs, { ca })).code).toBe('archive-untrusted');
    expect(pacs.heard()).toBe('');
  });

  it('of an authority that has expired, which the reason tells from the certificate', async () => {
    const old = createAuthority('Old Authority', { fromDay: -900, toDay: -3 });
    const pacs = await startTlsPacs(shown(old.issue()));

    const { code, message } = await refusalOf(pacs, { ca: old.certificate });

    const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
    expect(code).toBe('archive-certificate-expired');
    expect(message).toContain(`perhaps the authority's in HILUM_CA_FILE`);
    expect(message).toContain(day);
    expect(pacs.heard()).toBe('');
  });

  it('of the site’s authority, where the name leads to somebody else’s server (DNS rebinding)', async () => {
    const [right, wrong] = [
      site.issue({ names: ['pacs.house.example'] }),
      site.issue({ names: ['desk.house.example'] }),
    ];
    const [pacs, desk, stranger] = [
      await startTlsPacs({ ...shown(right) }, () => ({ status: 200, headers: { Connection: 'close' } })),
      await startTlsPacs(shown(wrong)),
      await startTlsPacs(shown(other.issue({ names: ['pacs.house.example'] }))),
    ];
    /** The name leads to this machine; the port tells the servers apart. */
    const lookup: LookupFunction = (_, { all }, answer) =>
      all === true ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4);
    const at = ({ port }: TlsPacs) => ({ url: `https://pacs.house.example:${port}` });

    expect(await ask(at(pacs), { ca, lookup })).toEqual({ version: '1.12.7' });
    expect((await refusalOf(at(desk), { ca, lookup })).code).toBe('archive-certificate-name');
    expect((await refusalOf(at(stranger), { ca, lookup })).code).toBe('archive-untrusted');
    expect([desk.heard(), stranger.heard()]).toEqual(['', '']);
  });

  it('is checked at every connection: a certificate that was right before does not help', async () => {
    const close = () => ({ status: 200, headers: { Connection: 'close' } });
    const pacs = await startTlsPacs(shown(good), close);
    const client = createOrthancClient({ url: pacs.url, ...ACCOUNT, ca });
    await client.system();
    const heard = pacs.heard();
    pacs.show(shown(other.issue()));

    await expect(client.system()).rejects.toMatchObject({ code: 'archive-untrusted' });
    expect([pacs.connections(), pacs.heard()]).toEqual([2, heard]);
  });
});

describe('a certificate that was replaced', () => {
  it('is read again when the earlier one is refused, and the request is sent once', async () => {
    const pacs = await startTlsPacs(shown(other.issue()));
    let inFile = ca;
    const client = createOrthancClient({ url: pacs.url, ...ACCOUNT, ca, renewed: () => ({ ...ACCOUNT, ca: inFile }) });

    await expect(client.system()).rejects.toMatchObject({ code: 'archive-untrusted' });
    expect(pacs.heard()).toBe('');
    inFile = other.certificate;
    expect(await client.system()).toEqual({ version: '1.12.7' });
    expect(pacs.heard().match(/GET/g)).toHaveLength(1);
  });

  const first = site.issue({ use: 'client' });
  const next = site.issue({ use: 'client' });
  const page = (title: string) => ({ status: 400, body: `<html>\r\n<head><title>400 ${title}</title></head>\r\n` });
  const refusals = [
    ['with a page of nginx', page('The SSL certificate error'), 'archive-client-certificate'],
    ['with a 403', { status: 403 }, 'archive-denied'],
    ['by hanging up', undefined, 'archive-unavailable'],
  ] as const;
  it.each(refusals)('is read again when Hilum’s own is refused %s', async (_, answer, code) => {
    let isRefused = true;
    const pacs = await startTlsPacs(shown(good), () => (isRefused ? answer : { status: 200 }));
    let inFile = first;
    const renewed = vi.fn(() => {
      isRefused = inFile === first;
      return { ...ACCOUNT, ca, ...inFile };
    });
    const client = createOrthancClient({ url: pacs.url, ...ACCOUNT, ca, ...first, renewed });

    await expect(client.system()).rejects.toMatchObject({
      ...{ code, message: expect.stringMatching(/not accept the client certificate of HILUM_CLIENT_CERTIFICATE_FILE/) },
    });
    expect([renewed.mock.calls.length, pacs.heard().match(/GET/g)?.length]).toEqual([1, 1]);

    inFile = next;
    expect(await client.system()).toEqual({ version: '1.12.7' });
    expect([renewed.mock.calls.length, pacs.heard().match(/GET/g)?.length]).toEqual([2, 3]);
  });

  it.each(refusals)('is tried once only where it is refused as well %s', async (_, answer, code) => {
    const pacs = await startTlsPacs(shown(good), () => answer);
    const renewed = () => ({ ...ACCOUNT, ca, ...next });
    const client = createOrthancClient({ url: pacs.url, ...ACCOUNT, ca, ...first, renewed });

    await expect(client.system()).rejects.toMatchObject({ code });
    expect(pacs.heard().match(/GET/g)).toHaveLength(2);
  });

  it('is read again when a page of nginx answers what is stored, whose faults an archive tells with the same status', async () => {
    const html = { ...page('The SSL certificate error'), headers: { 'Content-Type': 'text/html' } };
    const pacs = await startTlsPacs(shown(good), () => html);
    const renewed = vi.fn(() => ({ ...ACCOUNT, ca, ...next }));
    const client = createDicomWebClient({ url: pacs.url, ...ACCOUNT, ca, ...first, renewed });
    const object = { StudyInstanceUID: '1', SeriesInstanceUID: '1.1', SOPInstanceUID: '1.1.1', bytes: Buffer.of(0) };

    await expect(client.store([object])).rejects.toMatchObject({ code: 'archive-client-certificate' });
    expect(renewed).toHaveBeenCalledTimes(1);
  });

  it('is not looked for where Hilum shows none, and access is refused or the connection ends', async () => {
    const pacs = [
      await startTlsPacs(shown(good), () => ({ status: 403 })),
      await startTlsPacs(shown(good), () => undefined),
    ];
    const renewed = vi.fn(() => ({ ...ACCOUNT, ca, ...next }));
    for (const { url } of pacs)
      await expect(createOrthancClient({ url, ...ACCOUNT, ca, renewed }).system()).rejects.toThrow();

    expect(renewed).not.toHaveBeenCalled();
  });
});

describe('a PACS that asks for a client certificate', () => {
  const asking = { ...shown(good), requestCert: true, rejectUnauthorized: true, ca };

  it('and gets none is told so', async () => {
    const pacs = await startTlsPacs(asking);

    const { code, message } = await refusalOf(pacs, { ca });

    expect(code).toBe('archive-client-certificate');
    expect(message).toMatch(
      /asks for a client certificate: set HILUM_CLIENT_CERTIFICATE_FILE .* HILUM_CLIENT_KEY_FILE/,
    );
    expect(pacs.heard()).toBe('');
  });

  it('over TLS 1.2 may mean something else, and both are said', async () => {
    const pacs = await startTlsPacs({ ...asking, maxVersion: 'TLSv1.2' });

    const { code, message } = await refusalOf(pacs, { ca });

    expect(code).toBe('archive-tls');
    expect(message).toMatch(/may ask for a client certificate: .*HILUM_CLIENT_CERTIFICATE_FILE.*no cipher in common/);
    expect(pacs.heard()).toBe('');
  });

  it('and hangs up without a word is tried again, and what it may be is said', async () => {
    const pacs = await startTlsPacs(asking);

    await expect(ask(pacs, { ca, ...other.issue({ use: 'client' }) })).rejects.toMatchObject({
      code: 'archive-unavailable',
      message: expect.stringMatching(/without an answer.*may not accept the client certificate of HILUM_CLIENT_CERT/),
    });
    expect(pacs.heard()).toBe('');
  });

  it.each([
    ['No required SSL certificate was sent', {}, /asks for a client certificate/],
    ['The SSL certificate error', other.issue({ use: 'client' }), /does not accept the client certificate/],
  ])('and refuses it with a page of nginx: %s', async (title, certificate, sentence) => {
    const body = `<html>\r\n<head><title>400 ${title}</title></head>\r\n`;
    const pacs = await startTlsPacs(shown(good), () => ({ status: 400, body }));
    const another = await startTlsPacs(shown(good), () => ({ status: 400 }));

    const { code, message } = await refusalOf(pacs, { ca, ...certificate });

    expect(code).toBe('archive-client-certificate');
    expect(message).toMatch(sentence);
    await expect(ask(another, { ca })).rejects.toMatchObject({ code: 'archive-request' });
  });

  describeWith(['openssl'], 'and says why it refuses it', () => {
    const old = site.issue({ use: 'client', fromDay: -9, toDay: -2 });
    it.each([
      ['-tls1_3', 'of another authority', other.issue({ use: 'client' }), /authority that the archive knows/],
      ['-tls1_2', 'of another authority', other.issue({ use: 'client' }), /authority that the archive knows/],
      ['-tls1_3', 'that has expired', old, /It expired on \d{4}-\d\d-\d\d: have it renewed/],
      ['-tls1_2', 'that has expired', old, /It expired on \d{4}-\d\d-\d\d: have it renewed/],
      ['-tls1_3', 'for servers', site.issue(), /must be for clients/],
      ['-tls1_2', 'for servers', site.issue(), /must be for clients/],
    ])('%s: one %s', async (version, _, certificate, sentence) => {
      const server = await startOpensslServer({ ...good, ca, version });

      const { code, message } = await refusalOf(server, { ca, ...certificate });

      expect(code).toBe('archive-client-certificate');
      expect(message).toMatch(sentence);
    });
  });
});
