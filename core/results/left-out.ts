/** What a result says about instances that were not evaluated with the others, in words for the radiologist. */
import type { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import type { LeftOut, ResultMetadata } from '../tool.ts';
import { text } from './content-item.ts';

type About = Pick<ResultMetadata, 'inputs' | 'leftOut'>;

/** More UIDs in a text help no reader; the result holds them all. */
const MOST_NAMED = 8;

/** A sentence for each reason, e.g. `1 of 3 images was not evaluated: <reason>.`; empty where all were. */
export function leftOutSentences(metadata: About): readonly string[] {
  return byReason(metadata).map((images) => sentence(images, metadata));
}

/** The same for a Structured Report, with the SOP Instance UIDs. They are text, not references: no finding rests on them. */
export function leftOutItems(metadata: About, name: typeof Dcm.comment): readonly Attributes[] {
  return byReason(metadata).map((images) => {
    const named = images.uids.slice(0, MOST_NAMED).join(', ');
    const others = images.uids.length > MOST_NAMED ? ` and ${images.uids.length - MOST_NAMED} more` : '';
    return text('CONTAINS', name, `${sentence(images, metadata)} SOP Instance UIDs: ${named}${others}.`);
  });
}

interface Group extends Pick<LeftOut, 'reason'> {
  readonly uids: readonly string[];
}

function byReason({ leftOut = [] }: About): readonly Group[] {
  return [...Map.groupBy(leftOut, ({ reason }) => `${reason.code} ${reason.message}`).values()].flatMap((members) =>
    members.slice(0, 1).map(({ reason }) => ({
      reason,
      uids: [...new Set(members.flatMap(({ SOPInstanceUIDs }) => SOPInstanceUIDs))],
    })),
  );
}

/** Counts instances, as people count the images of a series. An instance with many frames may have been evaluated in part. */
function sentence({ uids, reason }: Group, { inputs, leftOut = [] }: About): string {
  const all = new Set([...inputs, ...leftOut.flatMap(({ SOPInstanceUIDs }) => SOPInstanceUIDs)]);
  const isPart = uids.some((uid) => inputs.includes(uid));
  const images = `${uids.length} of ${all.size} ${all.size === 1 ? 'image' : 'images'}`;
  const were = isPart || uids.length > 1 ? 'were' : 'was';
  return `${isPart ? 'Frames of ' : ''}${images} ${were} not evaluated: ${reason.message} (${reason.code}).`;
}
