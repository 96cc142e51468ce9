/** Orthanc as an archive: DICOMweb, and its own interface for what DICOMweb has no equal for. */
import * as z from 'zod';
import { ArchiveRequestError } from '#core/errors.ts';
import type { Archive, CallOptions, InstanceUids } from '#pipeline/ports.ts';
import { createDicomWebClient } from '../dicomweb/client.ts';
import { type ArchiveAccess, createArchiveHttp, jsonBody, wholeBody } from '../dicomweb/http.ts';

export interface OrthancArchiveAccess extends ArchiveAccess {
  /** The DICOMweb root; `url` is that of Orthanc's own interface. */
  readonly dicomWebUrl: string;
}

const FoundSchema = z.array(z.string());

/**
 * An archive that can delete. Orthanc names a resource by its patient, study, series and instance, so that an instance of
 * the same SOP Instance UID in another study stays.
 *
 * @throws the errors of `createDicomWebClient`, and ArchiveRequestError where what answers is not Orthanc
 */
export function createOrthancArchive({ dicomWebUrl, ...access }: OrthancArchiveAccess): Archive {
  const http = createArchiveHttp(access);

  async function find(uids: InstanceUids, options: CallOptions): Promise<readonly string[]> {
    const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = uids;
    const query = { Level: 'Instance', Query: { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } };
    const response = await http({
      ...options,
      method: 'POST',
      path: 'tools/find',
      accept: 'application/json',
      contentType: 'application/json',
      body: [Buffer.from(JSON.stringify(query))],
    });
    const parsed = FoundSchema.safeParse(await jsonBody(response));
    if (!parsed.success) throw new ArchiveRequestError('What answers under tools/find is not Orthanc');
    return parsed.data;
  }

  return {
    ...createDicomWebClient({ ...access, url: dicomWebUrl }),

    async deleteInstance(uids, options = {}) {
      const found = await find(uids, options);
      let deleted = 0;
      for (const id of found) {
        const path = `instances/${encodeURIComponent(id)}`;
        const response = await http({ ...options, method: 'DELETE', path, expect: [404] });
        await wholeBody(response);
        if (response.status !== 404) deleted += 1;
      }
      return deleted === 0 ? 'absent' : 'deleted';
    },
  };
}
