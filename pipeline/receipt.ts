/** `receipt.json`: the proof that a set was delivered. */
import { receiptKey } from './keys.ts';
import type { ObjectList } from './object-list.ts';
import type { CallOptions, ObjectStore } from './ports.ts';
import type { Replaced } from './replaced.ts';
import type { SetFile } from './set-file.ts';

/** By SOP Instance UID, the keywords of what the archive added to an object or coerced. */
export type Coerced = Readonly<Record<string, readonly string[]>>;

/** The receipt says what the archive made of the objects, what it would not tell, and what became of those that are replaced. */
export async function storeReceipt(
  objects: ObjectStore,
  set: SetFile,
  list: ObjectList,
  about: { readonly coerced: Coerced; readonly replaced: Replaced; readonly untold: readonly string[] },
  options: CallOptions,
): Promise<void> {
  const { tool, runId, setId, answer } = set;
  const { coerced, untold } = about;
  const { deleted, remaining } = about.replaced;
  const receipt = {
    ...{ format: 'hilum.receipt/1', runId, setId, answer, proof: 'read-back', objects: list.objects },
    ...(Object.keys(coerced).length > 0 && { coerced }),
    ...(untold.length > 0 && { untold }),
    ...(deleted + remaining > 0 && { replaced: { deleted, remaining } }),
  };
  await objects.put(receiptKey({ tool, runId, setId }), new TextEncoder().encode(JSON.stringify(receipt)), {
    ...options,
    contentType: 'application/json',
  });
}
