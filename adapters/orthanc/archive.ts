/** Orthanc as an archive: DICOMweb, and Orthanc's own REST interface for what DICOMweb does not offer. */
import * as z from 'zod';
import type { Archive } from '#pipeline/ports.ts';
import { createDicomWebClient } from '../dicomweb/client.ts';
import { type ArchiveAccess, createArchiveHttp, wholeBody } from '../dicomweb/http.ts';
import { findResources } from './find.ts';

export interface OrthancArchiveAccess extends ArchiveAccess {
  /** The DICOMweb root; `url` is the root of Orthanc's own interface. */
  readonly dicomWebUrl: string;
}

/**
 * An archive that can delete instances. The instance is looked up by its study, series and instance UIDs, so that one with
 * the same SOP Instance UID in another study is not deleted.
 *
 * @throws the errors of `createDicomWebClient`, and ArchiveRequestError if the server is not Orthanc
 */
export function createOrthancArchive({ dicomWebUrl, ...access }: OrthancArchiveAccess): Archive {
  const http = createArchiveHttp(access);

  return {
    ...createDicomWebClient({ ...access, url: dicomWebUrl }),

    async deleteInstance(uids, options = {}) {
      const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = uids;
      const Query = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
      const found = await findResources(http, z.string(), { Level: 'Instance', Query }, options);
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
