/**
 * The manifest that closes an upload: the study's instances, the position of each in its chunk, and the header index that
 * routing and conversion need. It holds no patient data (`core/study/study-index.ts`).
 */
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import { refuseNewer } from '#core/newer-format.ts';
import { InstanceIndexSchema } from '#core/study/study-index.ts';
import { KEY_UID } from '#dicom/uid.ts';
import { LANES } from './keys.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * `counted`: everything was there that headers count. `stable`: for a while nothing had come. `deadline`: something was missing, by a
 * count or between slices, and did not come in time.
 */
const COMPLETENESS = ['counted', 'stable', 'deadline'] as const;
export type Completeness = (typeof COMPLETENESS)[number];

const ManifestInstanceSchema = InstanceIndexSchema.extend({
  /** SHA-256 (hex) of the chunk that holds the file, and the file's position in the chunk. */
  chunk: digest,
  offset: z.number().int().nonnegative(),
  length: z.number().int().positive(),
});

const ManifestSchema = z
  .object({
    format: z.literal('hilum.manifest/1'),
    StudyInstanceUID: z.string().regex(KEY_UID),
    revision: digest,
    lane: z.enum(LANES),
    /** How the edge knew that the study had arrived: older edges did not say. The tools check what they were given, whatever it says. */
    complete: z.enum(COMPLETENESS).optional(),
    /** Names the patient and study modules that the PACS had for the study (`pipeline/identities.ts`). Older edges did not say. */
    identity: digest.optional(),
    /** Names the patient whose study it is: a keyed digest of Patient ID. Older edges did not say. */
    patient: digest.optional(),
    /** The other patients for whom the PACS has a study of this UID, a fault of archives. Their results are none of this manifest's. */
    others: z.array(digest).min(1).readonly().optional(),
    /** Counts the study's manifests: one above the greatest before it, all patients together. Older edges did not count. */
    sequence: z.number().int().positive().optional(),
    /** The study was deleted in the PACS and has come back, so that its results are to be stored again. */
    back: z.literal(true).optional(),
    instances: z.array(ManifestInstanceSchema).min(1).readonly(),
  })
  .refine(
    ({ StudyInstanceUID, instances }) => instances.every((instance) => instance.StudyInstanceUID === StudyInstanceUID),
    'instances of another study',
  )
  .refine(({ instances }) => instances.every(({ length, sizeBytes }) => length === sizeBytes), 'lengths that differ');
export type Manifest = Readonly<z.infer<typeof ManifestSchema>>;

/**
 * Encodes a manifest as JSON. Instances are sorted by SOPInstanceUID, then by content, and attributes are in the schema's order, so that the
 * same study gives the same bytes. Attributes outside the allow-list are left out.
 *
 * @throws MessageError if it is not a valid manifest
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { instances, ...rest } = checked(manifest);
  const sorted = instances.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return new TextEncoder().encode(JSON.stringify({ ...rest, instances: sorted }));
}

const nameOf = ({ SOPInstanceUID, sha256 }: Manifest['instances'][number]): string => `${SOPInstanceUID} ${sha256}`;

/**
 * @throws NewerFormatError if the bytes are a manifest of a later version
 * @throws MessageError if they are no manifest
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const json = parseJson(bytes);
  refuseNewer(json, 'hilum.manifest/1');
  return checked(json);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new MessageError('The manifest is not JSON', { cause });
  }
}

function checked(manifest: unknown): Manifest {
  const parsed = ManifestSchema.safeParse(manifest);
  if (!parsed.success) throw new MessageError('The object is not a hilum.manifest/1 manifest', { cause: parsed.error });
  return parsed.data;
}
