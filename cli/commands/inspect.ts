import type { Command } from 'commander';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { findTree } from '#files/file-tree.ts';
import { print, printJson, root } from '../command.ts';
import { type InspectedFile, inspectFiles } from '../inspect-files.ts';

/** `hilum inspect`: what each file is, the digest of its pixels, and which tools would take it. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('say what DICOM files are, and which tools would take them')
    .argument('<path...>', 'DICOM files or folders of them')
    .option('--json', 'print an array, one item a file')
    .action(async (paths: readonly string[], { json }: { json?: true }) => {
      const inspected = await inspectFiles((await findTree(paths)).files, await loadCatalog(root), createDecoder());
      if (json === true) printJson(inspected);
      else for (const file of inspected) printFile(file);
    });
}

function printFile(file: InspectedFile): void {
  print(file.path);
  if (!file.ok) print(`  refused: ${file.message} (${file.code})`);
  else {
    const { Modality = 'no modality', SOPClassUID, TransferSyntaxUID, Rows, Columns, NumberOfFrames = 1 } = file;
    const matrix =
      Rows === undefined || Columns === undefined ? 'no pixels' : `${Columns} × ${Rows} × ${NumberOfFrames}`;
    print(`  ${Modality}, ${matrix}, SOP Class ${SOPClassUID}, Transfer Syntax ${TransferSyntaxUID}`);
    if (file.pixelSha256 !== undefined) print(`  pixels ${file.pixelSha256}`);
  }
  for (const { id, suitable, reason } of file.tools)
    print(`  ${id}: ${suitable ? 'takes it' : (reason?.message ?? 'no')}`);
}
