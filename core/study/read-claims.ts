/** Reads from one data set, or from the functional groups of one frame, what the image claims to be beyond Image Type. */
import type { Dataset } from '#dicom/read.ts';
import { claimsOfDescription, claimsOfTypes, energyIn } from './kind-words.ts';
import type { Claim } from './kinds.ts';

const DESCRIPTIONS = ['SeriesDescription', 'DerivationDescription'];
/** Image Derivation (PS3.16 CID 7203): how the pixels were made. Codes that keep slices slices (smoothing …) are left out. */
const DERIVATIONS: ReadonlyMap<string, Claim> = new Map([
  ['113041', 'map'],
  ['113042', 'average'],
  ['113044', 'map'],
  ['113046', 'map'],
  ['113047', 'masked'],
  ['113048', 'projection'],
  ['113049', 'average'],
  ['113050', 'map'],
  ['113051', 'projection'],
  ['113052', 'map'],
  ['113053', 'map'],
  ['113054', 'map'],
  ['113055', 'map'],
  ['113056', 'map'],
  ['113057', 'map'],
  ['113059', 'map'],
  ['113060', 'map'],
  ['113061', 'map'],
  ['113062', 'subtraction'],
  ['113066', 'map'],
  ['113067', 'map'],
  ['113068', 'map'],
  ['113069', 'map'],
  ['113070', 'map'],
  ['113071', 'map'],
  ['113072', 'reformat'],
  ['113073', 'curved'],
  ['113074', 'rendering'],
  ['113075', 'rendering'],
  ['113076', 'masked'],
  ['113077', 'masked'],
  ['113078', 'projection'],
  ['113079', 'projection'],
]);
/** Volume Based Calculation Technique (0008,9207; PS3.3 C.8.16.2.1.3). */
const TECHNIQUES: ReadonlyMap<string, Claim> = new Map([
  ['MAX_IP', 'projection'],
  ['MIN_IP', 'projection'],
  ['VOLUME_RENDER', 'rendering'],
  ['SURFACE_RENDER', 'rendering'],
  ['CURVED_MPR', 'curved'],
  ['MPR', 'reformat'],
]);
/** Units of real-world values (UCUM) of maps of MR: times, rates and diffusion. */
const MAP_UNITS = new Set([
  'mm2/s',
  'um2/s',
  '10-6.mm2/s',
  'ms',
  's',
  'us',
  '/s',
  'Hz',
  'ppm',
  'rad',
  '%',
  'mL/min/100g',
  'ml/min/100g',
]);
const HOUNSFIELD = new Set(["[hnsf'U]", 'HU', 'hnsf']);
/** Terms of Rescale Type that are units of something else than attenuation (PS3.3 C.11.1.1.2). */
const MATERIAL_UNITS = new Set(['MGML', 'Z_EFF', 'ED', 'EDW', 'HU_MOD', 'PCT']);

/** What is read: claims, and the energy of a monoenergetic image, keV. */
export interface ReadClaims {
  readonly claims: readonly Claim[];
  readonly energyKeV: number | undefined;
}

/**
 * What a data set claims.
 *
 * @param sets the data set of an instance; or of a frame its macros' items (frame type, derivation, units …)
 * @param typeOf the keyword of the image's type there: Image Type or Frame Type
 */
export function readClaims(
  sets: readonly Dataset[],
  typeOf: 'ImageType' | 'FrameType',
  Modality: string | undefined,
): ReadClaims {
  const types = sets.map((set) => set.texts(typeOf)).find((values) => values.length > 0) ?? [];
  const described = types.length > 0 ? types : (sets[0]?.texts('ImageType') ?? []);
  const texts = sets.flatMap((set) => DESCRIPTIONS.flatMap((keyword) => set.text(keyword) ?? []));
  const claims = [
    ...claimsOfTypes(types, Modality),
    ...texts.flatMap((text) => claimsOfDescription(text, described, Modality)),
    ...sets.flatMap((set) => codedClaims(set, Modality)),
  ];
  const said = Modality === 'CT' ? (energyOf(sets) ?? energyIn([types.join(' '), ...texts])) : undefined;
  return {
    claims: [...new Set(said === undefined ? claims : [...claims, 'monoenergetic' as const])].toSorted(),
    energyKeV: said,
  };
}

function codedClaims(set: Dataset, Modality: string | undefined): readonly Claim[] {
  const derivations = [set, ...set.items('DerivationImageSequence')].flatMap((item) =>
    item.items('DerivationCodeSequence'),
  );
  const technique = set.text('VolumeBasedCalculationTechnique')?.toUpperCase();
  const unit = set.text('RescaleType')?.toUpperCase() ?? '';
  const claims = [
    ...derivations.map((code) => (isDcm(code) ? DERIVATIONS.get(code.text('CodeValue') ?? '') : undefined)),
    TECHNIQUES.get(technique ?? ''),
    Modality === 'CT' ? volumetricClaim(set.text('VolumetricProperties')?.toUpperCase(), technique) : undefined,
    unitsClaim(set, Modality),
    Modality === 'CT' && MATERIAL_UNITS.has(unit) ? ('other-units' as const) : undefined,
    set.text('QualityControlImage')?.toUpperCase() === 'YES' ? ('phantom' as const) : undefined,
    isOfAnimal(set) ? ('animal' as const) : undefined,
    Modality === 'CT' && set.text('PresentationIntentType')?.toUpperCase() === 'FOR PROCESSING'
      ? ('for-processing' as const)
      : undefined,
    Modality === 'MR' && /^(PHASE|REAL|IMAGINARY)$/i.test(set.text('ComplexImageComponent') ?? '')
      ? ('phase' as const)
      : undefined,
  ];
  return claims.filter((claim) => claim !== undefined);
}

/** SNOMED CT and SNOMED RT for Homo sapiens. */
const HUMAN = new Set(['337915000', 'L-85B00']);

/** Ours, or no species. */
const NO_ANIMAL = /human|humain|homo|mensch|unknown|none|other|unspecified|not applicable/i;

/** Patient Species and Anatomical Orientation Type (PS3.3 C.7.1.1, C.7.6.1): only whether it is another than ours is kept. */
function isOfAnimal(set: Dataset): boolean {
  if (set.text('AnatomicalOrientationType')?.toUpperCase() === 'QUADRUPED') return true;
  const codes = set.items('PatientSpeciesCodeSequence').map((code) => code.text('CodeValue') ?? '');
  const text = set.text('PatientSpeciesDescription') ?? '';
  return codes.length > 0 ? !codes.some((code) => HUMAN.has(code)) : /[a-z]{3}/i.test(text) && !NO_ANIMAL.test(text);
}

const isDcm = (code: Dataset): boolean => code.text('CodingSchemeDesignator') === 'DCM';

/**
 * Volumetric Properties (0008,9206; PS3.3 C.8.16.2.1.2): SAMPLED pixels are projections unless the technique says otherwise.
 * DISTORTED ones have no place. That holds for CT: MR scanners write DISTORTED for plain slices without correction of gradients.
 */
function volumetricClaim(properties: string | undefined, technique: string | undefined): Claim | undefined {
  if (properties === 'DISTORTED') return 'curved';
  return properties === 'SAMPLED' && technique === undefined ? 'projection' : undefined;
}

/** Real World Value Mapping: units for each window of values. One in Hounsfield units suffices, as the others are further views. */
function unitsClaim(set: Dataset, Modality: string | undefined): Claim | undefined {
  const units = set
    .items('RealWorldValueMappingSequence')
    .flatMap((mapping) => mapping.items('MeasurementUnitsCodeSequence'))
    .map((code) => code.text('CodeValue') ?? '');
  if (units.length === 0) return undefined;
  if (Modality === 'CT') return units.some((unit) => HOUNSFIELD.has(unit) || unit === '1') ? undefined : 'other-units';
  return Modality === 'MR' && units.every((unit) => MAP_UNITS.has(unit)) ? 'map' : undefined;
}

/** Monoenergetic Energy Equivalent (0018,937C) of the CT Multi-energy Image module or macro (PS3.3 C.8.2.2, C.8.15.3.13). */
function energyOf(sets: readonly Dataset[]): number | undefined {
  return sets
    .flatMap((set) => [set, ...set.items('MultienergyCTProcessingSequence')])
    .map((set) => set.number('MonoenergeticEnergyEquivalent'))
    .find((energy) => energy !== undefined);
}
