/**
 * Keeps the identities of studies: their patient and study modules as the PACS has them, `identities/<digest>.dcm`. Manifests and messages
 * name an identity by its digest only.
 */
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { MissingChunkError } from '#core/errors.ts';
import { identityObjectOf, isSameIdentity } from '#core/results/identity-object.ts';
import type { Dataset } from '#dicom/dataset.ts';
import type { ArchiveSecret } from './environment.ts';
import { identityKey } from './keys.ts';
import type { CallOptions, InstanceUids, ObjectStore } from './ports.ts';

/**
 * Stores the identity in a data set and returns its digest. The digest is keyed, since patients' names and numbers are easily guessed. Two
 * places may use different keys: only the content tells whether two identities are the same.
 */
export async function storeIdentity(
  objects: Pick<ObjectStore, 'put'>,
  dataset: Dataset,
  key: Uint8Array,
  options: CallOptions = {},
): Promise<string> {
  const bytes = identityObjectOf(dataset);
  const digest = createHmac('sha256', key).update(bytes).digest('hex');
  await objects.put(identityKey(digest), bytes, { ...options, ifAbsent: true, contentType: 'application/dicom' });
  return digest;
}

/** @throws MissingChunkError if the identity is not in the bucket */
export async function readIdentity(
  objects: Pick<ObjectStore, 'get'>,
  digest: string,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const bytes = await objects.get(identityKey(digest), options);
  if (bytes === undefined)
    throw new MissingChunkError("The study's identity is not in the bucket", { facts: { identity: digest } });
  return bytes;
}

/** The instance from whose header a study's identity is read: always the same, since other headers of the study may say other things. */
export function identityInstanceOf<T extends InstanceUids>(instances: readonly T[]): T | undefined {
  return instances.reduce<T | undefined>(
    (first, one) => (first !== undefined && first.SOPInstanceUID < one.SOPInstanceUID ? first : one),
    undefined,
  );
}

/**
 * Whether two digests, which may have different keys, name the same identity. Two studies without one have the same. Of one that the bucket has
 * lost, nobody can tell: it counts as another.
 */
export async function areSameIdentities(
  objects: Pick<ObjectStore, 'get'>,
  a: string | undefined,
  b: string | undefined,
): Promise<boolean> {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const [ofA, ofB] = await Promise.all([objects.get(identityKey(a)), objects.get(identityKey(b))]);
  return ofA !== undefined && ofB !== undefined && isSameIdentity(ofA, ofB);
}

/** Stores the identity of a data set and returns its digest, unless it is the identity `own`. */
export async function otherIdentity(
  objects: Pick<ObjectStore, 'get' | 'put'>,
  own: Uint8Array,
  dataset: Dataset,
  key: Uint8Array,
  options: CallOptions = {},
): Promise<string | undefined> {
  if (isSameIdentity(own, identityObjectOf(dataset))) return undefined;
  return await storeIdentity(objects, dataset, key, options);
}

/** The key of an archive that has no secret of its own. It lives as long as the process. */
const OWN = randomBytes(32);

/** The key for the identities that are read from an archive, from its secret. */
export function identityKeyOf({ identityKey: given, password }: ArchiveSecret): Uint8Array {
  if (given !== undefined) return Buffer.from(given, 'utf8');
  if (password === undefined || password === '') return OWN;
  return new Uint8Array(hkdfSync('sha256', password, 'hilum', 'identity', 32));
}
