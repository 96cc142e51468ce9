/**
 * Reads the files of one of Orthanc's studies by Orthanc's own identifiers, where DICOMweb cannot: it knows a study by its UID only, and
 * answers as if it had none if two patients have it.
 */
import * as z from 'zod';
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import type { DicomWebClient } from '../dicomweb/client.ts';
import { headerOf } from '../dicomweb/header.ts';
import { type ArchiveHttp, type ArchiveResponse, jsonBody, wholeBody } from '../dicomweb/http.ts';
import { readOrKept } from '../dicomweb/in-memory.ts';

/** As DICOMweb reads them. */
export type StudyFiles = Pick<DicomWebClient, 'retrieveSeries' | 'retrieveHeader'>;

const SeriesSchema = z.array(
  z.object({ Instances: z.array(z.string()), MainDicomTags: z.object({ SeriesInstanceUID: z.string() }) }),
);
const InstancesSchema = z.array(z.object({ ID: z.string(), MainDicomTags: z.object({ SOPInstanceUID: z.string() }) }));

/** @param study the path of the study */
export function studyFiles(http: ArchiveHttp, study: string): StudyFiles {
  async function list<T>(schema: z.ZodType<readonly T[]>, path: string, options: CallOptions): Promise<readonly T[]> {
    const response = await http({ ...options, path, accept: 'application/json', expect: [404] });
    const answer = await jsonBody(response);
    if (response.status === 404) return [];
    const parsed = schema.safeParse(answer);
    // Zod's message may quote values of a patient.
    if (!parsed.success) throw new ArchiveRequestError("The server's list of a study is not Orthanc's");
    return parsed.data;
  }

  /** Undefined if the instance is gone. */
  async function file(id: string, options: CallOptions): Promise<ArchiveResponse | undefined> {
    const response = await http({ ...options, path: `instances/${encodeURIComponent(id)}/file`, expect: [404] });
    if (response.status !== 404) return response;
    await wholeBody(response);
    return undefined;
  }

  return {
    async *retrieveSeries({ SeriesInstanceUID }, { large, ...options } = {}) {
      const all = await list(SeriesSchema, `${study}/series`, options);
      const series = all.find(({ MainDicomTags }) => MainDicomTags.SeriesInstanceUID === SeriesInstanceUID);
      for (const id of series?.Instances ?? []) {
        const response = await file(id, options);
        if (response === undefined) throw new ArchiveUnavailableError('Orthanc lists an instance and does not send it');
        const bytes = await readOrKept(response.body, large);
        if (bytes !== undefined) yield bytes;
      }
    },

    async retrieveHeader({ SOPInstanceUID }, options = {}) {
      const all = await list(InstancesSchema, `${study}/instances`, options);
      const found = all.find(({ MainDicomTags }) => MainDicomTags.SOPInstanceUID === SOPInstanceUID);
      const response = found && (await file(found.ID, options));
      return response && (await headerOf(response.body));
    },
  };
}
