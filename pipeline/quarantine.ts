/** Keeps what the writer or the output gate refused, for later analysis: the reason, and the object if there is one. */
import { RefusedObjectError } from '#core/errors.ts';
import type { DicomObject } from '#core/results/dicom-object.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { isKeyUid } from '#dicom/uid.ts';
import { encodeDicom } from '#dicom/write.ts';
import { quarantineKey } from './keys.ts';
import type { RunMessage } from './messages.ts';
import type { ObjectStore } from './ports.ts';

/** Stores the refusal of a run's answer under `quarantine/`. */
export async function quarantine(
  objects: ObjectStore,
  { runId, answer }: Pick<RunMessage, 'runId' | 'answer'>,
  error: DicomWriteError,
): Promise<void> {
  const { code, message, facts } = error;
  const refused = error instanceof RefusedObjectError ? error.object : undefined;
  const bytes = refused === undefined || !isKeyUid(refused.SOPInstanceUID) ? undefined : encoded(refused);
  const object = bytes && refused && quarantineKey(runId, `${answer}-${refused.SOPInstanceUID}.dcm`);
  if (bytes && object) await objects.put(object, bytes, { contentType: 'application/dicom' });
  const refusal = {
    ...{ format: 'hilum.quarantine/1', runId, answer, code, message, facts },
    ...(object !== undefined && { object }),
  };
  await objects.put(quarantineKey(runId, `${answer}-refusal.json`), new TextEncoder().encode(JSON.stringify(refusal)), {
    contentType: 'application/json',
  });
}

/** Undefined if the object cannot be encoded. */
function encoded({ attributes }: DicomObject): Uint8Array | undefined {
  try {
    return encodeDicom(attributes);
  } catch (error) {
    if (error instanceof DicomWriteError) return undefined;
    throw error;
  }
}
