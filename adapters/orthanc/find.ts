/** `/tools/find` of Orthanc's REST interface: finds resources by their attributes. */
import * as z from 'zod';
import { ArchiveRequestError } from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { type ArchiveHttp, jsonBody } from '../dicomweb/http.ts';

export interface OrthancQuery {
  readonly Level: 'Study' | 'Instance';
  /** Values to match, by keyword. */
  readonly Query: Readonly<Record<string, string>>;
  /** Returns the resources' attributes instead of their identifiers only. */
  readonly Expand?: true;
}

/** @throws ArchiveRequestError if the answer is not a list of `item`, as from a server that is not Orthanc */
export async function findResources<T>(
  http: ArchiveHttp,
  item: z.ZodType<T>,
  query: OrthancQuery,
  options: CallOptions = {},
): Promise<readonly T[]> {
  const response = await http({
    ...options,
    method: 'POST',
    path: 'tools/find',
    accept: 'application/json',
    contentType: 'application/json',
    body: () => [Buffer.from(JSON.stringify(query))],
  });
  const parsed = z.array(item).safeParse(await jsonBody(response));
  // Zod's message may quote values of a patient.
  if (!parsed.success) throw new ArchiveRequestError("The server's answer to tools/find is not Orthanc's");
  return parsed.data;
}
