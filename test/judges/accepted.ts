/** The accepted warnings of the validators, with reasons. Errors are never accepted. */
import type { Verdict } from '../fixtures/judges.ts';

export interface Accepted {
  readonly text: RegExp;
  readonly reason: string;
}

export const DCIODVFY: readonly Accepted[] = [
  {
    text: /Unrecognized defined term <99[A-Z0-9_]+> for value 1 of attribute <Coding Scheme Designator>/,
    reason: "A private scheme, Hilum's or that of a tool's authors; its designator begins with 99 (PS3.16 8.2).",
  },
  {
    text: /is only permitted to be empty when actually unknown.*attribute <Laterality>/,
    reason: 'Laterality is unknown: a source without Body Part Examined does not say whether the body part is paired.',
  },
  {
    text: /Attribute is not present in standard DICOM IOD - \(0x0018,0x1002\) UI Device UID/,
    reason: 'Contributing Equipment has Device UID since an edition of PS3.3 C.12.1 that is newer than this dciodvfy.',
  },
  {
    text: /contains attributes not present in standard DICOM IOD - this is a Standard Extended SOP Class/,
    reason:
      'Said of every object with Device UID. Each attribute that dciodvfy does not know has a warning of its own.',
  },
];

const GROUP = /\(125007,DCM,"Measurement Group"\)/.source;

export const DICOM_SR_VALIDATOR: readonly Accepted[] = [
  {
    text: new RegExp(
      `${GROUP}/TEXT \\((121106,DCM,"Comment"|125309,DCM,"Short Label")\\): Content Item not in template`,
    ),
    reason:
      'The finding as text for readers, and in the few words that are drawn. TID 1410, 1411 and 1501 are extensible.',
  },
  {
    text: new RegExp(`${GROUP}/(TEXT|CODE) \\(11100[0-3],DCM,"Algorithm [^"]+"\\): Content Item not in template`),
    reason: 'TID 4019, which the validator knows only in TID 1501. TID 1410 and 1411 are extensible.',
  },
  {
    text: new RegExp(`${GROUP}/CODE \\([^)]+,(99[A-Z0-9_]+|SCT),"[^"]+"\\): Content Item not in template`),
    reason: 'A qualitative evaluation: a grade, a severity, a tooth number. TID 1410 and 1411 are extensible.',
  },
  {
    text: /template ID encoded in first row container 1410 does not match expected template ID 1501/,
    reason:
      'The group is TID 1410. The validator also tries TID 1501, because it does not evaluate the condition on SCOORD that tells the two apart.',
  },
  {
    text: /\(121070,DCM,"Findings"\)\/CODE \((111017,DCM|outcome,99HILUM|reason,99HILUM),"[^"]+"\): Content Item not in template/,
    reason: 'The outcome of the run, as codes. TID 2000 is extensible.',
  },
  {
    text: /\(126000,DCM,"Imaging Measurement Report"\)\/TEXT \(121106,DCM,"Comment"\): Content Item not in template/,
    reason: 'The selected images that could not be read, as text. TID 1500 is extensible.',
  },
];

/** All errors, and the warnings that no entry accepts, each with its file. */
export function unexplained(verdicts: readonly Verdict[], accepted: readonly Accepted[]): readonly string[] {
  return verdicts.flatMap(({ path, errors, warnings }) =>
    [...errors, ...warnings.filter((line) => !accepted.some(({ text }) => text.test(line)))].map(
      (line) => `${path}: ${line}`,
    ),
  );
}

/** The entries that match no warning. */
export function unneeded(verdicts: readonly Verdict[], accepted: readonly Accepted[]): readonly Accepted[] {
  const warnings = verdicts.flatMap((verdict) => verdict.warnings);
  return accepted.filter(({ text }) => !warnings.some((line) => text.test(line)));
}
