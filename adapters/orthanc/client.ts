/**
 * The parts of Orthanc's own REST interface that DICOMweb does not offer: the log of changes, and facts about studies that
 * need no reading of files. Written against version 1.10; later versions work too.
 */
import * as z from 'zod';
import { ArchiveRequestError } from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { type ArchiveAccess, createArchiveHttp, jsonBody } from '../dicomweb/http.ts';
import { findResources } from './find.ts';
import { type StudyFiles, studyFiles } from './study-files.ts';

interface Change {
  /** Position in Orthanc's log of changes, ascending. */
  readonly seq: number;
  readonly type: string;
  /** Orthanc's own identifier of the resource. */
  readonly id: string;
  /** Time of the change by Orthanc's clock, `YYYYMMDDTHHMMSS` (UTC): sorts as text. */
  readonly date: string;
}

interface ChangePage {
  readonly changes: readonly Change[];
  /** The position after which the next page begins. */
  readonly last: number;
  readonly done: boolean;
}

export interface OrthancStudy {
  readonly id: string;
  readonly StudyInstanceUID: string;
  /** True if no instance has arrived for StableAge seconds, or if Orthanc was restarted since. */
  readonly stable: boolean;
  /** When the last instance arrived, `YYYYMMDDTHHMMSS` (UTC). */
  readonly lastUpdate: string;
  /** Empty if there is none. */
  readonly PatientID: string;
}

export interface OrthancSeries {
  readonly SeriesInstanceUID: string;
  readonly Modality: string | undefined;
  readonly Manufacturer: string | undefined;
  readonly instances: number;
  readonly lastUpdate: string;
}

export interface OrthancClient {
  system(options?: CallOptions): Promise<{ readonly version: string }>;
  changes(since: number, limit: number, options?: CallOptions): Promise<ChangePage>;
  /** The newest change; undefined while the log is empty. */
  lastChange(options?: CallOptions): Promise<Change | undefined>;
  studies(offset: number, limit: number, options?: CallOptions): Promise<readonly OrthancStudy[]>;
  /** A study by Orthanc's identifier; undefined if it is gone. */
  study(id: string, options?: CallOptions): Promise<OrthancStudy | undefined>;
  /** Studies by Study Instance UID. There may be several: some archives hold the same UID for two patients. */
  findStudies(StudyInstanceUID: string, options?: CallOptions): Promise<readonly OrthancStudy[]>;
  /** The series of a study, sorted by SeriesInstanceUID; undefined if the study is gone. */
  series(studyId: string, options?: CallOptions): Promise<readonly OrthancSeries[] | undefined>;
  /** Reads files of this study alone, although DICOMweb may know others by its UIDs. */
  filesOf(studyId: string): StudyFiles;
}

const ChangeSchema = z
  .object({ Seq: z.number(), ChangeType: z.string(), ID: z.string(), Date: z.string() })
  .transform((change): Change => ({ seq: change.Seq, type: change.ChangeType, id: change.ID, date: change.Date }));

const ChangesSchema = z
  .object({ Changes: z.array(ChangeSchema), Done: z.boolean(), Last: z.number() })
  .transform(({ Changes, Done, Last }): ChangePage => ({ changes: Changes, done: Done, last: Last }));

const StudySchema = z
  .object({
    ID: z.string(),
    IsStable: z.boolean(),
    LastUpdate: z.string(),
    MainDicomTags: z.object({ StudyInstanceUID: z.string() }),
    PatientMainDicomTags: z.object({ PatientID: z.string().default('') }),
  })
  .transform(
    ({ ID, IsStable, LastUpdate, MainDicomTags, PatientMainDicomTags }): OrthancStudy => ({
      id: ID,
      stable: IsStable,
      lastUpdate: LastUpdate,
      StudyInstanceUID: MainDicomTags.StudyInstanceUID,
      PatientID: PatientMainDicomTags.PatientID.trim(),
    }),
  );

const SeriesSchema = z
  .object({
    Instances: z.array(z.string()),
    LastUpdate: z.string(),
    MainDicomTags: z.object({
      SeriesInstanceUID: z.string(),
      Modality: z.string().optional(),
      Manufacturer: z.string().optional(),
    }),
  })
  .transform(
    ({ Instances, LastUpdate, MainDicomTags }): OrthancSeries => ({
      SeriesInstanceUID: MainDicomTags.SeriesInstanceUID,
      Modality: MainDicomTags.Modality,
      Manufacturer: MainDicomTags.Manufacturer,
      instances: Instances.length,
      lastUpdate: LastUpdate,
    }),
  );

const SystemSchema = z.object({ Version: z.string() }).transform(({ Version }) => ({ version: Version }));

/** @throws the errors of `createDicomWebClient`, and ArchiveRequestError if the server is not Orthanc */
export function createOrthancClient(access: ArchiveAccess): OrthancClient {
  const http = createArchiveHttp(access);

  async function read<T>(schema: z.ZodType<T>, path: string, options?: CallOptions): Promise<T | undefined> {
    const response = await http({ ...options, path, accept: 'application/json', expect: [404] });
    const answer = await jsonBody(response);
    if (response.status === 404) return undefined;
    const parsed = schema.safeParse(answer);
    // Zod's message may quote values of a patient, so the error names only the path.
    if (!parsed.success) throw new ArchiveRequestError(`The server's answer to ${path.split('?')[0]} is not Orthanc's`);
    return parsed.data;
  }

  async function required<T>(schema: z.ZodType<T>, path: string, options?: CallOptions): Promise<T> {
    const answer = await read(schema, path, options);
    if (answer === undefined)
      throw new ArchiveRequestError(`The server has no ${path.split('?')[0]}: it is not Orthanc`);
    return answer;
  }

  return {
    system: (options) => required(SystemSchema, 'system', options),
    changes: (since, limit, options) => required(ChangesSchema, `changes?since=${since}&limit=${limit}`, options),
    lastChange: async (options) => (await required(ChangesSchema, 'changes?last', options)).changes.at(-1),
    studies: (offset, limit, options) =>
      required(z.array(StudySchema), `studies?expand&since=${offset}&limit=${limit}`, options),
    study: (id, options) => read(StudySchema, `studies/${encodeURIComponent(id)}`, options),

    findStudies: (StudyInstanceUID, options) =>
      findResources(http, StudySchema, { Level: 'Study', Expand: true, Query: { StudyInstanceUID } }, options),

    async series(studyId, options) {
      const found = await read(z.array(SeriesSchema), `studies/${encodeURIComponent(studyId)}/series`, options);
      return found?.toSorted((a, b) => (a.SeriesInstanceUID < b.SeriesInstanceUID ? -1 : 1));
    },

    filesOf: (studyId) => studyFiles(http, `studies/${encodeURIComponent(studyId)}`),
  };
}
