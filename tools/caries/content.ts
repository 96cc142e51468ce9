/** The tool's answer: findings, masks, pictures and a report. */
import type { Rgb } from '#core/image/text.ts';
import { SEVERITIES } from '#core/results/severity.ts';
import type { Finding, KeyImage, Measurement, Report, ResultContent, Segment } from '#core/tool.ts';
import { type CodedConcept, Sct, Teeth, ToothNumber, ToothSurfaces, Units } from '#dicom/codes.ts';
import { DEPTH_CLASSES, DEPTH_WORDS, STAGES } from './depth.ts';
import type { EvaluatedLesion, Evaluation } from './evaluate.ts';
import type { Side } from './lesions.ts';
import { turnInWords } from './look.ts';
import { drawPicture } from './picture.ts';

/** What the tool is worth on people, as far as anybody measured it. The picture in front of the reader is no phantom. */
const MEASURED =
  'Measured independently on 100 public panoramics that may not be redistributed: sensitivity 0.14 (40 of 290 lesions), 1.5 false places a picture.';
const NOT_EXCLUDED = `This says nothing about whether there is caries. ${MEASURED}`;

interface Numbered {
  readonly number: number;
  readonly evaluation: Evaluation;
  readonly lesion: EvaluatedLesion;
}

/** The answer for the radiographs that could be evaluated, in their order. Places are numbered from the deepest. */
export function contentOf(evaluations: readonly Evaluation[]): ResultContent {
  const numbered: readonly Numbered[] = evaluations
    .flatMap((evaluation) => evaluation.lesions.map((lesion) => ({ evaluation, lesion })))
    .toSorted((a, b) => depthRank(b.lesion) - depthRank(a.lesion))
    .map((entry, index) => ({ number: index + 1, ...entry }));
  const keyImages = evaluations.map((evaluation) => keyImageOf(evaluation, numbered));
  const seen = evaluations.reduce((sum, { crowns }) => sum + crowns.length, 0);
  const looked = `${seen} tooth crowns on ${plural(evaluations.length, 'radiograph')}`;
  const report = reportOf(numbered, evaluations);
  if (numbered.length === 0) {
    return {
      outcome: 'no-finding',
      reason: { code: 'no-place-marked', message: `The tool marked no place among ${looked}. ${NOT_EXCLUDED}` },
      summary: `No place marked among ${looked}, which does not exclude caries`,
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

const depthRank = ({ depthClass }: EvaluatedLesion): number => DEPTH_CLASSES.indexOf(depthClass);

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function findingOf({ number, lesion, evaluation }: Numbered): Finding {
  const depthMm = depthOf(lesion, evaluation);
  return {
    id: `lesion-${number}`,
    label: labelOf({ number, lesion, evaluation }),
    severity: STAGES[lesion.depthClass].severity,
    summary: `Suspected caries, ${placeOf(lesion, evaluation)}, into the ${reachOf(lesion)}${depthMm === undefined ? '' : `, about ${depthMm} mm deep`}`,
    finding: Sct.dentalCaries,
    ...siteOf(lesion),
    measurements: measurementsOf(lesion, evaluation),
    evaluations:
      lesion.crown.fdi === undefined ? [] : [{ name: ToothNumber.name, value: ToothNumber.of(lesion.crown.fdi) }],
    segmentNumber: number,
    regions: [
      {
        SOPInstanceUID: evaluation.image.header.SOPInstanceUID,
        graphicType: 'POLYLINE',
        points: lesion.stored.outline,
      },
    ],
  };
}

/** The tooth, its side of the mouth and its surface as codes, as far as they are known. */
function siteOf({ crown: { fdi }, side }: EvaluatedLesion): Pick<Finding, 'site' | 'laterality' | 'siteModifier'> {
  const site = fdi === undefined ? undefined : Teeth[fdi];
  if (fdi === undefined || site === undefined) return { site: Sct.toothStructure };
  const siteModifier = surfaceCodeOf(fdi, side);
  return { site, laterality: isRightTooth(fdi) ? Sct.right : Sct.left, ...(siteModifier && { siteModifier }) };
}

/** Incisors and canines have an incisal edge instead. */
const hasOcclusalSurface = (fdi: string): boolean => Number(fdi[1]) > 3;

function surfaceCodeOf(fdi: string, side: Side): CodedConcept | undefined {
  const surface = surfaceOf(fdi, side);
  return surface === 'incisal' ? undefined : ToothSurfaces[surface];
}

/** Measured at the detector, magnification included, or at the size that the source is calibrated to. Empty where the source does not state the size of its pixels. */
function measurementsOf(lesion: EvaluatedLesion, evaluation: Evaluation): readonly Measurement[] {
  const { known, spacingMm, calibration } = evaluation.scale;
  if (!known) return [];
  const depthMm = depthOf(lesion, evaluation);
  const areaMm2 = round(lesion.pixels.length * spacingMm[0] * spacingMm[1] * calibration ** 2, 2);
  return [
    ...(depthMm === undefined ? [] : [{ name: Sct.depth, value: depthMm, unit: Units.millimetre }]),
    { name: Sct.area, value: areaMm2, unit: Units.squareMillimetre },
  ];
}

/** From the side of the crown inwards, mm. Undefined for the occlusal surface, whose height a core does not determine. */
function depthOf({ side, depth }: EvaluatedLesion, { scale, workingMm }: Evaluation): number | undefined {
  return scale.known && side !== 'occlusal' ? round(depth * workingMm, 1) : undefined;
}

/** `inner half of the enamel (E2)` */
function reachOf({ depthClass }: EvaluatedLesion): string {
  return `${DEPTH_WORDS[depthClass]} (${depthClass})`;
}

/**
 * Where and how deep, with the number of picture and table: `26 mesial, D2 (no. 1)`, or `upper tooth, image right, E2 (no. 1)`. Masks lie on the
 * stored picture and key images are upright: where these differ, no side is right on both, and the label is `upper tooth, proximal, E2 (no. 1)`.
 */
function labelOf({ number, lesion, evaluation }: Numbered): string {
  const { crown, side, depthClass } = lesion;
  const { fdi, jaw } = crown;
  const onSide = turnInWords(evaluation) === undefined ? `image ${side}` : 'proximal';
  const shown = side === 'occlusal' ? side : onSide;
  const place = fdi === undefined ? `${jaw} tooth, ${shown}` : `${fdi} ${surfaceOf(fdi, side)}`;
  return `${place}, ${depthClass} (no. ${number})`;
}

/**
 * The place in words: `mesial surface of tooth 26`, or without a number `proximal surface of an upper tooth, on its right in the
 * picture`. An intra-oral picture that lies upside down with an upright header cannot be told from an upright one, so jaws are as
 * shown, too.
 */
function placeOf({ crown, side }: EvaluatedLesion, { turn }: Evaluation): string {
  const { fdi, jaw } = crown;
  if (fdi !== undefined) {
    const surface = surfaceOf(fdi, side);
    return `${surface} ${surface === 'incisal' ? 'edge' : 'surface'} of tooth ${fdi}`;
  }
  const picture = turnInWords({ turn }) === undefined ? 'in the picture' : 'in the key image, which is upright';
  const tooth = jaw === 'upper' ? 'an upper tooth' : 'a lower tooth';
  return side === 'occlusal'
    ? `occlusal surface of ${tooth} ${picture}`
    : `proximal surface of ${tooth}, on its ${side} ${picture}`;
}

/** Mesial faces the midline. For the patient's right teeth, on the left of the upright picture, that is the side to the right. */
function surfaceOf(fdi: string, side: Side): 'mesial' | 'distal' | 'occlusal' | 'incisal' {
  if (side === 'occlusal') return hasOcclusalSurface(fdi) ? 'occlusal' : 'incisal';
  return (side === 'right') === isRightTooth(fdi) ? 'mesial' : 'distal';
}

const isRightTooth = (fdi: string): boolean => fdi.startsWith('1') || fdi.startsWith('4');

/** One segment per lesion, so each lesion can be followed from one study to the next. */
function segmentOf({ number, lesion, evaluation }: Numbered): Segment {
  const { rows, columns, header } = evaluation.source;
  const bits = new Uint8Array(Math.ceil((rows * columns) / 8));
  for (const index of lesion.stored.pixels) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  return {
    number,
    label: labelOf({ number, lesion, evaluation }),
    category: Sct.morphologicallyAbnormalStructure,
    type: Sct.dentalCaries,
    frames: [{ SOPInstanceUID: header.SOPInstanceUID, bits }],
  };
}

const colorOf = ({ depthClass }: EvaluatedLesion): Rgb => SEVERITIES[STAGES[depthClass].severity].rgb;

/** What the colours of lesions mean, worst first. */
const LEGEND = (
  [
    { severity: 'severe', text: 'extensive: D3' },
    { severity: 'moderate', text: 'moderate: D2' },
    { severity: 'mild', text: 'initial: E1, E2, D1' },
  ] as const
).map((entry) => ({ ...entry, color: SEVERITIES[entry.severity].rgb }));

function keyImageOf(evaluation: Evaluation, numbered: readonly Numbered[]): KeyImage {
  const own = numbered.filter((entry) => entry.evaluation === evaluation);
  const stages = new Set(own.map(({ lesion }) => STAGES[lesion.depthClass].severity));
  const picture = drawPicture(evaluation.image, {
    outlines: own.map(({ number, lesion }) => ({
      label: labelOf({ number, lesion, evaluation }),
      color: colorOf(lesion),
      points: lesion.outline,
    })),
    directions: evaluation.sidesKnown ? { left: 'R', right: 'L' } : {},
    legend: LEGEND.filter(({ severity }) => stages.has(severity)),
    notes: evaluation.sidesKnown ? [] : ['The header does not say which side is the patient’s right.'],
  });
  const title =
    own.length === 0 ? 'No place marked: caries is not excluded' : plural(own.length, 'suspected carious lesion');
  return { title, ...picture, sources: [evaluation.image.header.SOPInstanceUID] };
}

function reportOf(numbered: readonly Numbered[], evaluations: readonly Evaluation[]): Report {
  const unknownScale = evaluations.some(({ scale }) => !scale.known);
  return {
    kind: 'page',
    title: 'Caries on dental radiographs',
    paragraphs: [
      numbered.length === 0
        ? `The tool marked no place. ${NOT_EXCLUDED}`
        : `${plural(numbered.length, 'place')} may be carious. ${MEASURED} Teeth without a mark may be carious, too.`,
      ...evaluations.flatMap(remarksOn),
      ...(numbered.length > 0
        ? [
            'Places are numbered from the deepest. Stages are those of ICCMS: E1, E2 and D1 initial, D2 moderate, D3 extensive.',
          ]
        : []),
      'Sizes include the magnification of the projection, except where the source is calibrated.',
      ...(unknownScale ? ['The pixel spacing of at least one radiograph is unknown, so its sizes are not given.'] : []),
      'The model was trained on synthetic radiographs only.',
    ],
    ...(numbered.length > 0 && {
      table: {
        header: ['No.', 'Tooth (FDI)', 'Surface', 'Reaches', 'Stage', 'Depth mm'],
        rows: numbered.map(({ number, lesion, evaluation }) => [
          String(number),
          lesion.crown.fdi ?? 'unknown',
          placeOf(lesion, evaluation),
          reachOf(lesion),
          STAGES[lesion.depthClass].stage,
          depthOf(lesion, evaluation)?.toFixed(1) ?? '-',
        ]),
        findings: numbered.map(({ number }) => `lesion-${number}`),
      },
    }),
    pictures: evaluations.map((_, index) => index),
  };
}

/** What the reader of one radiograph must know to find the places again. */
function remarksOn(evaluation: Evaluation, index: number, all: readonly Evaluation[]): readonly string[] {
  const which = all.length === 1 ? 'The radiograph' : `Radiograph ${index + 1}`;
  const turn = turnInWords(evaluation);
  const isUnsided = evaluation.scale.view === 'panoramic' && !evaluation.sidesKnown;
  return [
    ...(turn === undefined
      ? []
      : [`${which} is stored ${turn}, as its Patient Orientation says. Its key image is upright.`]),
    ...(isUnsided ? [`${which} does not say which side is the patient's right, so its teeth have no numbers.`] : []),
  ];
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
