/** The table of the test data in the conformance statement. */
import { table } from './document.ts';
import { nameOf } from './names.ts';
import { type JudgedFile, type Outcome, TOLERANCE } from './test-data.ts';

/** The fraction, 0 to 1, of the files that pydicom decodes which Hilum decodes to the same samples. */
export function agreement(files: readonly JudgedFile[]): number {
  const decoded = files.filter(({ pixelSha256 }) => pixelSha256 !== '');
  return (count(decoded, 'identical') + count(decoded, 'close')) / decoded.length;
}

export function dataPart(files: readonly JudgedFile[]): string {
  const decoded = files.filter(({ pixelSha256 }) => pixelSha256 !== '');
  const others = files.filter(({ pixelSha256 }) => pixelSha256 === '');
  const agreeing = count(decoded, 'identical') + count(decoded, 'close');
  const unusable = decoded.filter(({ code, outcome }) => code !== undefined && outcome !== 'refused').length;
  return [
    `The test data are ${files.length} files. pydicom decodes the pixels of ${decoded.length} files. Hilum decodes ${agreeing} of these ` +
      `(${(agreement(files) * 100).toFixed(1)} %) to the same samples and refuses ${count(decoded, 'refused')} with a code. ` +
      `${unusable} of the decoded files have UIDs that cannot be used (\`missing-uid\`, \`invalid-uid\`): no tool takes these. ` +
      `Of the other ${others.length}, which have no pixels, are not DICOM or cannot be decoded, it reads ${count(others, 'read')} ` +
      `and refuses ${count(others, 'refused')}.`,
    outcomes('folder', decoded, ({ path }) => path.split('/')[0] ?? ''),
    outcomes('Transfer Syntax', decoded, ({ transferSyntax }) => nameOf(transferSyntax)),
    refusals(decoded, others),
    repairs(decoded),
  ].join('\n\n');
}

function outcomes(what: string, files: readonly JudgedFile[], groupOf: (file: JudgedFile) => string): string {
  const groups = [...Map.groupBy(files, groupOf)].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return table(
    [what, 'pydicom decodes', 'identical', `lossy, within ±${TOLERANCE}`, 'refused', 'different'],
    groups.map(([group, members]) => [
      group,
      members.length,
      ...(['identical', 'close', 'refused', 'differs'] as const).map((outcome) => count(members, outcome)),
    ]),
  );
}

function refusals(decoded: readonly JudgedFile[], others: readonly JudgedFile[]): string {
  const codesOf = (files: readonly JudgedFile[]) => Map.groupBy(files, ({ code }) => code ?? '');
  const [ofDecoded, ofOthers] = [codesOf(decoded), codesOf(others)];
  const codes = [...new Set([...ofDecoded.keys(), ...ofOthers.keys()])].filter((code) => code !== '').sort();
  return table(
    ['refused as', 'files that pydicom decodes', 'other files'],
    codes.map((code) => [`\`${code}\``, ofDecoded.get(code)?.length ?? 0, ofOthers.get(code)?.length ?? 0]),
  );
}

/** How the decoders do on files that are refused because of their preamble. */
function repairs(files: readonly JudgedFile[]): string {
  const repaired = files.flatMap(({ repaired: outcome, ...file }) => (outcome ? { ...file, outcome } : []));
  const agreeing = count(repaired, 'identical') + count(repaired, 'close');
  return [
    `Of the refused files that pydicom decodes, ${repaired.length} are refused because of a missing preamble. ` +
      `For this table only, it was added in memory; Hilum then decodes ${agreeing} of the files to the same samples:`,
    outcomes('Transfer Syntax', repaired, ({ transferSyntax }) => nameOf(transferSyntax)),
  ].join('\n\n');
}

function count(files: readonly JudgedFile[], outcome: Outcome): number {
  return files.filter((file) => file.outcome === outcome).length;
}
