/** A client of a DICOMweb archive (PS3.18): QIDO-RS, WADO-RS, STOW-RS. */
import { randomUUID } from 'node:crypto';
import { ArchiveRequestError, ArchiveStoreError, ArchiveUnavailableError } from '#core/errors.ts';
import { isKeyUid } from '#dicom/uid.ts';
import type { Archive, CallOptions, InstanceUids, StudyMatch, StudyUid } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { type DicomJson, isDicomJson, textOf } from './dicom-json.ts';
import { headerOf } from './header.ts';
import { type ArchiveAccess, createArchiveHttp, errorForStatus, jsonBody, wholeBody } from './http.ts';
import { type LargeFiles, readOrKept } from './in-memory.ts';
import { boundaryOf, readMultipart, streamMultipart, writeMultipart } from './multipart.ts';
import { accountsForInstances, storeOutcomes } from './store-response.ts';

export interface SeriesUids extends StudyUid {
  readonly SeriesInstanceUID: string;
}

/** QIDO-RS matching by keyword or tag, e.g. `{ ModalitiesInStudy: 'CT', includefield: '00081030' }` (PS3.18 8.3.4). */
type Query = Readonly<Record<string, string>>;

export interface DicomWebClient extends Archive {
  /** QIDO-RS. The next page is requested when the caller has consumed the previous one. */
  searchStudies(query?: Query, options?: CallOptions): AsyncIterable<DicomJson>;
  searchSeries(study: StudyUid, query?: Query, options?: CallOptions): AsyncIterable<DicomJson>;
  searchInstances(series: SeriesUids, query?: Query, options?: CallOptions): AsyncIterable<DicomJson>;
  /** WADO-RS: Part 10 files in their stored Transfer Syntax, one in memory at a time. */
  retrieveStudy(study: StudyUid, options?: CallOptions): AsyncIterable<Uint8Array>;
  retrieveSeries(
    series: SeriesUids,
    options?: CallOptions & { readonly large?: LargeFiles },
  ): AsyncIterable<Uint8Array>;
  /** WADO-RS metadata (PS3.18 10.4.1.1.2): one dataset per instance, without bulk data; empty if there are none. */
  retrieveMetadata(of: StudyUid | SeriesUids | InstanceUids, options?: CallOptions): Promise<readonly DicomJson[]>;
  /** The instance as rendered by the archive (PS3.18 10.4.1.1.3); undefined if the archive does not have the instance. */
  retrieveRendered(
    of: InstanceUids,
    mediaType: 'image/jpeg' | 'image/png',
    options?: CallOptions,
  ): Promise<Uint8Array | undefined>;
}

/** `transfer-syntax=*` asks for the stored bytes without transcoding, so that digests are stable (PS3.18 8.7.3.5.2). */
const ORIGINAL_FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*';
const DICOM_JSON = 'application/dicom+json';
const PAGE = 500;

/**
 * All methods throw ArchiveUnavailableError (unreachable, timeout, 408, 429, 5xx), ArchiveDeniedError (401, 403) and
 * ArchiveRequestError (other statuses). `store` also throws ArchiveStoreError if the answer does not list the instances.
 */
export function createDicomWebClient(access: ArchiveAccess): DicomWebClient {
  const http = createArchiveHttp(access);
  const host = new URL(access.url).host;

  async function* search(
    path: string,
    uidTag: string,
    query: Query,
    options: CallOptions = {},
  ): AsyncGenerator<DicomJson> {
    let lastFirst: string | undefined;
    for (let offset = 0; ; offset += PAGE) {
      const parameters = new URLSearchParams({ ...query, limit: String(PAGE), offset: String(offset) });
      const response = await http({ ...options, path: `${path}?${parameters}`, accept: DICOM_JSON });
      const page = response.status === 204 ? [] : datasets(await jsonBody(response));
      const first = page[0] && textOf(page[0], uidTag);
      // An archive that ignores `offset` sends the same page again and again; its first page was complete.
      if (first === undefined || first === lastFirst) return;
      yield* page;
      if (page.length < PAGE) return;
      lastFirst = first;
    }
  }

  async function* retrieve(
    path: string,
    { large, ...options }: CallOptions & { readonly large?: LargeFiles } = {},
  ): AsyncGenerator<Uint8Array> {
    const response = await http({ ...options, path, accept: ORIGINAL_FILES });
    for await (const { body } of streamMultipart(response.body, boundaryOf(response.contentType))) {
      const file = await readOrKept(body, large);
      if (file !== undefined) yield file;
    }
  }

  return {
    searchStudies: (query = {}, options) => search('studies', '0020000D', query, options),
    searchSeries: (study, query = {}, options) => search(`${studyPath(study)}/series`, '0020000E', query, options),
    searchInstances: (series, query = {}, options) =>
      search(`${seriesPath(series)}/instances`, '00080018', query, options),
    retrieveStudy: (study, options) => retrieve(studyPath(study), options),
    retrieveSeries: (series, options) => retrieve(seriesPath(series), options),

    async *findStudies(match, options) {
      for await (const found of search('studies', '0020000D', queryOf(match), options)) {
        const StudyInstanceUID = textOf(found, '0020000D');
        if (StudyInstanceUID === undefined) continue;
        const [PatientID, AccessionNumber] = ['00100020', '00080050'].map((tag) => textOf(found, tag) ?? '');
        yield { StudyInstanceUID, PatientID: PatientID ?? '', AccessionNumber: AccessionNumber ?? '' };
      }
    },

    async *listInstances(study, options) {
      const query = { includefield: '0020000E,00100020' };
      for await (const found of search(`${studyPath(study)}/instances`, '00080018', query, options)) {
        const [SOPClassUID, SOPInstanceUID, SeriesInstanceUID] = ['00080016', '00080018', '0020000E'].map((tag) =>
          textOf(found, tag),
        );
        if (SOPInstanceUID === undefined || SeriesInstanceUID === undefined)
          throw new ArchiveRequestError('The archive lists an instance without its UIDs');
        yield {
          ...{ ...study, SeriesInstanceUID, SOPInstanceUID, SOPClassUID: SOPClassUID ?? '' },
          // Without a value, the patient has none (PS3.18 F.2.5).
          ...('00100020' in found && { PatientID: (textOf(found, '00100020') ?? '').trim() }),
        };
      }
    },

    deleteInstance: (_, options = {}) => limited(options, async () => 'unsupported' as const, notInTime),

    async retrieveInstance(uids, options) {
      const response = await http({ ...options, path: pathOf(uids), accept: ORIGINAL_FILES, expect: [404, 410] });
      if (response.status !== 200) {
        await wholeBody(response);
        return undefined;
      }
      let file: Uint8Array | undefined;
      for await (const part of readMultipart(response.body, boundaryOf(response.contentType))) file ??= part.bytes;
      return file;
    },

    async retrieveHeader(uids, options) {
      const response = await http({ ...options, path: pathOf(uids), accept: ORIGINAL_FILES, expect: [404, 410] });
      if (response.status !== 200) {
        await wholeBody(response);
        return undefined;
      }
      for await (const { body } of streamMultipart(response.body, boundaryOf(response.contentType)))
        return await headerOf(body);
      return undefined;
    },

    async retrieveMetadata(of, options) {
      const path = `${pathOf(of)}/metadata`;
      const response = await http({ ...options, path, accept: DICOM_JSON, expect: [404, 410] });
      if (response.status === 200) return datasets(await jsonBody(response));
      await wholeBody(response);
      return [];
    },

    async retrieveRendered(of, mediaType, options) {
      const path = `${pathOf(of)}/rendered`;
      const response = await http({ ...options, path, accept: mediaType, expect: [404, 410] });
      const bytes = await wholeBody(response);
      return response.status === 200 ? bytes : undefined;
    },

    async store(objects, options) {
      if (objects.length === 0) return [];
      const boundary = `hilum-${randomUUID()}`;
      const files = objects.map((object) => object.bytes);
      const response = await http({
        ...options,
        method: 'POST',
        path: 'studies',
        accept: DICOM_JSON,
        contentType: `multipart/related; type="application/dicom"; boundary="${boundary}"`,
        body: () => writeMultipart(files, boundary),
        expect: STORE_STATUSES,
      });
      const answer = await jsonBody(response);
      // The body decides, whatever the status: 202 may hide failures, 400 and 409 may come with stored instances.
      if (isDicomJson(answer) && accountsForInstances(answer))
        return storeOutcomes(
          answer,
          objects.map((object) => object.SOPInstanceUID),
        );
      if (response.status > 299 && response.status !== 409) throw errorForStatus(response.status, host);
      throw new ArchiveStoreError(
        `The archive at ${host} answered HTTP ${response.status} without saying what it stored`,
        {
          facts: { status: response.status, sent: objects.length },
        },
      );
    },
  };
}

/** A call that sends no request can fail only because its deadline has already passed. */
const notInTime = (cause: unknown): Error =>
  new ArchiveUnavailableError('The deadline had passed before the call began', { cause });

/** Statuses other than 2xx whose body may list the instances (PS3.18 10.5.3, and archives in practice). */
const STORE_STATUSES = [400, 409, 415, 500, 503];

/** Callers may pass an instance's UIDs where a study's or a series' UIDs are expected. */
const studyPath = ({ StudyInstanceUID }: StudyUid): string => pathOf({ StudyInstanceUID });
const seriesPath = ({ StudyInstanceUID, SeriesInstanceUID }: SeriesUids): string =>
  pathOf({ StudyInstanceUID, SeriesInstanceUID });

function pathOf(uids: StudyUid & Partial<InstanceUids>): string {
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = uids;
  const levels = [
    ['studies', StudyInstanceUID],
    ['series', SeriesInstanceUID],
    ['instances', SOPInstanceUID],
  ] as const;
  return levels
    .filter(([, uid]) => uid !== undefined)
    .map(([level, uid]) => {
      if (uid === undefined || !isKeyUid(uid)) throw new RangeError('An invalid UID may not enter a path');
      return `${level}/${uid}`;
    })
    .join('/');
}

/** The attributes to match, and the attributes to return in any case. */
function queryOf(match: StudyMatch): Query {
  return { ...match, includefield: '00100020,00080050' };
}

function datasets(answer: unknown): readonly DicomJson[] {
  if (!Array.isArray(answer)) throw new ArchiveRequestError('The archive did not answer with DICOM JSON');
  return answer.filter(isDicomJson);
}
