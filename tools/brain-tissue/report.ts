/** Tissues as findings, segments and a report. */
import type { Finding, Report, Segment } from '#core/tool.ts';
import { type CodedConcept, HILUM_SCHEME, Sct, Units } from '#dicom/codes.ts';
import type { TissueMask } from './masks.ts';

const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });

/** SNOMED CT codes in PS3.16: CID 7153 (central nervous system tissue types), CID 7151, CID 7469. */
const CODES = {
  greyMatter: sct('389081007', 'Gray Matter'),
  whiteMatter: sct('389080008', 'White Matter'),
  brain: sct('12738006', 'Brain'),
  volume: sct('118565006', 'Volume'),
  /** No public code is known. */
  share: { value: 'brain-share', scheme: HILUM_SCHEME, meaning: 'Share of total grey and white matter' },
} as const;

/** The tissues' names and colours, sand and pale blue, neither of which is the colour of a severity: of the picture, and the same as CIELab of 0–65535 (PS3.3 C.10.7.1.1). */
export const TISSUES = [
  {
    key: 'grey',
    id: 'grey-matter',
    label: 'Grey matter',
    type: CODES.greyMatter,
    rgb: [225, 180, 120],
    cielab: [49_856, 35_158, 42_328],
  },
  {
    key: 'white',
    id: 'white-matter',
    label: 'White matter',
    type: CODES.whiteMatter,
    rgb: [90, 170, 255],
    cielab: [44_645, 33_224, 20_206],
  },
] as const;

export interface Tissues {
  readonly grey: TissueMask;
  readonly white: TissueMask;
}

/** Percentage of grey and white matter together. */
function shareOf(tissues: Tissues, key: keyof Tissues): number {
  return (100 * tissues[key].volumeMl) / (tissues.grey.volumeMl + tissues.white.volumeMl);
}

/** `Grey matter 612 mL` */
export function labelOf(label: string, { volumeMl }: Pick<TissueMask, 'volumeMl'>): string {
  return `${label} ${volumeMl.toFixed(0)} mL`;
}

export function findingsOf(tissues: Tissues): readonly Finding[] {
  return TISSUES.map(({ key, id, label, type }, index) => ({
    id,
    label: labelOf(label, tissues[key]),
    summary: `${label}: ${tissues[key].volumeMl.toFixed(0)} mL, ${shareOf(tissues, key).toFixed(1)} % of brain tissue`,
    finding: type,
    site: CODES.brain,
    measurements: [
      { name: CODES.volume, value: round(tissues[key].volumeMl, 2), unit: Units.millilitre },
      { name: CODES.share, value: round(shareOf(tissues, key), 2), unit: Units.percent },
    ],
    evaluations: [],
    segmentNumber: index + 1,
  }));
}

export function segmentsOf(tissues: Tissues): readonly Segment[] {
  return TISSUES.map(({ key, label, type, cielab }, index) => ({
    number: index + 1,
    label: labelOf(label, tissues[key]),
    category: Sct.anatomicalStructure,
    type,
    cielab,
    frames: tissues[key].frames,
  }));
}

export function summaryOf(tissues: Tissues): string {
  return `Grey matter ${tissues.grey.volumeMl.toFixed(0)} mL, white matter ${tissues.white.volumeMl.toFixed(0)} mL.`;
}

export function reportOf(tissues: Tissues): Report {
  const total = tissues.grey.volumeMl + tissues.white.volumeMl;
  return {
    kind: 'page',
    title: 'Brain tissue volumes',
    paragraphs: [
      'Each voxel of a 1 mm grid was classified as grey matter, white matter or neither. The volumes are those of the masks on the source slices.',
      'Ventricles and sulci count as neither tissue and are not part of the shares. There are no reference values: a volume alone says nothing about atrophy.',
      'The model is a small one from another project and was not validated here. The tool does not detect contrast agent, lesions, motion or surgery.',
    ],
    table: {
      header: ['Tissue', 'Volume mL', 'Share %'],
      rows: [
        ...TISSUES.map(({ key, label }) => [label, tissues[key].volumeMl.toFixed(1), shareOf(tissues, key).toFixed(1)]),
        ['Both', total.toFixed(1), '100.0'],
      ],
      findings: [...TISSUES.map(({ id }) => id), ''],
    },
    pictures: [0],
  };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
