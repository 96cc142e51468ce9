/** Text of tools in a form that DICOM can hold: markup stays text, and nothing breaks or splits a value (PS3.5 6.1.2.3, 6.2). */

/** One line of at most `longest` characters: control characters and the separator of values become spaces. */
export function oneLine(text: string, longest = Number.POSITIVE_INFINITY): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\\]+/gu, ' ');
  return [...plain].slice(0, longest).join('').trim();
}

/** Text of several lines. Control characters other than layout become spaces. */
export function paragraph(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\f\r]/gu, ' ');
}
