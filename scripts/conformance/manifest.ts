import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of the test data's manifest.csv. */
export interface ManifestLine {
  /** Relative to the folder of the test data. */
  readonly path: string;
  /** Transfer Syntax UID; empty where the file is not DICOM. */
  readonly transferSyntax: string;
  /** SHA-256 (hex) of pydicom's array; empty if pydicom does not decode the file. */
  readonly pixelSha256: string;
  readonly lossy: boolean;
}

/** The files in the manifest: DICOM files, and files derived from them. */
export function manifestLines(folder: string): readonly ManifestLine[] {
  const [header = [], ...lines] = readFileSync(join(folder, 'manifest.csv'), 'utf8')
    .split(/\r?\n(?=\S)/)
    .map(fields);
  return lines
    .map((line) => Object.fromEntries(header.map((name, i) => [name, line[i] ?? ''])))
    .map((row) => ({
      path: row['path'] ?? '',
      transferSyntax: (row['transfer_syntax'] ?? '').split(' ')[0] ?? '',
      pixelSha256: row['pixel_sha256'] ?? '',
      lossy: row['lossy'] === 'yes',
    }));
}

/** Splits at commas. Fields with commas are quoted, and quotes inside them doubled. */
function fields(line: string): readonly string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].map(([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}
