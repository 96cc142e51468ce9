/** How bad a finding is: its colour in masks, pictures and reports, and its place among the others. */
import type { Rgb } from '../image/text.ts';
import type { Finding, Segment, Severity } from '../tool.ts';

export interface SeverityLook {
  /** For legends and tables. */
  readonly word: string;
  readonly rgb: Rgb;
  /** The same colour as CIELab (D65), 0–65535 a channel: Recommended Display CIELab Value (PS3.3 C.10.7.1.1). */
  readonly cielab: readonly [number, number, number];
}

/** Worst first. Every picture, mask and page shows a severity in one colour. */
export const SEVERITIES: Readonly<Record<Severity, SeverityLook>> = {
  severe: { word: 'severe', rgb: [235, 60, 60], cielab: [34_862, 49_813, 43_532] },
  moderate: { word: 'moderate', rgb: [245, 150, 40], cielab: [46_165, 40_138, 50_208] },
  mild: { word: 'mild', rgb: [240, 220, 70], cielab: [57_064, 30_539, 51_425] },
  'not-judged': { word: 'not judged', rgb: [170, 170, 170], cielab: [45_619, 32_896, 32_896] },
  normal: { word: 'normal', rgb: [90, 200, 120], cielab: [47_699, 20_310, 40_791] },
};

const ORDER: readonly string[] = Object.keys(SEVERITIES);

/** 0 for the worst; findings without a severity come before normal ones. */
function rankOf({ severity }: Pick<Finding, 'severity'>): number {
  return severity === undefined ? ORDER.indexOf('normal') - 0.5 : ORDER.indexOf(severity);
}

/** Worst first; equally bad ones by certainty, then in the tool's order. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => rankOf(a) - rankOf(b) || (b.certainty ?? 0) - (a.certainty ?? 0));
}

/** The finding that a segment outlines: the first of several, so the worst where they are sorted. */
export function findingOf(findings: readonly Finding[], { number }: Pick<Segment, 'number'>): Finding | undefined {
  return findings.find(({ segmentNumber }) => segmentNumber === number);
}

/** Judged, and not normal. */
export const isAbnormal = (severity: Severity | undefined): boolean =>
  severity === 'severe' || severity === 'moderate' || severity === 'mild';
