/** The tool's answer: findings, masks, pictures and a report. */
import type { Finding, KeyImage, Measurement, Report, ResultContent, Segment } from '#core/tool.ts';
import { type CodedConcept, Sct, Teeth, ToothNumber, ToothSurfaces, Units } from '#dicom/codes.ts';
import { DEPTH_WORDS } from './depth.ts';
import { type Evaluation, isRightOnLeft, type MarkedLesion } from './evaluate.ts';
import type { Side } from './lesions.ts';
import { drawPicture } from './picture.ts';

const RED_CIELAB: readonly [number, number, number] = [38_550, 50_200, 46_500];

interface Numbered {
  readonly number: number;
  readonly evaluation: Evaluation;
  readonly lesion: MarkedLesion;
}

/** The answer for the radiographs that could be evaluated, in their order. */
export function contentOf(evaluations: readonly Evaluation[], notEvaluable: readonly string[]): ResultContent {
  const numbered: readonly Numbered[] = evaluations
    .flatMap((evaluation) => evaluation.lesions.map((lesion) => ({ evaluation, lesion })))
    .map((entry, index) => ({ number: index + 1, ...entry }));
  const keyImages = evaluations.map((evaluation) => keyImageOf(evaluation, numbered));
  const seen = evaluations.reduce((sum, { crowns }) => sum + crowns.length, 0);
  const looked = `${seen} tooth crowns on ${plural(evaluations.length, 'radiograph')}`;
  const report = reportOf(numbered, evaluations, notEvaluable);
  if (numbered.length === 0) {
    const message = `No carious lesion was seen above the operating point among ${looked}. This does not exclude caries.`;
    return {
      outcome: 'no-finding',
      reason: { code: 'no-lesion-seen', message },
      summary: `No carious lesion seen among ${looked}`,
      findings: [],
      segments: [],
      keyImages,
      report,
    };
  }
  return {
    outcome: 'result',
    summary: `${plural(numbered.length, 'suspected carious lesion')} among ${looked}`,
    findings: numbered.map(findingOf),
    segments: numbered.map(segmentOf),
    keyImages,
    report,
  };
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function findingOf({ number, lesion, evaluation }: Numbered): Finding {
  const depthMm = depthOf(lesion, evaluation);
  return {
    id: `lesion-${number}`,
    summary: `Suspected caries, ${placeOf(lesion, evaluation)}, into the ${reachOf(lesion)}${depthMm === undefined ? '' : `, about ${depthMm} mm deep`}`,
    finding: Sct.dentalCaries,
    ...siteOf(lesion, evaluation),
    measurements: measurementsOf(lesion, evaluation),
    evaluations:
      lesion.crown.fdi === undefined ? [] : [{ name: ToothNumber.name, value: ToothNumber.of(lesion.crown.fdi) }],
    certainty: round(lesion.certainty, 2),
    segmentNumber: number,
    regions: [
      { SOPInstanceUID: evaluation.image.header.SOPInstanceUID, graphicType: 'POLYLINE', points: lesion.outline },
    ],
  };
}

/** The tooth, its side of the mouth and its surface as codes, as far as they are known. */
function siteOf(
  { crown: { fdi }, side }: MarkedLesion,
  evaluation: Evaluation,
): Pick<Finding, 'site' | 'laterality' | 'siteModifier'> {
  const site = fdi === undefined ? undefined : Teeth[fdi];
  if (fdi === undefined || site === undefined) return { site: Sct.toothStructure };
  const siteModifier = surfaceCodeOf(fdi, side, evaluation);
  return { site, laterality: isRightTooth(fdi) ? Sct.right : Sct.left, ...(siteModifier && { siteModifier }) };
}

/** Incisors and canines have an incisal edge instead. */
const hasOcclusalSurface = (fdi: string): boolean => Number(fdi[1]) > 3;

function surfaceCodeOf(fdi: string, side: Side, evaluation: Evaluation): CodedConcept | undefined {
  if (side !== 'occlusal') return ToothSurfaces[surfaceOf(fdi, side, evaluation)];
  return hasOcclusalSurface(fdi) ? ToothSurfaces.occlusal : undefined;
}

/** Measured at the detector, magnification included. Empty where the source does not state the size of its pixels. */
function measurementsOf(lesion: MarkedLesion, evaluation: Evaluation): readonly Measurement[] {
  const { known, spacingMm } = evaluation.scale;
  if (!known) return [];
  const depthMm = depthOf(lesion, evaluation);
  const areaMm2 = round(lesion.pixels.length * spacingMm[0] * spacingMm[1], 2);
  return [
    ...(depthMm === undefined ? [] : [{ name: Sct.depth, value: depthMm, unit: Units.millimetre }]),
    { name: Sct.area, value: areaMm2, unit: Units.squareMillimetre },
  ];
}

/** From the side of the crown inwards, mm. Undefined for the occlusal surface, whose height a core does not determine. */
function depthOf({ side, depth }: MarkedLesion, { scale, workingMm }: Evaluation): number | undefined {
  return scale.known && side !== 'occlusal' ? round(depth * workingMm, 1) : undefined;
}

/** `inner half of the enamel (E2)` */
function reachOf({ depthClass }: MarkedLesion): string {
  return `${DEPTH_WORDS[depthClass]} (${depthClass})`;
}

/** The place in words: `mesial surface of tooth 26`, or `right side (as shown) of an upper tooth` without a number. */
function placeOf({ crown, side }: MarkedLesion, evaluation: Evaluation): string {
  const { fdi, jaw } = crown;
  const tooth = fdi === undefined ? (jaw === 'upper' ? 'an upper tooth' : 'a lower tooth') : `tooth ${fdi}`;
  if (side === 'occlusal')
    return `${fdi !== undefined && !hasOcclusalSurface(fdi) ? 'incisal edge' : 'occlusal surface'} of ${tooth}`;
  if (fdi === undefined) return `${side} side (as shown) of ${tooth}`;
  return `${surfaceOf(fdi, side, evaluation)} surface of ${tooth}`;
}

/** Mesial faces the midline. For teeth on the picture's left (commonly the patient's right), that is the side to the right. */
function surfaceOf(fdi: string, side: Exclude<Side, 'occlusal'>, { image }: Evaluation): 'mesial' | 'distal' {
  const isOnLeft = isRightTooth(fdi) === isRightOnLeft(image);
  return (side === 'right') === isOnLeft ? 'mesial' : 'distal';
}

const isRightTooth = (fdi: string): boolean => fdi.startsWith('1') || fdi.startsWith('4');

/** One segment per lesion, so each lesion can be followed from one study to the next. */
function segmentOf({ number, lesion, evaluation }: Numbered): Segment {
  const { rows, columns, header } = evaluation.image;
  const bits = new Uint8Array(Math.ceil((rows * columns) / 8));
  for (const index of lesion.pixels) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  return {
    number,
    label: `Suspected caries ${number}`,
    category: Sct.morphologicallyAbnormalStructure,
    type: Sct.dentalCaries,
    cielab: RED_CIELAB,
    frames: [{ SOPInstanceUID: header.SOPInstanceUID, bits }],
  };
}

function keyImageOf(evaluation: Evaluation, numbered: readonly Numbered[]): KeyImage {
  const own = numbered.filter((entry) => entry.evaluation === evaluation);
  const picture = drawPicture(
    evaluation.image,
    own.map(({ number, lesion }) => ({ label: String(number), points: lesion.outline })),
  );
  const title = own.length === 0 ? 'No carious lesion seen' : `${plural(own.length, 'suspected carious lesion')}`;
  return { title, ...picture, sources: [evaluation.image.header.SOPInstanceUID] };
}

function reportOf(
  numbered: readonly Numbered[],
  evaluations: readonly Evaluation[],
  notEvaluable: readonly string[],
): Report {
  const unknownScale = evaluations.some(({ scale }) => !scale.known);
  return {
    kind: 'page',
    title: 'Caries on dental radiographs',
    paragraphs: [
      numbered.length === 0
        ? 'No carious lesion was seen above the operating point. This does not exclude caries.'
        : `${plural(numbered.length, 'place')} may be carious. The certainty is the model's own estimate, from 0 to 1.`,
      'Sizes are measured on the detector and include the magnification of the projection.',
      ...(unknownScale ? ['The pixel spacing of at least one radiograph is unknown, so its sizes are not given.'] : []),
      ...notEvaluable.map((message) => `One radiograph could not be evaluated: ${message}`),
      'The model was trained on synthetic radiographs only.',
    ],
    ...(numbered.length > 0 && {
      table: {
        header: ['No.', 'Tooth (FDI)', 'Place', 'Reaches', 'Depth mm', 'Certainty'],
        rows: numbered.map(({ number, lesion, evaluation }) => [
          String(number),
          lesion.crown.fdi ?? 'unknown',
          placeOf(lesion, evaluation),
          reachOf(lesion),
          depthOf(lesion, evaluation)?.toFixed(1) ?? '-',
          lesion.certainty.toFixed(2),
        ]),
      },
    }),
    pictures: evaluations.map((_, index) => index),
  };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
