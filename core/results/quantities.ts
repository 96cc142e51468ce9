/** What reports state of a finding in codes and numbers: how bad it is, measurements, and how certain the tool is. */
import { type CodedConcept, Dcm, NotJudged, Sct, Units } from '#dicom/codes.ts';
import type { Finding, Measurement, QualitativeEvaluation, Severity } from '../tool.ts';

/** Units (UCUM) of amounts: 0 of them is nothing at all, and not a point on a scale, as 0 HU is. */
const OF_AMOUNTS: ReadonlySet<string> = new Set(['%', 'mm', 'cm', 'mm2', 'cm2', 'mm3', 'cm3', 'ml']);

/** OHIF shows a number of 0 without the 0, so that the reader sees a unit and may think of any number. */
const isNothing = ({ value, unit }: Measurement): boolean => value === 0 && OF_AMOUNTS.has(unit.value);

/** The numbers of a finding, the certainty last. Amounts of 0 are evaluations instead. */
export function measurementsOf({ measurements, certainty }: Finding): readonly Measurement[] {
  return [...measurements.filter((one) => !isNothing(one)), ...certaintyOf(certainty)];
}

/** Severities as reports write them. */
export const SEVERITY_CODES: Readonly<Record<Severity, CodedConcept>> = {
  severe: Sct.severe,
  moderate: Sct.moderate,
  mild: Sct.mild,
  'not-judged': NotJudged,
  normal: Sct.normal,
};

/** The severity of a finding, its evaluations, and `none` for each amount of 0. A severity that the tool states itself is not repeated. */
export function evaluationsOf({ severity, evaluations, measurements }: Finding): readonly QualitativeEvaluation[] {
  const isStated = severity === undefined || evaluations.some(({ name }) => name.value === Sct.severity.value);
  return [
    ...(isStated ? [] : [{ name: Sct.severity, value: SEVERITY_CODES[severity] }]),
    ...evaluations,
    ...measurements.filter(isNothing).map(({ name }) => ({ name, value: Sct.none })),
  ];
}

/**
 * Whole percent from 1 to 99: more digits would claim a precision that no model has, and 0 or 100 % that it cannot err. A certainty of exactly
 * 0 or 1 is a default and not an estimate, so nothing is written.
 */
function certaintyOf(certainty: number | undefined): readonly Measurement[] {
  if (certainty === undefined || certainty <= 0 || certainty >= 1) return [];
  const value = Math.min(99, Math.max(1, Math.round(certainty * 100)));
  return [{ name: Dcm.certaintyOfFinding, value, unit: Units.percent }];
}
