/** Key images as Secondary Capture, RGB, one instance per picture (PS3.3 A.8.1). */
import { Dcm } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { wrapWords } from '../fonts/font.ts';
import { drawText, type RgbImage, textWidth } from '../image/text.ts';
import type { InstanceIndex } from '../study/study-index.ts';
import {
  codeItem,
  commonAttributes,
  generalSeries,
  imageLaterality,
  instanceOf,
  objectUid,
  RESEARCH_ONLY,
  type ResultData,
  reference,
} from './common.ts';
import type { DicomObject } from './dicom-object.ts';
import { oneLine } from './plain-text.ts';
import { replacedInstances } from './replacing.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { SourceStudy } from './source-study.ts';

const MARGIN = 4;
/** Heights of the label's line, in pixels. */
const SIZES = [36, 32, 28, 24, 20, 18, 16, 14];
const SMALLEST = 14;

/** Laterality (Type 2C, C.7.3.1), empty: the body part is unknown, and so is whether it is paired. */
const UNKNOWN_SIDE: Attributes = { Laterality: '' };

/** The result's key images, each with the research label in a band below it. */
export function secondaryCaptures(result: ResultData, source: SourceStudy): readonly DicomObject[] {
  const byUid = new Map(source.instances.map((instance) => [instance.SOPInstanceUID, instance]));
  return result.keyImages.map((picture, index) => {
    const banded = withBand(picture);
    const sources: readonly InstanceIndex[] = picture.sources.map((uid) => instanceOf(byUid, uid));
    const [first, ...others] = sources;
    const part = generalSeries(result, source);
    const side = first && others.length === 0 ? imageLaterality(first) : {};
    return {
      kind: 'secondary-capture',
      SOPClassUID: SOP_CLASS.secondaryCapture,
      SOPInstanceUID: objectUid(result, source, 'key-images', index),
      attributes: {
        ...commonAttributes(result, source, {
          role: 'key-images',
          index,
          SOPClassUID: SOP_CLASS.secondaryCapture,
          Modality: 'OT',
        }),
        ...part,
        ConversionType: 'WSD',
        ImageType: ['DERIVED', 'SECONDARY'],
        PatientOrientation: '',
        ...side,
        ...(Object.keys({ ...part, ...side }).length === 0 && UNKNOWN_SIDE),
        DerivationDescription: oneLine(`${picture.title}. ${RESEARCH_ONLY}`, 1024),
        ImageComments: oneLine(picture.title, 10_240),
        ...replacedInstances(source, SOP_CLASS.secondaryCapture),
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
        Rows: banded.rows,
        Columns: banded.columns,
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelRepresentation: 0,
        PixelData: banded.rgb,
      },
    };
  });
}

/** The picture above a black band with the label, in the largest letters that fit, on several lines if necessary. */
function withBand({ rows, columns, rgb }: RgbImage): RgbImage {
  const label = RESEARCH_ONLY.toUpperCase();
  const width = columns - 2 * MARGIN;
  const size = SIZES.find((pixels) => textWidth(label, pixels, true) <= width) ?? SMALLEST;
  const lines = wrapWords(label, width, (line) => textWidth(line, size, true));
  const height = lines.length * size + 2 * MARGIN;
  const banded = { rows: rows + height, columns, rgb: new Uint8Array((rows + height) * columns * 3) };
  banded.rgb.set(rgb);
  lines.forEach((line, index) => {
    const left = Math.max(0, Math.floor((columns - textWidth(line, size, true)) / 2));
    drawText(banded, left, rows + MARGIN + index * size, line, [255, 210, 0], size, true);
  });
  return banded;
}
