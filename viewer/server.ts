/** The viewer: OHIF and the local Orthanc's DICOMweb on one origin, on the loopback interface. */
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ConfigurationError } from '#core/errors.ts';
import { judge } from './guard.ts';
import { createOrthancProxy, type OrthancAccess, sayPlainly } from './orthanc-proxy.ts';
import { openPages, type Page } from './pages.ts';

/** A path that shows that the viewer is running. Orthanc's page, on another port, requests it too. */
const ALIVE_PATH = '/viewer-alive';

export interface ViewerOptions {
  /** The folder of OHIF's files. */
  readonly folder: string;
  readonly orthanc: OrthancAccess;
  /** 0 for any free port. */
  readonly port: number;
}

export interface Viewer {
  /** Without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** The address of a study in the viewer. */
export function studyUrl(url: string, StudyInstanceUID: string): string {
  return `${url}/viewer?StudyInstanceUIDs=${encodeURIComponent(StudyInstanceUID)}`;
}

/**
 * Starts the server on 127.0.0.1.
 *
 * @throws ConfigurationError if the port is taken
 */
export async function startViewer({ folder, orthanc, port }: ViewerOptions): Promise<Viewer> {
  const pages = openPages(folder);
  const pass = createOrthancProxy(orthanc);
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(EVERYWHERE)) response.setHeader(name, value);
    const asked = judge(request, portOf(server));
    if ('status' in asked) sayPlainly(response, asked.status, asked.message);
    else if (asked.target === 'dicom-web') await pass(asked, request, response);
    else if (asked.path === ALIVE_PATH) sayAlive(response);
    else await send(pages.find(asked.path), request, response);
  };
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ConfigurationError(`The viewer cannot listen on port ${port} of 127.0.0.1: choose another with --port`, {
          cause,
        }),
      ),
    );
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
}

function sayAlive(response: ServerResponse): void {
  response.setHeader('cross-origin-resource-policy', 'cross-origin');
  response.writeHead(204).end();
}

async function send(page: Page | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (page === undefined) {
    sayPlainly(response, 404, 'the viewer has no such page');
    return;
  }
  response.writeHead(200, page.headers);
  if (request.method === 'HEAD') response.end();
  else if ('text' in page.body) response.end(page.body.text);
  else await pipeline(createReadStream(page.body.file), response);
}
