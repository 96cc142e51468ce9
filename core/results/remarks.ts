/** What a result says about its input as a whole: series joined, positions rounded, images passed over. */
import type { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import type { PassedOver, ResultMetadata } from '../tool.ts';
import { text } from './content-item.ts';
import { leftOutItems, leftOutSentences } from './left-out.ts';

type OfInput = Pick<ResultMetadata, 'passedOver' | 'joined' | 'notes'>;
type About = OfInput & Pick<ResultMetadata, 'inputs' | 'leftOut'>;

/** More series in a sentence, or more sentences, help no reader; the result holds them all. */
const MOST_NAMED = 8;
const MOST_REASONS = 4;

/** A sentence for each remark: what was left out, joined, noted and passed over. */
export function remarkSentences(metadata: About): readonly string[] {
  return [...leftOutSentences(metadata), ...inputSentences(metadata)];
}

/** The same for a Structured Report, with the SOP Instance UIDs of what was left out. */
export function remarkItems(metadata: About, name: typeof Dcm.comment): readonly Attributes[] {
  return [
    ...leftOutItems(metadata, name),
    ...inputSentences(metadata).map((sentence) => text('CONTAINS', name, sentence)),
  ];
}

/** The sentences that are not part of the summary: what was joined, noted and passed over. */
export function inputSentences({ joined = [], notes = [], passedOver = [] }: OfInput): readonly string[] {
  return [
    ...joined.map(({ length }) => `${length} series that adjoin were evaluated as one volume (joined-series).`),
    ...notes.map(({ code, message }) => `${message} (${code}).`),
    ...passedOverSentences(passedOver),
  ];
}

/** By reason: `Not evaluated: CT series 3, 60 images; CT series 5, 110 images. <reason> (<code>).` */
function passedOverSentences(passedOver: readonly PassedOver[]): readonly string[] {
  const groups = [...Map.groupBy(passedOver, ({ reason }) => `${withoutStop(reason.message)} (${reason.code})`)];
  const told = groups.slice(0, MOST_REASONS).map(([reason, images]) => {
    const named = images.slice(0, MOST_NAMED).map(seriesOf).join('; ');
    const more = images.length > MOST_NAMED ? `; and ${images.length - MOST_NAMED} more` : '';
    return `Not evaluated: ${named}${more}. ${reason}.`;
  });
  const rest = groups.slice(MOST_REASONS).reduce((sum, [, images]) => sum + images.length, 0);
  return rest === 0 ? told : [...told, `Not evaluated for further reasons: ${rest} more.`];
}

const withoutStop = (message: string): string => message.replace(/\.$/, '');

/** As readers find it in the study: by number, or by the end of its UID where it has none. */
function seriesOf({ Modality, SeriesNumber, SeriesInstanceUID, images }: PassedOver): string {
  const name = SeriesNumber === undefined ? `…${SeriesInstanceUID.slice(-8)}` : String(SeriesNumber);
  return `${Modality} series ${name}, ${images} ${images === 1 ? 'image' : 'images'}`;
}
