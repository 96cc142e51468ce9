/** Looks at the source of results as the PACS has it now: whether its images are still there, and whose they are. */
import { ArchiveRequestError, ArchiveUnavailableError } from '#core/errors.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { DicomFile } from '#dicom/read.ts';
import type { ObjectList } from './object-list.ts';
import type { Archive, CallOptions } from './ports.ts';

/** The archive's methods that the look needs. */
export type SourceArchive = Pick<Archive, 'listInstances' | 'retrieveHeader'>;

/** What a PACS would not tell: which instances its study has, or an image's header. */
export type Untold = 'instances' | 'identity';

export type SourceNow =
  /** None of the images is in the PACS any more. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'there';
      /** The header of one of the study's instances; undefined if the PACS would not tell. */
      readonly header: DicomFile | undefined;
      /** The SOP Instance UIDs of all that the PACS has of the study; undefined if it would not tell. */
      readonly instances: ReadonlySet<string> | undefined;
      readonly untold: readonly Untold[];
    };

/** Without a list of what is there, so many images are asked for. */
const MOST_ASKED = 3;

/**
 * A study without any of the images is gone only if the PACS, asked for images themselves, has none either: searches may be limited, or lag.
 *
 * @throws ArchiveUnavailableError if the PACS does not answer, or lists images and does not send them
 * @throws the archive's other errors, except that it refuses such requests
 */
export async function lookAtSource(
  archive: SourceArchive,
  { StudyInstanceUID, inputs, identityInstance }: Pick<ObjectList, 'StudyInstanceUID' | 'inputs' | 'identityInstance'>,
  options: CallOptions = {},
): Promise<SourceNow> {
  const instances = await unlessRefused(async () => {
    const found = new Set<string>();
    for await (const { SOPInstanceUID } of archive.listInstances({ StudyInstanceUID }, options))
      found.add(SOPInstanceUID);
    return found;
  });
  const untold = instances === undefined ? (['instances'] as const) : [];
  const known = inputs.filter(({ SOPInstanceUID }) => instances?.has(SOPInstanceUID) === true);
  const isListed = known.length > 0;
  const isFirst = identityInstance !== undefined && (isListed ? instances?.has(identityInstance.SOPInstanceUID) : true);
  const asked = [...(isFirst ? [identityInstance] : []), ...(isListed ? known : inputs)].slice(0, MOST_ASKED);
  for (const uids of asked) {
    const answer = await unlessRefused(async () => ({
      header: await archive.retrieveHeader({ StudyInstanceUID, ...uids }, options),
    }));
    if (answer === undefined) return { kind: 'there', header: undefined, instances, untold: [...untold, 'identity'] };
    if (answer.header !== undefined) return { kind: 'there', header: answer.header, instances, untold };
  }
  if (asked.length === 0) return { kind: 'there', header: undefined, instances, untold: [...untold, 'identity'] };
  if (!isListed) return { kind: 'gone' };
  throw new ArchiveUnavailableError('The archive lists images of the study and does not send them', {
    facts: { StudyInstanceUID },
  });
}

/** Undefined if the archive refuses the request, or sends what cannot be read: not every PACS has every service. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ArchiveRequestError || error instanceof DicomReadError) return undefined;
    throw error;
  }
}
