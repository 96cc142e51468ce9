/** Orthanc as an archive: DICOMweb, and Orthanc's own REST interface for what DICOMweb does not offer. */
import * as z from 'zod';
import { ArchiveRequestError } from '#core/errors.ts';
import type { DicomFile } from '#dicom/read.ts';
import type { Archive, CallOptions, PatientInstance } from '#pipeline/ports.ts';
import { createDicomWebClient } from '../dicomweb/client.ts';
import { headerOf } from '../dicomweb/header.ts';
import { type ArchiveAccess, createArchiveHttp, jsonBody, wholeBody } from '../dicomweb/http.ts';
import { checkOneOrigin } from '../trust/endpoint.ts';
import { findResources } from './find.ts';

export interface OrthancArchiveAccess extends ArchiveAccess {
  /** The DICOMweb root; `url` is the root of Orthanc's own interface, at the same host and port. */
  readonly dicomWebUrl: string;
}

const PatientSchema = z.object({ MainDicomTags: z.object({ PatientID: z.string().default('') }) });

/**
 * An archive that can delete instances, and that finds the one of a patient where several have it. Instances are looked up by study, series
 * and instance UIDs, so that one with the same SOP Instance UID in another study is not meant.
 *
 * @throws the errors of `createDicomWebClient`, and ArchiveRequestError if the server is not Orthanc
 */
export function createOrthancArchive({ dicomWebUrl, ...access }: OrthancArchiveAccess): Archive {
  checkOneOrigin(access.url, dicomWebUrl);
  const http = createArchiveHttp(access);
  const dicomWeb = createDicomWebClient({ ...access, url: dicomWebUrl });

  function find({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: PatientInstance, options: CallOptions) {
    const Query = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
    return findResources(http, z.string(), { Level: 'Instance', Query }, options);
  }

  async function isOf(id: string, PatientID: string, options: CallOptions): Promise<boolean> {
    const path = `instances/${encodeURIComponent(id)}/patient`;
    const response = await http({ ...options, path, accept: 'application/json', expect: [404] });
    const answer = await jsonBody(response);
    if (response.status === 404) return false;
    const parsed = PatientSchema.safeParse(answer);
    // Zod's message may quote values of a patient.
    if (!parsed.success) throw new ArchiveRequestError("The server's answer about a patient is not Orthanc's");
    return parsed.data.MainDicomTags.PatientID.trim() === PatientID;
  }

  /** The header of the patient's own instance. For several patients, DICOMweb answers as if there were none. */
  async function ownHeader(uids: PatientInstance, PatientID: string, options: CallOptions) {
    for (const id of await find(uids, options)) {
      if (!(await isOf(id, PatientID, options))) continue;
      const path = `instances/${encodeURIComponent(id)}/file`;
      const response = await http({ ...options, path, expect: [404] });
      if (response.status !== 404) return await headerOf(response.body);
      await wholeBody(response);
    }
    return undefined;
  }

  return {
    ...dicomWeb,

    async retrieveHeader(uids, options = {}): Promise<DicomFile | undefined> {
      const found = await dicomWeb.retrieveHeader(uids, options);
      const { PatientID } = uids;
      if (PatientID === undefined || found?.dataset.text('PatientID')?.trim() === PatientID) return found;
      return (await ownHeader(uids, PatientID, options)) ?? found;
    },

    async deleteInstance(uids, options = {}) {
      let deleted = 0;
      for (const id of await find(uids, options)) {
        const path = `instances/${encodeURIComponent(id)}`;
        const response = await http({ ...options, method: 'DELETE', path, expect: [404] });
        await wholeBody(response);
        if (response.status !== 404) deleted += 1;
      }
      return deleted === 0 ? 'absent' : 'deleted';
    },
  };
}
