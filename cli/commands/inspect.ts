import type { Command } from 'commander';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { findTree } from '#files/file-tree.ts';
import { print, printJson, root } from '../command.ts';
import { type InspectedFile, inspectFiles } from '../inspect-files.ts';
import { describeSeries } from '../inspect-series.ts';
import { describeRefused } from '../refused-files.ts';
import { explain } from '../usage.ts';

/** `hilum inspect`: what each series and file is, the digest of its pixels, and which tools would take it. */
export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('describe DICOM files, and say which tools would take them')
    .argument('<path...>', 'DICOM files or folders of them')
    .option('--files', 'describe every file, not only every series')
    .option('--json', 'print an array with one item per file')
    .action(inspect);
  explain(command, {
    examples: ['hilum inspect study/', 'hilum inspect study/ --files', 'hilum inspect a.dcm --json'],
    success: 'the files were inspected, even if some or all of them were refused',
    failure: 'a folder cannot be read',
    more: ['No patient data is printed, only UIDs, numbers and codes.'],
  });
}

interface InspectOptions {
  readonly files?: true;
  readonly json?: true;
}

async function inspect(paths: readonly string[], { files, json }: InspectOptions): Promise<void> {
  const { files: found } = await findTree(paths);
  const inspected = await inspectFiles(found, await loadCatalog(root), createDecoder());
  if (json === true) {
    printJson(inspected);
    return;
  }
  if (found.length === 0) print(`There are no files in ${paths.join(', ')}`);
  if (files === true) for (const file of inspected) printFile(file);
  for (const line of describeSeries(inspected)) print(line);
  for (const line of describeRefused(inspected.flatMap((file) => (file.ok ? [] : [file])))) print(line);
}

function printFile(file: InspectedFile): void {
  print(file.path);
  if (!file.ok) {
    // Every tool refuses it for the same reason.
    print(`  refused: ${file.message} (${file.code})`);
    if (file.TransferSyntaxUID !== undefined) printHeader(file);
    return;
  }
  printHeader(file);
  for (const { id, suitable, reason } of file.tools)
    print(`  ${id}: ${suitable ? 'takes it' : (reason?.message ?? 'no')}`);
}

function printHeader({ Modality = 'no modality', NumberOfFrames = 1, ...file }: InspectedFile): void {
  const { SOPClassUID = 'not given', TransferSyntaxUID, Rows, Columns, pixelSha256 } = file;
  const matrix = Rows === undefined || Columns === undefined ? 'no pixels' : `${Rows} × ${Columns} × ${NumberOfFrames}`;
  print(`  ${Modality}, ${matrix}, SOP Class ${SOPClassUID}, Transfer Syntax ${TransferSyntaxUID}`);
  if (pixelSha256 !== undefined) print(`  pixels ${pixelSha256}`);
}
