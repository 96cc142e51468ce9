/** Forwards requests to Orthanc's DICOMweb, and its answers to the browser. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createProxyServer } from 'httpxy';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createBitFrames, frameOf } from './bit-frames.ts';
import type { Asked } from './guard.ts';
import { createHidden, type Hidden } from './hidden.ts';
import { paddingFor } from './padded-answer.ts';
import { askingOf, type ListPage, pageOf, treatmentOf, withoutHidden, withoutParts } from './without-hidden.ts';

/** Orthanc's address and credentials. */
export interface OrthancAccess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** The request headers that are forwarded to Orthanc: no cookies, no credentials, no origin. */
const FORWARDED = ['accept', 'connection', 'host', 'if-modified-since', 'if-none-match', 'range'];
/** The answer headers that are removed: cookies, the request for a password, permissions for other origins, and the way elsewhere. */
const KEPT_BACK = [
  ...['set-cookie', 'www-authenticate', 'access-control-allow-origin', 'access-control-allow-credentials'],
  ...['location', 'refresh'],
];

/** Sends an answer of Orthanc to the browser. */
type Sender = (answer: IncomingMessage, response: ServerResponse) => Promise<void>;

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
  const client = createDicomWebClient({ url: `${url}/dicom-web/`, username, password });
  const bitFrame = createBitFrames(client);
  const hiddenIn = createHidden(client);
  /** How the answers on their way are sent, where httpxy does not send them itself. */
  const senders = new WeakMap<object, Sender>();
  proxy.on('proxyRes', (answer, _, response) => {
    for (const name of KEPT_BACK) delete answer.headers[name];
    // If Orthanc or the browser disconnects half-way, the other connection is closed too.
    senders
      .get(response)?.(answer, response)
      .catch(() => response.destroy());
  });

  const sendFrameOf =
    (path: string): Sender =>
    async (answer, response) => {
      if (answer.statusCode !== 400) return await sendAsItIs(answer, response);
      answer.resume();
      try {
        const frame = await bitFrame(path);
        if (frame === undefined) sayPlainly(response, 400, 'Orthanc has no such frame');
        else sendFrame(response, frame);
      } catch {
        sayPlainly(response, 502, NO_ANSWER);
      }
    };

  return async ({ path, query }, request, response) => {
    for (const name of Object.keys(request.headers)) if (!FORWARDED.includes(name)) delete request.headers[name];
    response.setHeader('cache-control', 'no-store');
    // Scripts fetch the data. If an object is opened as a page, its content can run and load nothing.
    response.setHeader('content-security-policy', "default-src 'none'; sandbox");
    try {
      const asking = askingOf(path);
      const hidden =
        asking && (await hiddenIn(asking.StudyInstanceUID, asking.SOPInstanceUID === undefined ? 'list' : 'object'));
      const treatment = asking && hidden ? treatmentOf(asking, hidden) : 'whole';
      if (treatment === 'none') return sayPlainly(response, 404, NOT_SHOWN);
      const page = pageOf(query);
      const sender =
        hidden && treatment === 'list'
          ? sendList(hidden, page)
          : asking?.resource === ''
            ? sendObjects(treatment === 'parts' ? hidden : undefined)
            : frameOf(path) && sendFrameOf(path);
      if (sender !== undefined) senders.set(response, sender);
      request.url = `${path}${withPlainCommas(treatment === 'list' ? page.query : query)}`;
      await proxy.web(request, response, { selfHandleResponse: sender !== undefined });
    } catch {
      // The error names Orthanc's host and port, which the browser must not learn.
      if (!response.headersSent) sayPlainly(response, 502, NO_ANSWER);
      else response.destroy();
    }
  };
}

/**
 * A query whose lists of attributes have commas as they are. Orthanc takes an encoded list, as OHIF sends it, for one unknown attribute, and
 * its list of studies has no descriptions.
 */
const withPlainCommas = (query: string): string =>
  query.replace(/(?<=[?&]includefield=)[^&]*/gi, (list) => list.replaceAll(/%2c/gi, ','));

const NO_ANSWER = 'Orthanc does not answer: see `hilum local status`';

const NOT_SHOWN = 'a newer result of Hilum replaced this one: open the study again';

const sendAsItIs: Sender = (answer, response) =>
  pipeline(answer, response.writeHead(answer.statusCode ?? 502, answer.headers));

/** Sends a list of series or instances, or metadata, without what is hidden. */
function sendList(hidden: Hidden, page: ListPage): Sender {
  return async (answer, response) => {
    if (answer.statusCode !== 200) return await sendAsItIs(answer, response);
    const list = await withoutHidden(answer, hidden, page);
    if (list === undefined) return sayPlainly(response, 406, 'this list is sent as application/dicom+json only');
    response.writeHead(200, { 'content-type': 'application/dicom+json' }).end(list);
  };
}

/**
 * Streams objects to the browser, without those that are hidden. Padding may change the total length, so Content-Length is removed.
 *
 * @param hidden if the answer has objects that are hidden
 */
function sendObjects(hidden: Hidden | undefined): Sender {
  return async (answer, response) => {
    const { statusCode = 502, headers } = answer;
    if (statusCode !== 200) return await sendAsItIs(answer, response);
    const parts = hidden && withoutParts(headers, hidden);
    if (hidden !== undefined && parts === undefined)
      return sayPlainly(response, 406, 'these objects are sent as multipart/related only');
    const padding = paddingFor(headers);
    if (parts !== undefined || padding !== undefined) delete headers['content-length'];
    response.writeHead(statusCode, headers);
    const changes = [parts, padding].filter((change) => change !== undefined);
    await pipeline(
      changes.reduce<AsyncIterable<Buffer>>((body, change) => change(body), answer),
      response,
    );
  };
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
