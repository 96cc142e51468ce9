/**
 * The words by which headers say that an image is not the scan itself: values of Image Type (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1,
 * C.8.13.3.1.1, C.8.16.1) with what vendors add to them (`CT_SOM5 MIP THIN`, `MONO_40KEV`), and the usual words of Series and
 * Derivation Description. Only the kind leaves the site, never the words.
 */
import type { Claim } from './kinds.ts';

/** The images in which a word has this meaning: WATER is a material in CT, and a common contrast in MR. */
type Scope = 'CT' | 'MR' | 'volume' | 'any';

interface Word {
  readonly claim: Claim;
  readonly scope: Scope;
  /** Against one value or text in capitals, whose words are set apart by `_`, also at both ends. */
  readonly pattern: RegExp;
  /** Only where the image does not say ORIGINAL: the word is otherwise in use for the plain scan. */
  readonly derived?: boolean;
}

/** Words of Image Type. */
const TYPES: readonly Word[] = [
  { claim: 'localizer', scope: 'volume', pattern: /_(LOCALI[SZ]ER|SCOUT|SCOUT_VIEW|TOPOGRAM|SURVIEW|SCANOGRAM)_/ },
  {
    claim: 'projection',
    scope: 'volume',
    pattern:
      /_([TC]?MIPS?|MIP(THIN|THICK|\d+)|MIN_?IP|MINMIP|MAX_?IP|MAXIMUM|MINIMUM|PROJECTION(_IMAGE)?|COLLAPSED?|RAYSUM)_/,
  },
  {
    claim: 'rendering',
    scope: 'volume',
    pattern:
      /_(SSD|VRT?|VOLUME_?REND\w*|SURFACE_?REND\w*|(SHADED_)?SURFACE(_DISPLAY)?|CINEMATIC_?REND\w*|FLY_?THROUGH|ENDOSCOP\w*)_/,
  },
  {
    claim: 'curved',
    scope: 'volume',
    pattern: /_(CURVED?(_?(MPR|REF\w*|PLANAR\w*))?|CPR|STRAIGHTENED|STRETCHED_CPR)_/,
  },
  { claim: 'reformat', scope: 'volume', pattern: /_(MPR|REFORMAT\w*|MPVR|RESLICED?|OBLIQUE_REF\w*)_/ },
  { claim: 'average', scope: 'volume', pattern: /_(AVERAGED?|AVG|AIP|MEAN|SUM|ADDITION)_/ },
  { claim: 'subtraction', scope: 'any', pattern: /_(SUB|SUBTR?|SUBTRACT\w*|DSA|DIFFERENCE)_/ },
  { claim: 'masked', scope: 'any', pattern: /_(MASKED|MASK|SEGMENTED|SEGMENTATION|LABEL_?MAP)_/ },
  {
    claim: 'bone-suppressed',
    scope: 'any',
    pattern: /_(BONE_?(REMOV|SUPPR?|SUBTR|STRIP|ELIMIN|MASK)\w*|NO_?BONES?|BONELESS|DEBONED?)_/,
  },
  {
    claim: 'material',
    scope: 'CT',
    pattern:
      /_(VNC(A|AM?)?|VN[CE]|VUE|VIRTUAL_?(NON|UN)_?\w*|VIRTUALNON\w*|NON_?CALCIUM|IODINE\w*|CALCIUM(?!_?SCOR)\w*|WATER\w*|FAT|HAP|BMC|URIC_?ACID|GOUT|XENON|MAT_\w+|MATERIAL_\w+|MD_\w+|RHO(_?Z)?|Z_?EFF\w*|EFF_?(Z|ATOMIC\w*)|EFFECTIVE_?(Z|ATOMIC\w*)|ELECTRON_?DENS\w*|STOPPING_?POWER\w*|PBV)_/,
  },
  {
    claim: 'monoenergetic',
    scope: 'CT',
    pattern:
      /_(MONO(E|CHROM\w*|ENERG\w*|PLUS)?|MONO_?(E|PLUS)?_?\d{2,3}(_?KEV)?|VMI(\w?_?\d{2,3}(_?KEV)?)?|VMC|\d{2,3}_?KEV)_/,
  },
  { claim: 'tomosynthesis', scope: 'CT', pattern: /_(TOMO|TOMOSYNTHESIS|TOMO_\w+)_/ },
  {
    claim: 'map',
    scope: 'volume',
    pattern:
      /_(R?CBF|R?CBV|MTT|TTP|TMAX|TTD|KTRANS|PBF|\w*_MAP|QUANTITY|STD_DEVIATION|DIVISION|MULTIPLICATION|T_?TEST|Z_?SCORE)_/,
  },
  {
    claim: 'map',
    scope: 'MR',
    pattern:
      /_(E?ADC|FA|(T[12]|R[12]|B[01])(_?STAR)?_?MAP|R2(_?STAR)?|[UM]U?MAP|METABOLITE\w*|TEMPERATURE|\w*_ANISO\w*)_/,
  },
  { claim: 'map', scope: 'CT', pattern: /_(PERF(USION)?(_\w+)?|MAP|DOSE)_/, derived: true },
  {
    claim: 'phase',
    scope: 'MR',
    pattern: /_(PHASE(?!_CONTRAST)(_(MAP|DIFF\w*))?|IMAGINARY|REAL|[RIP]_(FFE|IR|SE|TSE))_/,
  },
  { claim: 'synthetic', scope: 'any', pattern: /_(SYNTHETIC\w*|SYNTH(_CT)?|PSEUDO_?CT|SYNCT|MRCAT|SIMULATED)_/ },
  {
    claim: 'screenshot',
    scope: 'any',
    pattern: /_(SCREEN_?(SAVE|SHOT|CAPTURE)|PATIENT_PROTOCOL|PROTOCOL|PROT|DOSE_?(REPORT|INFO)|REPORT|RESULTS?)_/,
  },
];
/** Siemens writes the part of the complex signal as one letter, third (PS3.3 C.8.13.3.1.1 has the words). */
const PART_OF_SIGNAL = new Set(['P', 'R', 'I']);

/** Words of Series and Derivation Description. They are free, so that only words count that have no other use. */
const DESCRIPTIONS: readonly Word[] = [
  {
    claim: 'projection',
    scope: 'volume',
    pattern: /_(MIPS?|MIP\d+|MIN_?IP|MAX_?IP|M(AX|IN)(IMUM)?_INT(ENSITY)?_PROJ\w*)_/,
    derived: true,
  },
  { claim: 'rendering', scope: 'volume', pattern: /_(VRT|SSD|VOLUME_RENDER\w*)_/, derived: true },
  {
    claim: 'curved',
    scope: 'volume',
    pattern: /_(CURVED(_(MPR|REF\w*|PLANAR\w*))?|STRAIGHTENED)_/,
    derived: true,
  },
  { claim: 'subtraction', scope: 'any', pattern: /_(SUBTRACT\w*|SUBTRAKTION\w*|DSA)_/, derived: true },
  {
    claim: 'bone-suppressed',
    scope: 'any',
    pattern: /_(BONE_?(REMOV|SUPPR|SUBTR|STRIP)\w*|NOBONES?|BONELESS|DEBONED?|BONES?_(REMOVED|SUPPRESSED))_/,
  },
  {
    claim: 'material',
    scope: 'CT',
    pattern:
      /_(VNC(A)?|VIRTUAL_?(NON_?(CONTRAST|CALCIUM|ENHANCED)|UNENHANCED)|IODINE_(MAP|NO_WATER|DENSITY|OVERLAY|CONCENTRATION|WATER|REMOVED)|CONTRAST_ENHANCED_STRUCTURES|PURE_?(CALCIUM|LUMEN)|WATER_IODINE|HAP_WATER|WATER_HAP|WATER_CALCIUM|CALCIUM_(WATER|SUPP\w*)|CASUPP\w*|Z_?EFF(ECTIVE)?|EFFECTIVE_Z|ELECTRON_DENSITY|RHO_Z|URIC_ACID\w*|STOPPING_POWER)_/,
  },
  { claim: 'material', scope: 'CT', pattern: /_(VUE|BONE_?MARROW)_/, derived: true },
  {
    claim: 'monoenergetic',
    scope: 'CT',
    pattern: /_(\d{2,3}_?KEV|MONOENERG\w*|MONOCHROM\w*|MONOE(_?\d{2,3})?|MONO_?(PLUS_?)?\d{2,3})_/,
  },
  { claim: 'map', scope: 'CT', pattern: /_(R?CBF|R?CBV|MTT|TTP|TMAX|(PERFUSION|DOSE)_MAP)_/, derived: true },
  { claim: 'map', scope: 'MR', pattern: /_(E?ADC(_MAP)?|FA_MAP|T[12]_MAP|R2_?STAR|B[01]_?MAP)_/, derived: true },
  { claim: 'synthetic', scope: 'CT', pattern: /_(SYNTHETIC_CT|PSEUDO_?CT|MRCAT)_/ },
  { claim: 'synthetic', scope: 'MR', pattern: /_(SYNTHETIC|SYMRI)_/, derived: true },
];

/** `40 keV`, `MonoE 40`, `VMI_40`. */
const ENERGIES = [/_[A-Z]*(\d{2,3})_?KEV_/, /_(?:MONO|VMI)[A-Z]*_?(?:E|PLUS_?)?(\d{2,3})_/];

/** A text in capitals, with `_` between its words and at both ends. */
const wordsOf = (text: string): string => `_${text.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_`.replace(/_+/g, '_');

/** What Image Type or Frame Type claims. */
export function claimsOfTypes(types: readonly string[], Modality: string | undefined): readonly Claim[] {
  const [value1 = '', , value3 = ''] = types;
  const isPart = Modality === 'MR' && PART_OF_SIGNAL.has(value3.trim().toUpperCase());
  const found = types.flatMap((value) => claimsIn(TYPES, value, Modality, isOriginal(value1)));
  return [...new Set(isPart ? [...found, 'phase' as const] : found)];
}

/** What Series or Derivation Description claims. */
export function claimsOfDescription(
  text: string,
  types: readonly string[],
  Modality: string | undefined,
): readonly Claim[] {
  return claimsIn(DESCRIPTIONS, text, Modality, isOriginal(types[0] ?? ''));
}

/** The energy of a monoenergetic image, keV, if one of the texts says it. */
export function energyIn(texts: readonly string[]): number | undefined {
  const words = texts.map(wordsOf);
  const [found] = ENERGIES.flatMap((pattern) => words.flatMap((text) => pattern.exec(text)?.[1] ?? []));
  return found === undefined ? undefined : Number(found);
}

const isOriginal = (value1: string): boolean => value1.trim().toUpperCase() === 'ORIGINAL';

function claimsIn(table: readonly Word[], text: string, Modality: string | undefined, original: boolean): Claim[] {
  const words = wordsOf(text);
  if (words === '_') return [];
  return table.flatMap(({ claim, scope, pattern, derived = false }) =>
    applies(scope, Modality) && !(derived && original) && pattern.test(words) ? [claim] : [],
  );
}

const VOLUMES = new Set(['CT', 'MR', 'PT', 'NM']);

function applies(scope: Scope, Modality = ''): boolean {
  if (scope === 'any') return true;
  return scope === 'volume' ? VOLUMES.has(Modality) : scope === Modality;
}
