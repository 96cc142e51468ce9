/** Key images as Secondary Capture, RGB, one instance per picture (PS3.3 A.8.1). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { blank, paste, WHITE } from '../image/paint.ts';
import { lineOf } from '../image/plate.ts';
import { drawText, linesWithin, type Rgb, type RgbImage, textWidth } from '../image/text.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import { sourceLine } from './caption.ts';
import {
  codeItem,
  commonAttributes,
  generalSeries,
  imageLaterality,
  inputsOf,
  instanceOf,
  objectUid,
  RESEARCH_ONLY,
  type ResultData,
  type Role,
  reference,
} from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { outcomeCard } from './outcome-card.ts';
import { outcomeInWords } from './outcome-in-words.ts';
import { oneLine } from './plain-text.ts';
import { replacedInstances } from './replacing.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';

const MARGIN = 6;
/** Narrower pictures are put on a plane of this width, so that their words can be read. */
const NARROWEST = 360;
/** Heights of the label's line, in pixels. */
const SIZES = [36, 32, 28, 24, 20, 18, 16, 14];
const SMALLEST = 14;
const YELLOW: Rgb = [255, 210, 0];
const GREY: Rgb = [200, 200, 200];

/** Laterality (Type 2C, C.7.3.1), empty: the side is unknown, or whether the body part is one of a pair. */
const UNKNOWN_SIDE: Attributes = { Laterality: '' };

/** Body parts that are not one of a pair (PS3.16 Table L-1). With these, Laterality must be absent. */
const UNPAIRED: ReadonlySet<string> = new Set(
  (
    'ABDOMEN ABDOMENPELVIS AORTA BLADDER BRAIN CERVIX CHEST CHESTABDOMEN CHESTABDPELVIS COCCYX COLON CSPINE CTSPINE DUODENUM ' +
    'ESOPHAGUS FACE GALLBLADDER HEAD HEADNECK HEART ILEUM JAW JEJUNUM LARYNX LIVER LSPINE LSSPINE MAXILLA MEDIASTINUM MOUTH ' +
    'NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE PANCREAS PELVIS PENIS PHARYNX PROSTATE RECTUM SKULL SPINE SPLEEN ' +
    'SSPINE STERNUM STOMACH THYMUS THYROID TLSPINE TONGUE TRACHEA TSPINE UTERUS VAGINA WHOLEBODY'
  ).split(' '),
);

/** A picture as it is written. */
interface Capture {
  readonly role: Role;
  readonly index: number;
  readonly title: string;
  readonly image: RgbImage;
  readonly sources: readonly InstanceIndex[];
}

/**
 * The result's key images, each with a caption above it and the research label below it. A non-result without pictures gets a card
 * that says so.
 */
export function secondaryCaptures(result: ResultData, source: SourceStudy): readonly DicomObject[] {
  const { keyImages, metadata } = result;
  const byUid = new Map(source.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  const evaluated = inputsOf(result, source);
  const outcome = outcomeInWords(metadata);
  if (keyImages.length === 0) {
    if (outcome === undefined) return [];
    const card = outcomeCard(result, outcome, sourceLine(source, evaluated, evaluated));
    // A role of its own: after a redrive the run may still get its answer, whose pictures are different objects.
    const role = metadata.outcome === 'failed' ? 'failure-card' : 'key-images';
    const title = `${outcome.heading}: ${metadata.reason?.message ?? metadata.summary}`;
    return [capture(result, source, { role, index: 0, title, image: framed(card, []), sources: evaluated })];
  }
  return keyImages.map((picture, index) => {
    const { title } = picture;
    const sources = picture.sources.map((uid) => instanceOf(byUid, uid));
    const about = sourceLine(source, sources.length > 0 ? sources : evaluated, evaluated);
    const caption = [
      ...(outcome ? [{ text: outcome.heading, color: YELLOW, bold: true }] : []),
      { text: title, color: WHITE, bold: true },
      { text: about, color: GREY },
    ];
    return capture(result, source, { role: 'key-images', index, title, image: framed(picture, caption), sources });
  });
}

function capture(
  result: ResultData,
  source: SourceStudy,
  { role, index, title, image, sources }: Capture,
): DicomObject {
  const SOPClassUID = SOP_CLASS.secondaryCapture;
  const [first, ...others] = sources;
  const part = generalSeries(result, source);
  const side = first && others.length === 0 ? imageLaterality(first) : {};
  return {
    kind: 'secondary-capture',
    SOPClassUID,
    SOPInstanceUID: objectUid(result, source, role, index),
    attributes: {
      ...commonAttributes(result, source, { role, index, SOPClassUID, Modality: 'OT' }),
      ...part,
      ConversionType: 'WSD',
      ImageType: ['DERIVED', 'SECONDARY'],
      PatientOrientation: '',
      ...side,
      ...(Object.keys(side).length === 0 && !UNPAIRED.has(String(part['BodyPartExamined'])) && UNKNOWN_SIDE),
      DerivationDescription: oneLine(`${title}. ${RESEARCH_ONLY}`, 1024),
      ImageComments: oneLine(title, 10_240),
      ...replacedInstances(source, SOPClassUID),
      ...(sources.length > 0 && {
        SourceImageSequence: sources.map((instance) => ({
          ...reference(instance),
          PurposeOfReferenceCodeSequence: [codeItem(Dcm.sourceImage)],
        })),
      }),
      BurnedInAnnotation: 'NO',
      RecognizableVisualFeatures: 'NO',
      ...source.lossyCompression,
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      Rows: image.rows,
      Columns: image.columns,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      PixelData: image.rgb,
    },
  };
}

interface Words {
  readonly text: string;
  readonly color: Rgb;
  readonly bold?: boolean;
}

/** The picture below its caption and above the research label, which is in the largest letters that fit, or in several lines. */
function framed(picture: RgbImage, caption: readonly Words[]): RgbImage {
  const columns = Math.max(NARROWEST, picture.columns);
  const width = columns - 2 * MARGIN;
  const above = linesOf(caption, width, lineOf({ rows: picture.rows, columns }));
  const label = RESEARCH_ONLY.toUpperCase();
  const size = SIZES.find((pixels) => textWidth(label, pixels, true) <= width) ?? SMALLEST;
  const below = linesOf([{ text: label, color: YELLOW, bold: true }], width, size);
  const [top, bottom] = [heightOf(above), heightOf(below)];
  const image = blank(top + picture.rows + bottom, columns);
  drawLines(image, above, 0, () => MARGIN);
  paste(image, picture, (columns - picture.columns) >> 1, top);
  drawLines(image, below, top + picture.rows, (line) => (columns - textWidth(line.text, line.size, true)) >> 1);
  return image;
}

interface Line extends Words {
  readonly size: number;
}

function linesOf(words: readonly Words[], width: number, size: number): readonly Line[] {
  return words.flatMap(({ text, color, bold = false }) =>
    linesWithin(text, width, size, bold).map((line) => ({ text: line, color, bold, size })),
  );
}

const heightOf = (lines: readonly Line[]): number =>
  lines.length === 0 ? 0 : lines.reduce((sum, { size }) => sum + size, 2 * MARGIN);

function drawLines(image: RgbImage, lines: readonly Line[], top: number, leftOf: (line: Line) => number): void {
  let row = top + MARGIN;
  for (const line of lines) {
    drawText(image, leftOf(line), row, line.text, line.color, line.size, line.bold);
    row += line.size;
  }
}
