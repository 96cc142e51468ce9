import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigurationError } from '#core/errors.ts';
import { SEVERITIES } from '#core/results/severity.ts';
import { encodeDicom } from '#dicom/write.ts';
import { startViewer, type Viewer } from '#viewer/server.ts';

const PASSWORD = 'never-in-the-browser';
const INLINE = 'window.PUBLIC_URL="/"';

/** One file of each kind in OHIF's folder. */
const folder = mkdtempSync(join(tmpdir(), 'hilum-viewer-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), `<!doctype html><script>${INLINE}</script>`);
writeFileSync(join(folder, 'app-config.js'), 'window.config = { dataSources: ["https://elsewhere.invalid"] };');
writeFileSync(join(folder, 'app.bundle.0123456789abcdef.js'), 'app');
writeFileSync(join(folder, 'assets', 'icon.png'), 'png');
writeFileSync(join(folder, '_headers'), 'not for the browser');
writeFileSync(join(folder, '..', 'beside.js'), 'outside');

/** Three frames of 5 × 5 bits without a padding byte, which OHIF would misread. */
const MASK = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
  SOPInstanceUID: '1.4',
  StudyInstanceUID: '1.2',
  SeriesInstanceUID: '1.3',
  SamplesPerPixel: 1,
  NumberOfFrames: 3,
  Rows: 5,
  Columns: 5,
  BitsAllocated: 1,
  PixelData: new Uint8Array(10).fill(0xff),
};

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

let seen: Seen[] = [];
let respond = (response: ServerResponse): void => void response.end('{}');
let orthanc: Server;
let viewer: Viewer;

beforeAll(async () => {
  orthanc = createServer(({ method, url, headers }, response) => {
    // The viewer looks for rejection notes by itself; these studies have no series.
    if (/\/series\?Modality=KO/.test(url ?? '')) return void response.end('[]');
    seen.push({ method, url, headers });
    respond(response);
  });
  await new Promise<void>((resolve) => orthanc.listen(0, '127.0.0.1', resolve));
  viewer = await startViewer({
    folder,
    orthanc: { url: addressOf(orthanc), username: 'hilum', password: PASSWORD },
    port: 0,
  });
});
afterAll(async () => {
  await viewer.close();
  orthanc.close();
  rmSync(folder, { recursive: true });
  rmSync(join(folder, '..', 'beside.js'));
});

const addressOf = (server: Server): string => {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Uint8Array;
  readonly body: string;
}

/** Sends a request as raw bytes, because `fetch` would normalise path and headers. */
function ask(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  seen = [];
  return new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = new URL(viewer.url);
    const asked = request(
      { hostname, port, path, method, headers, setHost: headers['host'] === undefined },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            bytes: Buffer.concat(chunks),
            body: Buffer.concat(chunks).toString(),
          }),
        );
        response.once('error', reject);
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}

it('sends requests to Orthanc with its password and the viewer’s host name, and no other headers of the browser', async () => {
  respond = (response) => void response.writeHead(200, { 'content-type': 'application/dicom+json' }).end('[]');
  const headers = { accept: 'application/dicom+json', cookie: 'a=b', authorization: 'Basic eDp5', origin: viewer.url };

  const answer = await ask('/dicom-web/studies?limit=1', { headers });

  const [asked] = seen;
  expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([200, '[]', 'application/dicom+json']);
  expect([asked?.method, asked?.url]).toEqual(['GET', '/dicom-web/studies?limit=1']);
  expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from(`hilum:${PASSWORD}`).toString('base64')}`);
  expect(asked?.headers.host).toBe(new URL(viewer.url).host);
  expect(asked?.headers.accept).toBe('application/dicom+json');
  expect([asked?.headers.cookie, asked?.headers.origin]).toEqual([undefined, undefined]);
});

it('asks Orthanc for a list of attributes with commas as they are, which it does not find encoded', async () => {
  respond = (response) => void response.writeHead(200, { 'content-type': 'application/dicom+json' }).end('[]');

  await ask('/dicom-web/studies?PatientName=a%2Cb&includefield=00081030%2C00080060&limit=1');

  expect(seen.map(({ url }) => url)).toEqual([
    '/dicom-web/studies?PatientName=a%2Cb&includefield=00081030,00080060&limit=1',
  ]);
});

it('removes headers of Orthanc’s answer that would permit other origins or request a password', async () => {
  const telling = { 'set-cookie': 'x=y', 'www-authenticate': 'Basic', 'access-control-allow-origin': '*' };
  respond = (response) => void response.writeHead(401, telling).end();

  const answer = await ask('/dicom-web/studies');

  expect(answer.status).toBe(401);
  expect(Object.keys(telling).filter((name) => answer.headers[name] !== undefined)).toEqual([]);
  expect(answer.headers['cache-control']).toBe('no-store');
});

it('does not lead the browser elsewhere, whatever Orthanc answers', async () => {
  const leading = { location: 'https://house.example/', refresh: '0; url=https://house.example/' };
  respond = (response) => void response.writeHead(302, leading).end();

  const answer = await ask('/dicom-web/studies');

  expect(Object.keys(leading).filter((name) => answer.headers[name] !== undefined)).toEqual([]);
});

it('prevents an object that is opened as a page from running anything', async () => {
  respond = (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<script>1</script>');

  const answers = [
    await ask('/dicom-web/studies/1.2/series/1.3/instances/1.4/bulk/00420011'),
    await ask('/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1'),
  ];

  const policies = answers.map(({ headers }) => headers['content-security-policy']);
  expect(policies).toEqual(answers.map(() => "default-src 'none'; sandbox"));
});

it('sends no request to Orthanc for a refused request', async () => {
  const refused = [
    await ask('/dicom-web/studies/1.2.3', { method: 'DELETE' }),
    await ask('/dicom-web/studies', { method: 'POST' }),
    await ask('/dicom-web/servers'),
    await ask('/dicom-web/studies', { headers: { host: 'rebound.invalid' } }),
    await ask('/system'),
    await ask('/instances'),
  ];

  expect(refused.map(({ status }) => status)).toEqual([405, 405, 403, 421, 200, 200]);
  expect(refused.slice(4).every(({ body }) => body.startsWith('<!doctype html>'))).toBe(true);
  expect(seen).toEqual([]);
});

it('answers a request for a frame with a query', async () => {
  respond = (response) => void response.writeHead(200, { 'content-type': 'multipart/related' }).end('frame');

  const answer = await ask('/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1?accept=x');

  expect([answer.status, answer.body]).toEqual([200, 'frame']);
});

it('pads a mask while streaming, without Content-Length, and forwards all other answers unchanged', async () => {
  const at = '/dicom-web/studies/1.2/series/1.3';
  const mask = encodeDicom(MASK);
  const answers = [
    [200, mask, 'application/dicom'],
    [404, mask, 'application/dicom'],
    [200, mask, 'application/octet-stream'],
    [200, encodeDicom({ ...MASK, Columns: 8, PixelData: new Uint8Array(10) }), 'application/dicom'],
  ] as const;
  const grown: unknown[] = [];

  for (const [status, bytes, type] of answers) {
    respond = (response) =>
      void response.writeHead(status, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
    const got = await ask(`${at}/instances/1.4?accept=x`);
    grown.push([got.status, got.bytes.length - bytes.length, got.headers['content-length']]);
  }

  expect(grown).toEqual([
    [200, 2, undefined],
    [404, 0, String(mask.length)],
    [200, 0, String(mask.length)],
    [200, 0, undefined],
  ]);
});

it('breaks off if Orthanc does, so that half a mask is not taken for a whole one', async () => {
  respond = (response) => {
    response.writeHead(200, { 'content-type': 'application/dicom', 'content-length': 10_000 });
    response.write(encodeDicom(MASK), () => response.destroy());
  };

  const answer = ask('/dicom-web/studies/1.2/series/1.3/instances/1.4');

  await expect(answer).rejects.toThrow(/aborted|hang up|ECONNRESET/);
});

it('reports that Orthanc does not answer, without its address or password', async () => {
  respond = (response) => void response.destroy();

  const answer = await ask('/dicom-web/studies');

  expect(answer.status).toBe(502);
  expect(answer.body).toContain('hilum local status');
  expect(answer.body).not.toMatch(new RegExp(`${PASSWORD}|${new URL(addressOf(orthanc)).port}`));
});

it('serves OHIF’s own files and its page at its routes, and nothing outside its folder', async () => {
  const script = await ask('/app.bundle.0123456789abcdef.js');
  const route = await ask('/viewer?StudyInstanceUIDs=1.2.3');
  const others = [
    await ask('/../beside.js'),
    await ask('/..%2fbeside.js'),
    await ask('/_headers'),
    await ask('/no.js'),
  ];

  expect([script.body, script.headers['content-type']]).toEqual(['app', 'text/javascript; charset=utf-8']);
  expect(script.headers['cache-control']).toContain('immutable');
  expect([route.status, route.headers['cache-control']]).toEqual([200, 'no-cache']);
  expect(others.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
});

it('allows the page what it needs and no other origin', async () => {
  const { headers } = await ask('/viewer');

  const policy = String(headers['content-security-policy']);
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(INLINE))).toString('base64');
  expect(policy).toContain(`'sha256-${digest}'`);
  expect(policy).toContain("'unsafe-eval'");
  expect(policy).not.toMatch(/https?:|\*/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
});

it('configures OHIF for this origin only, with its notice, without storing and with an extension', async () => {
  const { body } = await ask('/app-config.js');
  const window: { location: { origin: string }; config?: () => Promise<unknown> } = {
    location: { origin: viewer.url },
  };
  const [, path = ''] = /import\("([^"]+)"\)/.exec(body) ?? [];
  const extension = await ask(path);

  // A context has no modules of its own.
  runInNewContext(body.replace(`import("${path}")`, 'extension'), {
    window,
    extension: import(`data:text/javascript,${encodeURIComponent(STUB)}`),
  });

  expect([extension.status, extension.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  expect(await window.config?.()).toMatchObject({
    extensions: [{ severities: Object.keys(SEVERITIES).map((id) => ({ id })) }],
    showStudyList: true,
    investigationalUseDialog: { option: 'configure' },
    dataSources: [
      { configuration: { wadoRoot: `${viewer.url}/dicom-web`, supportsStow: false, dicomUploadEnabled: false } },
    ],
  });
  expect(body.match(/https?:\/\//g)).toBeNull();
});

it('says on the page that the extension cannot be loaded, instead of showing images without their results', async () => {
  const { body } = await ask('/app-config.js');
  const window: { location: { origin: string }; config?: () => Promise<unknown> } = {
    location: { origin: viewer.url },
  };
  const page: { readonly textContent: string }[] = [];
  const document = {
    createElement: () => ({ style: {} }),
    body: { append: (note: { readonly textContent: string }) => page.push(note) },
  };

  const script = body.replace(/import\("[^"]+"\)/, 'extension');
  runInNewContext(script, { window, document, extension: Promise.reject(new Error('a module is missing')) });

  await expect(window.config?.()).rejects.toThrow('a module is missing');
  expect(page.map(({ textContent }) => textContent)).toEqual([expect.stringContaining('could not be loaded')]);
});

/** Stands for the extension's module. */
const STUB = 'export const createExtension = (settings) => settings, modesConfiguration = {};';

it('tells other pages of this machine only that it is running', async () => {
  const { status, body, headers } = await ask('/viewer-alive', { headers: { 'sec-fetch-site': 'same-site' } });

  expect([status, body, headers['cross-origin-resource-policy']]).toEqual([204, '', 'cross-origin']);
});

it('says so where its port is taken', async () => {
  const port = Number(new URL(viewer.url).port);

  const again = startViewer({ folder, orthanc: { url: addressOf(orthanc), username: '', password: '' }, port });

  await expect(again).rejects.toThrow(ConfigurationError);
});
