/** `/tools/find` of Orthanc's own interface: resources by their attributes. */
import * as z from 'zod';
import { ArchiveRequestError } from '#core/errors.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { type ArchiveHttp, jsonBody } from '../dicomweb/http.ts';

export interface OrthancQuery {
  readonly Level: 'Study' | 'Instance';
  /** By keyword. */
  readonly Query: Readonly<Record<string, string>>;
  /** What is known of each resource, instead of its identifier alone. */
  readonly Expand?: true;
}

/** @throws ArchiveRequestError where what answers is not Orthanc: an answer that is no list of what `item` describes */
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
    body: [Buffer.from(JSON.stringify(query))],
  });
  const parsed = z.array(item).safeParse(await jsonBody(response));
  // Zod's message may quote values, which may be a patient's.
  if (!parsed.success) throw new ArchiveRequestError('What answers under tools/find is not Orthanc');
  return parsed.data;
}
