/**
 * What an image claims to be. Every tool's selection begins with this step: an image that is not the scan itself, whose header
 * cannot be read where that matters, or whose header contradicts itself is refused before the tool's own rules are asked.
 */
import type { Reason } from '../errors.ts';
import { areApart, bodyPartOf } from './body-parts.ts';
import { type FrameHeader, imageFrames } from './frames.ts';
import { claimsOfTypes } from './kind-words.ts';
import { type Claim, isKind, KINDS, type Kind } from './kinds.ts';
import { isCrossSectional, modalityOfClass } from './modalities.ts';
import type { ImageIndex, InstanceIndex } from './study-index.ts';
import { attributeName, unreadable } from './unreadable.ts';

/** Without these there are no voxels with a place and a value. */
const NEEDED_BY_VOLUMES = [
  'ImagePositionPatient',
  'ImageOrientationPatient',
  'PixelSpacing',
  'Rows',
  'Columns',
  'FrameOfReferenceUID',
  'NumberOfFrames',
  'GantryDetectorTilt',
  'RescaleSlope',
  'RescaleIntercept',
];
const NEEDED_BY_RADIOGRAPHS = [
  'PixelSpacing',
  'ImagerPixelSpacing',
  'Rows',
  'Columns',
  'RescaleSlope',
  'RescaleIntercept',
];

/**
 * Virtual monoenergetic images within these energies, keV, have about the Hounsfield units of a CT at 100 to 140 kV, whose
 * mean energies they are. Below, calcium is denser than in any CT that a tool knows; above, less dense.
 */
const USUAL_KEV = { least: 60, most: 85 };
/** Tubes of CT scanners for patients, kV: 70 to 150. Below are micro-CT and mammography, above is megavoltage CT. */
const TUBE_KV = { least: 60, most: 200 };
/** Some writers state volts. */
const TUBE_V = { least: 60_000, most: 200_000 };

/**
 * Why no tool is given the image, or undefined.
 *
 * @param accepted kinds that the tool's manifest accepts by name
 * @param asked attributes that the tool's rules ask for: body parts that contradict each other matter to those who ask
 */
export function judgeClaims(
  image: ImageIndex,
  accepted: readonly string[],
  asked: ReadonlySet<string>,
): Reason | undefined {
  const frames = imageFrames(image);
  return unreadableHeader(image, frames) ?? contradiction(image, frames, asked) ?? kindOf(image, frames, accepted);
}

/** All that the image claims: kinds that exclude it, and traits by which it is ranked. */
export function claimsOf(image: ImageIndex, frames: readonly FrameHeader[] = imageFrames(image)): ReadonlySet<Claim> {
  const claims = new Set<Claim>();
  const seen = new Set<string>();
  for (const { claims: read = [] } of image.instances) for (const name of read) if (isClaim(name)) claims.add(name);
  for (const { ImageType = [], claims: read = [], Modality = image.Modality } of frames) {
    const key = JSON.stringify([ImageType, read]);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const name of [...claimsOfTypes(ImageType, Modality), ...read]) if (isClaim(name)) claims.add(name);
  }
  return claims;
}

const isClaim = (name: string): name is Claim => isKind(name) || name === 'reformat' || name === 'average';

/**
 * Slices of a series, apart by what they claim to be: a projection that was filed with a scan is not a slice of it, and does not
 * keep the scan from a tool.
 */
export function apartByKind<T extends FrameHeader>(slices: readonly T[]): readonly (readonly T[])[] {
  const keys = new Map<string, string>();
  const keyOf = ({ ImageType = [], claims = [], Modality }: T): string => {
    const said = JSON.stringify([ImageType, claims, Modality]);
    const known = keys.get(said);
    if (known !== undefined) return known;
    const key = [...new Set([...claimsOfTypes(ImageType, Modality), ...claims])].filter(isKind).toSorted().join();
    keys.set(said, key);
    return key;
  };
  return [...Map.groupBy(slices, keyOf).values()];
}

/**
 * Whether the slices of a CT were made from other slices (MPR). The source is better, and its headers may be truer. A CT whose
 * slices are far from axial is a reformat, whatever its type says, because gantries do not tilt that far.
 */
export function isReformat(image: ImageIndex): boolean {
  if (image.Modality !== 'CT') return false;
  const frames = imageFrames(image);
  const cosines = frames[0]?.ImageOrientationPatient;
  return claimsOf(image, frames).has('reformat') || (cosines !== undefined && !isNearAxial(cosines));
}

const STEEPEST_AXIAL_DEGREES = 35;

function isNearAxial([a, b, , d, e]: readonly number[]): boolean {
  const normalZ = (a ?? 0) * (e ?? 0) - (b ?? 0) * (d ?? 0);
  return Math.abs(normalZ) >= Math.cos((STEEPEST_AXIAL_DEGREES * Math.PI) / 180);
}

function unreadableHeader({ kind }: ImageIndex, frames: readonly FrameHeader[]): Reason | undefined {
  const needed = kind === 'volume' ? NEEDED_BY_VOLUMES : NEEDED_BY_RADIOGRAPHS;
  for (const frame of frames) {
    if (frame.unreadable === undefined) continue;
    const sentence = needed.map((name) => unreadable(frame, name)).find((found) => found !== undefined);
    if (sentence !== undefined) return { code: 'unreadable-header', message: `${sentence}.` };
  }
  return undefined;
}

function contradiction(
  { instances }: ImageIndex,
  frames: readonly FrameHeader[],
  asked: ReadonlySet<string>,
): Reason | undefined {
  const message =
    instances.map(wrongClass).find((found) => found !== undefined) ??
    (asked.has('BodyPartExamined') || asked.has('AnatomicRegion') ? twoBodyParts(frames) : undefined);
  return message === undefined ? undefined : { code: 'contradictory-header', message };
}

function wrongClass({ Modality = '', SOPClassUID }: InstanceIndex): string | undefined {
  const expected = modalityOfClass(SOPClassUID);
  const isOther = expected !== undefined && expected !== Modality && isCrossSectional(Modality);
  return isOther
    ? `The header contradicts itself: Modality is ${Modality}, and the SOP Class is that of ${expected} images.`
    : undefined;
}

/** Body Part Examined and the coded Anatomic Region, one of the head and one below the neck. */
function twoBodyParts(frames: readonly FrameHeader[]): string | undefined {
  const pairs = new Map(
    frames.map(({ BodyPartExamined, AnatomicRegion }) => [
      `${BodyPartExamined} ${AnatomicRegion}`,
      [BodyPartExamined, bodyPartOf(AnatomicRegion)] as const,
    ]),
  );
  for (const [part, coded] of pairs.values()) {
    if (areApart(part, coded))
      return `The header contradicts itself: ${attributeName('BodyPartExamined')} is ${part}, and ${attributeName('AnatomicRegionSequence')} is ${coded}.`;
  }
  return undefined;
}

function kindOf(image: ImageIndex, frames: readonly FrameHeader[], accepted: readonly string[]): Reason | undefined {
  const claims = claimsOf(image, frames);
  const energies = new Set(frames.map(({ MonoenergeticEnergyEquivalent: keV }) => keV));
  const voltage = frames.map(({ KVP }) => KVP).find((kv) => image.Modality === 'CT' && !isUsual(kv));
  const isAverage =
    image.Modality === 'CT' &&
    claims.has('average') &&
    frames.some(({ SliceThickness }) => SliceThickness === undefined);
  const kinds = [
    ...[...claims].filter(isKind).filter((kind) => kind !== 'monoenergetic' || ![...energies].every(isUsualEnergy)),
    ...(image.kind === 'volume' && frames.some(isColour) ? ['colour' as const] : []),
    ...(voltage === undefined ? [] : ['unusual-voltage' as const]),
    ...(isAverage ? ['average-of-unknown-thickness' as const] : []),
  ];
  const order = Object.keys(KINDS);
  const [kind] = kinds
    .filter((name) => !accepted.includes(name))
    .toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
  if (kind === undefined) return undefined;
  return { code: 'not-the-scan', message: `By its header, the image ${sentenceOf(kind, [...energies], voltage)}.` };
}

function sentenceOf(kind: Kind, energies: readonly (number | undefined)[], voltage: number | undefined): string {
  if (kind === 'unusual-voltage')
    return `was taken at ${voltage} kV: no CT of the body is (${TUBE_KV.least} to ${TUBE_KV.most} kV)`;
  const energy = energies.find((keV) => keV !== undefined && !isUsualEnergy(keV));
  if (kind !== 'monoenergetic') return KINDS[kind];
  const { least, most } = USUAL_KEV;
  return energy === undefined
    ? `is virtual monoenergetic, at an energy that is not stated (${least} to ${most} keV are like a usual CT)`
    : `is virtual monoenergetic at ${energy} keV: only ${least} to ${most} keV are like a usual CT`;
}

const isUsualEnergy = (keV: number | undefined): boolean =>
  keV !== undefined && keV >= USUAL_KEV.least && keV <= USUAL_KEV.most;

const isColour = ({ SamplesPerPixel = 1, PhotometricInterpretation = '' }: FrameHeader): boolean =>
  SamplesPerPixel > 1 || PhotometricInterpretation === 'PALETTE COLOR';

/** Zero is written where nothing is known. */
function isUsual(kv: number | undefined): boolean {
  if (kv === undefined || kv === 0) return true;
  return [TUBE_KV, TUBE_V].some(({ least, most }) => kv >= least && kv <= most);
}
