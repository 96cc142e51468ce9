/** What goes on to Orthanc's DICOMweb, and what of its answers reaches the browser. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createProxyServer } from 'httpxy';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createBitFrames, frameOf } from './bit-frames.ts';
import type { Asked } from './guard.ts';
import { paddingFor } from './padded-answer.ts';

/** Where Orthanc is and how it is asked. */
export interface OrthancAccess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** What of a browser's request is for Orthanc to know: no cookie, no credentials, no origin. */
const FORWARDED = ['accept', 'connection', 'host', 'if-modified-since', 'if-none-match', 'range'];
/** What of Orthanc's answer is not for the browser: leave for other origins, and the question for a password. */
const KEPT_BACK = ['set-cookie', 'www-authenticate', 'access-control-allow-origin', 'access-control-allow-credentials'];

/**
 * Makes the function that answers a judged request from Orthanc. Orthanc's credentials are added here and never reach
 * the browser. The Host header stays the viewer's: Orthanc builds the addresses of bulk data (a PDF's, say) from it.
 */
export function createOrthancProxy({
  url,
  username,
  password,
}: OrthancAccess): (asked: Asked, request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const proxy = createProxyServer({ target: url, auth: `${username}:${password}` });
  const bitFrame = createBitFrames(createDicomWebClient({ url: `${url}/dicom-web/`, username, password }));
  proxy.on('proxyRes', (answer, { url = '' }, response) => {
    const [path = ''] = url.split('?');
    for (const name of KEPT_BACK) delete answer.headers[name];
    // Where Orthanc or the browser goes away half-way, the other connection is closed, too.
    if (isObjects(path)) sendObjects(answer, response).catch(() => response.destroy());
    else if (!isFrame(path)) return;
    else if (answer.statusCode !== 400) answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
    else {
      answer.resume();
      void bitFrame(path).then(
        (frame) =>
          frame === undefined ? sayPlainly(response, 400, 'Orthanc has no such frame') : sendFrame(response, frame),
        () => sayPlainly(response, 502, NO_ANSWER),
      );
    }
  });
  return async ({ path, query }, request, response) => {
    for (const name of Object.keys(request.headers)) if (!FORWARDED.includes(name)) delete request.headers[name];
    request.url = `${path}${query}`;
    response.setHeader('cache-control', 'no-store');
    // Data are for scripts to fetch: opened as a page, whatever an object holds runs and loads nothing.
    response.setHeader('content-security-policy', "default-src 'none'; sandbox");
    try {
      await proxy.web(request, response, { selfHandleResponse: isFrame(path) || isObjects(path) });
    } catch {
      // Which host and port refused is nobody's business in a browser.
      if (!response.headersSent) sayPlainly(response, 502, NO_ANSWER);
      else response.destroy();
    }
  };
}

const NO_ANSWER = 'Orthanc does not answer: `hilum local status` says more';

const isFrame = (path: string): boolean => frameOf(path) !== undefined;

/** Studies, series and instances as whole objects (PS3.18 10.4.1.1.1). */
const OBJECTS = /^\/dicom-web\/studies\/[0-9.]+(\/series\/[0-9.]+(\/instances\/[0-9.]+)?)?$/;
const isObjects = (path: string): boolean => OBJECTS.test(path);

/** Sends objects on as they come; how long all will be is not known before. */
async function sendObjects(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode = 502, headers } = answer;
  const padding = statusCode === 200 ? paddingFor(headers) : undefined;
  if (padding !== undefined) delete headers['content-length'];
  response.writeHead(statusCode, headers);
  await (padding === undefined ? pipeline(answer, response) : pipeline(answer, padding, response));
}

/** One frame as PS3.18 8.7.2 has several parts sent: native, in Explicit VR Little Endian. */
function sendFrame(response: ServerResponse, frame: Uint8Array): void {
  const boundary = randomUUID();
  response.writeHead(200, {
    'content-type': `multipart/related; type="application/octet-stream"; boundary=${boundary}`,
  });
  response.write(
    `--${boundary}\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n\r\n`,
  );
  response.write(frame);
  response.end(`\r\n--${boundary}--\r\n`);
}

/** An answer of our own. */
export function sayPlainly(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
