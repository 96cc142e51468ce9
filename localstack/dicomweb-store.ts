/**
 * A small DICOMweb archive in this process, over node:http on the loopback: QIDO-RS, WADO-RS and STOW-RS, and the part of
 * Orthanc's REST interface that the edge uses. The demo uses it if there is no Orthanc, and tests make it fail on purpose. It
 * keeps everything in memory and renders no images.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { boundaryOf, readMultipart, writeMultipart } from '#adapters/dicomweb/multipart.ts';
import { lookup } from '#dicom/dictionary.ts';
import { DicomReadError } from '#dicom/error.ts';
import { describeInstance, MemoryArchive, type StoredInstance } from './dicomweb-archive.ts';
import { orthancAnswer, orthancFile } from './dicomweb-orthanc.ts';

/**
 * How the archive misbehaves. `down` closes every connection; `denied` answers 401; `unavailable` answers 503; `cut` ends
 * WADO answers half way. In STOW, `refuse` stores nothing (409); `partial` fails every second instance, and the same ones at
 * each attempt (202); `conflict` fails instances that exist already (45070); `silent` stores and answers without a body.
 * `mute` stores, but closes the connection instead of confirming it, now and when the object is read.
 */
type Fault = 'down' | 'denied' | 'unavailable' | 'cut' | 'refuse' | 'partial' | 'conflict' | 'silent' | 'mute';

export interface DicomWebStoreOptions {
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly stableAgeMs?: number;
}

export interface DicomWebStore {
  /** The root of Orthanc's REST interface, without a trailing slash. */
  readonly url: string;
  /** DICOMweb root, with a trailing slash. */
  readonly dicomWebUrl: string;
  readonly username: string;
  readonly password: string;
  readonly archive: MemoryArchive;
  /** Misbehaves from now on; `undefined` ends it. */
  misbehave(fault: Fault | undefined): void;
  /** `METHOD path` of every request so far, without queries. */
  readonly requests: readonly string[];
  /** How often each instance was stored over STOW-RS, by SOPInstanceUID. Storing it again counts again. */
  readonly stored: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: Iterable<string | Uint8Array>;
}

/** A request with its body, read. */
interface Asked {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** Failure Reasons: processing failure (PS3.18 Table I.2-2), and the one of archives that hold the UID with other content. */
const PROCESSING_FAILURE = 272;
const DUPLICATE = 45_070;

export async function startDicomWebStore(options: DicomWebStoreOptions = {}): Promise<DicomWebStore> {
  const { port = 0, username = 'hilum', password = randomUUID(), stableAgeMs = 1_000 } = options;
  const archive = new MemoryArchive(stableAgeMs);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const requests: string[] = [];
  const stored = new Map<string, number>();
  const failing = new Set<string>();
  /** What `mute` stored. */
  const unconfirmed = new Set<string>();
  let fault: Fault | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await read(request);
    requests.push(`${asked.method} /${asked.path.join('/')}`);
    if (fault === 'down') request.socket.destroy();
    else if (fault === 'unavailable') send(response, { status: 503 });
    else if (fault === 'denied' || request.headers.authorization !== authorization) send(response, { status: 401 });
    else {
      archive.settle();
      const known = new Set(stored.keys());
      const reply = await answer({ archive, fault, stored, failing }, asked);
      const isStore = asked.method === 'POST' && asked.path[0] === 'dicom-web';
      if (fault === 'mute' && isStore) for (const uid of stored.keys()) if (!known.has(uid)) unconfirmed.add(uid);
      const isMute = fault === 'mute' && (isStore || asked.path.some((part) => unconfirmed.has(part)));
      if (isMute && reply.status === 200) request.socket.destroy();
      else send(response, reply);
    }
  }

  // Node's 5 s would close a connection just when a busy client uses it again.
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
  return {
    url,
    dicomWebUrl: `${url}/dicom-web/`,
    username,
    password,
    archive,
    requests,
    stored,
    misbehave: (next) => {
      fault = next;
      failing.clear();
      unconfirmed.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? 'GET',
    path: url.pathname.split('/').filter((part) => part !== ''),
    query: url.searchParams,
    contentType: request.headers['content-type'],
    body: Buffer.concat(await Array.fromAsync(request)),
  };
}

function send(response: ServerResponse, { status, contentType, body = [] }: Reply): void {
  response.writeHead(status, contentType === undefined ? {} : { 'Content-Type': contentType });
  for (const piece of body) response.write(piece);
  response.end();
}

const json = (body: unknown, contentType = 'application/dicom+json', status = 200): Reply => ({
  status,
  contentType,
  body: [JSON.stringify(body)],
});

/** The state that answers come from. */
interface Pacs {
  readonly archive: MemoryArchive;
  readonly fault: Fault | undefined;
  readonly stored: Map<string, number>;
  /** The instances that `partial` has failed. */
  readonly failing: Set<string>;
}

async function answer(pacs: Pacs, asked: Asked): Promise<Reply> {
  const { archive, fault } = pacs;
  const { method, path, query, body } = asked;
  if (path[0] !== 'dicom-web') {
    const file = orthancFile(archive, path);
    if (file !== undefined) return { status: 200, contentType: 'application/dicom', body: [file] };
    const found = orthancAnswer(archive, path, query, () => JSON.parse(Buffer.from(body).toString()));
    return found === undefined ? { status: 404 } : json(found, 'application/json');
  }
  return method === 'POST' ? store(pacs, asked) : find(archive, fault, path.slice(1), query);
}

/** `studies/1.2/series/1.3/instances/1.4/metadata` and its prefixes. A path without the last UID is a search. */
function find(
  archive: MemoryArchive,
  fault: Fault | undefined,
  path: readonly string[],
  query: URLSearchParams,
): Reply {
  const [, StudyInstanceUID, series, SeriesInstanceUID, instances, SOPInstanceUID] = path;
  const found = archive.of({
    ...(StudyInstanceUID && { StudyInstanceUID }),
    ...(SeriesInstanceUID && series === 'series' && { SeriesInstanceUID }),
    ...(SOPInstanceUID && instances === 'instances' && { SOPInstanceUID }),
  });
  const last = path.at(-1) ?? '';
  const searched = SEARCHES.get(last);
  if (searched !== undefined) return search(found, searched, query);
  if (last === 'rendered') return { status: 406 };
  // As Orthanc, it can only tell patients apart by the UID that is asked for.
  const patients = new Set(found.map(({ PatientID }) => PatientID));
  if (patients.size !== 1) return { status: 404 };
  if (last === 'metadata') return json(found.map((instance) => instance.json));
  const boundary = randomUUID();
  const files = found.map((instance) => instance.bytes);
  const body = [...writeMultipart(files, boundary)];
  return {
    status: 200,
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
    body: fault === 'cut' ? body.slice(0, body.length / 2) : body,
  };
}

/** The tag of the UID that identifies the answers of a search, by level. */
const SEARCHES: ReadonlyMap<string, string> = new Map([
  ['studies', '0020000D'],
  ['series', '0020000E'],
  ['instances', '00080018'],
]);

/** Matches single values of tags or keywords in the header; one answer for each UID of the level (PS3.18 8.3.4). */
function search(instances: readonly StoredInstance[], uidTag: string, query: URLSearchParams): Reply {
  const { offset = '0', limit = '1000', includefield: _, ...matching } = Object.fromEntries(query);
  const matches = instances.filter((instance) =>
    Object.entries(matching).every(([key, value]) => instance.json[lookup(key)?.tag ?? key]?.Value?.includes(value)),
  );
  const distinct = [...new Map(matches.map(({ json: header }) => [header[uidTag]?.Value?.[0], header])).values()];
  return json(distinct.slice(Number(offset), Number(offset) + Number(limit)));
}

async function store(pacs: Pacs, { contentType, body }: Asked): Promise<Reply> {
  const stored: object[] = [];
  const failed: object[] = [];
  const parts = await Array.fromAsync(readMultipart(Readable.from([body]), boundaryOf(contentType)));
  for (const [position, { bytes }] of parts.entries()) {
    const outcome = storeOne(pacs, bytes, position);
    (outcome.stored ? stored : failed).push(outcome.item);
  }
  if (pacs.fault === 'silent') return { status: 200 };
  const status = failed.length === 0 ? 200 : stored.length === 0 ? 409 : 202;
  const account = { '00081198': { vr: 'SQ', Value: failed }, '00081199': { vr: 'SQ', Value: stored } };
  return json(account, 'application/dicom+json', status);
}

function storeOne(
  { archive, fault, stored, failing }: Pacs,
  bytes: Uint8Array,
  position: number,
): { readonly stored: boolean; readonly item: object } {
  const failure = (reason: number) => ({ '00081197': { vr: 'US', Value: [reason] } });
  try {
    const { SOPClassUID, SOPInstanceUID } = describeInstance(bytes);
    const item = { '00081150': { vr: 'UI', Value: [SOPClassUID] }, '00081155': { vr: 'UI', Value: [SOPInstanceUID] } };
    if (fault === 'partial' && position % 2 === 1) failing.add(SOPInstanceUID);
    if (fault === 'refuse' || failing.has(SOPInstanceUID))
      return { stored: false, item: { ...item, ...failure(PROCESSING_FAILURE) } };
    if (fault === 'conflict' && archive.instances.has(SOPInstanceUID))
      return { stored: false, item: { ...item, ...failure(DUPLICATE) } };
    archive.add(bytes);
    stored.set(SOPInstanceUID, (stored.get(SOPInstanceUID) ?? 0) + 1);
    return { stored: true, item };
  } catch (error) {
    if (error instanceof DicomReadError) return { stored: false, item: failure(PROCESSING_FAILURE) };
    throw error;
  }
}
