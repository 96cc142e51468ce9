/** Forwards requests to Orthanc's DICOMweb, and its answers to the browser. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createProxyServer } from 'httpxy';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createBitFrames, frameOf } from './bit-frames.ts';
import type { Asked } from './guard.ts';
import { paddingFor } from './padded-answer.ts';

/** Orthanc's address and credentials. */
export interface OrthancAccess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** The request headers that are forwarded to Orthanc: no cookies, no credentials, no origin. */
const FORWARDED = ['accept', 'connection', 'host', 'if-modified-since', 'if-none-match', 'range'];
/** The answer headers that are removed: cookies, the request for a password, and permissions for other origins. */
const KEPT_BACK = ['set-cookie', 'www-authenticate', 'access-control-allow-origin', 'access-control-allow-credentials'];

/**
 * Makes the function that answers an accepted request from Orthanc. It adds Orthanc's credentials, which never reach the
 * browser. The Host header stays the viewer's, because Orthanc builds the URLs of bulk data (of a PDF, for example) from it.
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
    // If Orthanc or the browser disconnects half-way, the other connection is closed too.
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
    // Scripts fetch the data. If an object is opened as a page, its content can run and load nothing.
    response.setHeader('content-security-policy', "default-src 'none'; sandbox");
    try {
      await proxy.web(request, response, { selfHandleResponse: isFrame(path) || isObjects(path) });
    } catch {
      // The error names Orthanc's host and port, which the browser must not learn.
      if (!response.headersSent) sayPlainly(response, 502, NO_ANSWER);
      else response.destroy();
    }
  };
}

const NO_ANSWER = 'Orthanc does not answer: see `hilum local status`';

const isFrame = (path: string): boolean => frameOf(path) !== undefined;

/** Studies, series and instances as whole objects (PS3.18 10.4.1.1.1). */
const OBJECTS = /^\/dicom-web\/studies\/[0-9.]+(\/series\/[0-9.]+(\/instances\/[0-9.]+)?)?$/;
const isObjects = (path: string): boolean => OBJECTS.test(path);

/** Streams objects to the browser. Padding may change the total length, so Content-Length is removed. */
async function sendObjects(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode = 502, headers } = answer;
  const padding = statusCode === 200 ? paddingFor(headers) : undefined;
  if (padding !== undefined) delete headers['content-length'];
  response.writeHead(statusCode, headers);
  await (padding === undefined ? pipeline(answer, response) : pipeline(answer, padding, response));
}

/** Sends one native frame as multipart/related (PS3.18 8.7.2), in Explicit VR Little Endian. */
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

/** Sends a plain-text answer of the viewer's own. */
export function sayPlainly(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
