import type { Command } from 'commander';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { howToGet, missingModels } from '#adapters/models/model-file.ts';
import { ConfigurationError } from '#core/errors.ts';
import { threadsFor, toolVersion } from '#core/tool-manifest.ts';
import { type RefusedFile, readStudies } from '#files/dicom-files.ts';
import { createProgress } from '#files/progress.ts';
import { modelPlaces, note, print, printJson, root, Unsuccessful, UsageError } from '../command.ts';
import { type ReadyTool, runStudy, type StudyReport } from '../run-study.ts';

interface RunOptions {
  readonly tool: string;
  readonly out: string;
  readonly json?: true;
}

/** `hilum run`: DICOM files or folders through a tool, in this process, with no cloud at all. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('run a tool on DICOM files or folders in this process, without a cloud')
    .argument('<path...>', 'DICOM files or folders of them')
    .requiredOption('--tool <id>', 'which tool; see `hilum tools`')
    .requiredOption('--out <folder>', 'where a folder per study is written')
    .option('--json', 'print an array, one item a study')
    .action(run);
}

async function run(paths: readonly string[], { tool, out, json }: RunOptions): Promise<void> {
  const ready = await prepare(tool);
  const { studies, refused } = await readStudies(paths);
  for (const { path, code, message } of refused) note(`refused ${path}: ${message} (${code})`);

  const reports: StudyReport[] = [];
  const progress = createProgress(tool, studies.length);
  for (const study of studies) {
    const report = await runStudy(study, ready, out);
    reports.push(report);
    progress.step();
    if (json !== true) printReport(report);
  }
  progress.end();
  if (studies.length === 0) reports.push(...refused.map((file) => nothingIn(file, ready)));
  if (json === true) printJson(reports);
  if (reports.length === 0) throw new UsageError(`There are no files in ${paths.join(', ')}`);
  if (reports.some(({ outcome }) => outcome === 'failed')) throw new Unsuccessful();
}

async function prepare(id: string): Promise<ReadyTool> {
  const catalog = await loadCatalog(root);
  const entry = catalog.find(({ manifest }) => manifest.id === id);
  if (entry === undefined) {
    const known = catalog.map(({ manifest }) => manifest.id).join(', ');
    throw new UsageError(`There is no tool ${id}. Choose one of: ${known}`);
  }
  const missing = await missingModels(entry, modelPlaces);
  if (missing.length > 0) throw new ConfigurationError(missing.map(howToGet).join(' '));
  const { createOnnxEngine } = await import('#adapters/onnx/engine.ts');
  const engine = createOnnxEngine({ ...modelPlaces, threads: threadsFor(entry) });
  return { entry, tool: await loadTool(root, entry), decoder: createDecoder(), engine };
}

/** The answer about a file that is no part of any study, where there is no study to answer about. */
function nothingIn(
  { path, code, message }: RefusedFile,
  { entry }: ReadyTool,
): StudyReport & { readonly path: string } {
  return {
    path,
    StudyInstanceUID: '',
    tool: entry.manifest.id,
    version: toolVersion(entry),
    outcome: 'failed',
    reason: { code, message },
    findings: [],
    objects: [],
    refused: [{ path, code, message }],
    timings: {},
  };
}

function printReport({ StudyInstanceUID, outcome, reason, summary, findings, objects, refused }: StudyReport): void {
  print(`${StudyInstanceUID}: ${outcome}${reason ? `, ${reason.message} (${reason.code})` : ''}`);
  if (summary !== undefined && summary !== reason?.message) print(`  ${summary}`);
  for (const finding of findings) print(`  ${finding.summary}`);
  if (refused.length > 0) print(`  refused: ${refused.length} of the files beside it`);
  for (const { kind, path } of objects) print(`  ${kind.padEnd(18)} ${path}`);
}
