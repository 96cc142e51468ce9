import type { StoreOutcome } from '#pipeline/ports.ts';
import { type DicomJson, itemsOf, numberOf, textOf } from './dicom-json.ts';

const FAILED_SOP_SEQUENCE = '00081198';
const REFERENCED_SOP_SEQUENCE = '00081199';
const REFERENCED_SOP_INSTANCE_UID = '00081155';
const WARNING_REASON = '00081196';
const FAILURE_REASON = '00081197';

/** Whether an answer lists any instances; error pages and empty answers do not. */
export const accountsForInstances = (answer: DicomJson): boolean =>
  FAILED_SOP_SEQUENCE in answer || REFERENCED_SOP_SEQUENCE in answer;

/**
 * The outcomes in a Store Instances Response Module (PS3.18 I.2): one per UID sent, in the same order. An instance that the
 * answer does not list counts as not stored. An instance that is listed as both stored and failed counts as failed.
 */
export function storeOutcomes(answer: DicomJson, sent: readonly string[]): readonly StoreOutcome[] {
  const byUid = (tag: string) =>
    new Map(itemsOf(answer, tag).map((item) => [textOf(item, REFERENCED_SOP_INSTANCE_UID), item]));
  const failed = byUid(FAILED_SOP_SEQUENCE);
  const stored = byUid(REFERENCED_SOP_SEQUENCE);
  return sent.map((SOPInstanceUID) => {
    const failure = failed.get(SOPInstanceUID);
    const failureReason = failure && numberOf(failure, FAILURE_REASON);
    const success = failure ? undefined : stored.get(SOPInstanceUID);
    const warningReason = success && numberOf(success, WARNING_REASON);
    return {
      SOPInstanceUID,
      stored: success !== undefined,
      ...(failureReason !== undefined && { failureReason }),
      ...(warningReason !== undefined && { warningReason }),
    };
  });
}
