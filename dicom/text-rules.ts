/** The rules for text of each Value Representation (PS3.5 6.2, Table 6.2-1). */

/** Longest value in characters; for PN, of each component group. */
const LONGEST: Readonly<Record<string, number>> = {
  AE: 16,
  AS: 4,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  LT: 10_240,
  PN: 64,
  SH: 16,
  ST: 1024,
  TM: 14,
  UI: 64,
};

const SYNTAX: Readonly<Record<string, RegExp>> = {
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9_ ]*$/,
  DS: /^ *[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)? *$/,
  IS: /^ *[+-]?\d+ *$/,
  UI: /^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/,
};

/** Paragraph text may contain line breaks. Other text may contain neither control characters nor the separator of values. */
const PARAGRAPH = new Set(['ST', 'LT', 'UT']);
const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LAYOUT = /[^\P{Cc}\t\n\f\r]/u;

/** The rule that `text` breaks as one value of `vr`; undefined where it breaks none. The answer never quotes the text. */
export function textProblem(vr: string, text: string): string | undefined {
  if (text === '') return undefined;
  if (PARAGRAPH.has(vr) ? CONTROL_BUT_LAYOUT.test(text) : CONTROL.test(text))
    return `VR ${vr} takes no control characters`;
  if (!PARAGRAPH.has(vr) && vr !== 'UR' && text.includes('\\'))
    return 'a backslash separates values; pass them as a list';
  if (vr === 'PN') return personNameProblem(text);
  const longest = LONGEST[vr];
  const length = [...text].length;
  if (longest !== undefined && length > longest) return `${length} characters where VR ${vr} takes ${longest}`;
  const syntax = SYNTAX[vr];
  if (syntax !== undefined && !syntax.test(text)) return `not in the form of VR ${vr}`;
  if (vr === 'IS' && Math.abs(Number(text)) > 2 ** 31 - 1) return 'VR IS takes 32-bit integers';
  if ((vr === 'DA' && !isDate(text)) || (vr === 'TM' && !isTime(text)) || (vr === 'DT' && !isDateTime(text))) {
    return `not in the form of VR ${vr}`;
  }
  return undefined;
}

/** PS3.5 6.2.1: up to three component groups of up to five components. */
function personNameProblem(text: string): string | undefined {
  const groups = text.split('=');
  if (groups.length > 3) return 'VR PN takes three component groups';
  if (groups.some((group) => group.split('^').length > 5)) return 'VR PN takes five components a group';
  const longest = Math.max(...groups.map((group) => [...group].length));
  return longest > 64 ? `${longest} characters where a component group of VR PN takes 64` : undefined;
}

/** `YYYYMMDD`, a day of the calendar. */
export function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** `HH[MM[SS[.F…]]]`; 60 seconds are a leap second. */
export function isTime(text: string): boolean {
  return /^([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?$/.test(text.trimEnd());
}

/** `YYYY[MM[DD[HH[MM[SS[.F…]]]]]][&ZZXX]`. */
function isDateTime(text: string): boolean {
  const [, date = '', time = ''] = /^(\d{4,8})(\d{2}.*?)?([+-]\d{4})?$/.exec(text.trimEnd()) ?? [];
  const day = date.length === 4 ? `${date}0101` : date.length === 6 ? `${date}01` : date;
  return isDate(day) && (time === '' || (date.length === 8 && isTime(time)));
}
