import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadCatalog, loadTool } from '#adapters/catalog/catalog.ts';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { howToGet, missingModels } from '#adapters/models/model-file.ts';
import { ConfigurationError } from '#core/errors.ts';
import { inputSentences } from '#core/results/remarks.ts';
import { isMoment, isTimeZone, type Moments } from '#core/results/times.ts';
import { threadsFor, toolVersion } from '#core/tool-manifest.ts';
import { type RefusedFile, readStudyFiles } from '#files/dicom-files.ts';
import { findTree } from '#files/file-tree.ts';
import { createProgress } from '#files/progress.ts';
import { modelPlaces, note, print, printJson, root, Unsuccessful, UsageError } from '../command.ts';
import { counted } from '../counted.ts';
import { checkOutside, checkWritable } from '../out-folder.ts';
import { describeRefused } from '../refused-files.ts';
import { type ReadyTool, runStudy, type StudyReport } from '../run-study.ts';
import { notAmong } from '../suggest.ts';
import { endSoon, guarded } from '../tool-guard.ts';
import { type Explanation, explain, needed } from '../usage.ts';

interface RunOptions {
  readonly tool?: string;
  readonly out?: string;
  readonly at?: string;
  readonly json?: true;
}

const EXPLANATION: Explanation = {
  examples: [
    'hilum run study/ --tool caries --out results/',
    'hilum run a.dcm b.dcm --tool caries --out results/ --json',
    'hilum run study/ --tool caries --out results/ --at 2026-01-31T08:15:00Z',
  ],
  success:
    'every study has an answer, which may also be: no finding, not evaluable, not applicable\n' +
    '     (the tool does not take such a study)',
  failure: 'the tool failed on a study, no file is readable DICOM, or the output cannot be written',
  more: [
    'Each study gets the folder <out>/<StudyInstanceUID>/ with result.json and the DICOM objects that\n' +
      'the PACS would receive. A study that cannot be written completely leaves no files.',
    'Without --at, the objects state the date and time of their study, so that every run writes the same bytes.\n' +
      'With the two times that a pipeline took, they are those that the pipeline made. Times are written in the\n' +
      "study's own Timezone Offset From UTC, else in the zone that HILUM_TIME_ZONE names (UTC).",
  ],
};

/** `hilum run`: runs a tool on DICOM files or folders in this process, without a cloud. */
export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run a tool on DICOM files or folders in this process, without a cloud')
    .argument('<path...>', 'DICOM files or folders of them')
    .option('--tool <id>', 'the tool (required); `hilum tools` lists all tools')
    .option('--out <folder>', 'the folder to write to (required); it must lie outside the input')
    .option(
      '--at <time[,time]>',
      'the time that the objects state, e.g. 2026-01-31T08:15:00+01:00; the second is the time at which they were made',
    )
    .option('--json', 'print an array with one item per study')
    .action(run);
  explain(command, EXPLANATION);
}

async function run(paths: readonly string[], options: RunOptions): Promise<void> {
  const tool = needed(options.tool, '--tool <id>', EXPLANATION);
  const out = needed(options.out, '--out <folder>', EXPLANATION);
  const isForScripts = options.json === true;
  const moments = options.at === undefined ? undefined : momentsIn(options.at);
  const ready = await prepare(tool);
  const { files, folders } = await findTree(paths);
  if (files.length === 0) throw new UsageError(`There are no files in ${paths.join(', ')}`);
  await checkOutside(out, folders);
  const { studies, refused } = await readStudyFiles(files);
  for (const line of describeRefused(refused)) note(line);
  for (const { StudyInstanceUID } of studies) await checkOutside(out, folders, StudyInstanceUID);
  await checkWritable(
    out,
    studies.map(({ StudyInstanceUID }) => StudyInstanceUID),
  );

  const reports: StudyReport[] = [];
  const progress = createProgress(tool, studies.length);
  try {
    for (const study of studies) {
      const report = await runStudy(study, ready, out, moments);
      reports.push(report);
      progress.step();
      if (!isForScripts) printReport(report);
    }
  } catch (error) {
    // Finished studies are kept, so that they need not be run again.
    if (reports.length > 0)
      note(`${reports.length} of ${studies.length} studies are finished and stay in ${resolve(out)}`);
    throw error;
  } finally {
    progress.end();
    if (studies.length === 0) reports.push(...refused.map((file) => nothingIn(file, ready)));
    if (isForScripts && reports.length > 0) printJson(reports);
  }
  if (!isForScripts) printEnd(reports, { out, studies: studies.length, isAt: moments !== undefined });
  endSoon();
  if (reports.some(({ outcome }) => outcome === 'failed')) throw new Unsuccessful();
}

/** @throws UsageError */
function momentsIn(at: string): Moments {
  const [content = '', creation = content, ...others] = at.split(',');
  if (![content, creation].every(isMoment) || others.length > 0)
    throw new UsageError(
      `--at takes a time with its offset from UTC, such as 2026-01-31T08:15:00+01:00, or two; not ${at}`,
    );
  const timeZone = process.env['HILUM_TIME_ZONE'] ?? 'UTC';
  if (!isTimeZone(timeZone)) throw new UsageError(`HILUM_TIME_ZONE is no time zone such as Europe/Berlin: ${timeZone}`);
  return { content, creation, timeZone };
}

async function prepare(id: string): Promise<ReadyTool> {
  const catalog = await loadCatalog(root);
  const entry = catalog.find(({ manifest }) => manifest.id === id);
  if (entry === undefined) {
    const known = catalog.map(({ manifest }) => manifest.id);
    throw new UsageError(notAmong('tool', id, known));
  }
  const missing = await missingModels(entry, modelPlaces);
  if (missing.length > 0) throw new ConfigurationError(missing.map(howToGet).join(' '));
  const { createOnnxEngine } = await import('#adapters/onnx/engine.ts');
  const engine = createOnnxEngine({ ...modelPlaces, threads: threadsFor(entry) });
  return { entry, tool: await guarded(id, () => loadTool(root, entry)), decoder: createDecoder(), engine };
}

/** The report on a refused file, if there is no study to report on. */
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
    at: 'study',
    refused: [{ path, code, message }],
    timings: {},
  };
}

function printReport(report: StudyReport): void {
  const { StudyInstanceUID, outcome, reason, summary, findings, objects, refused } = report;
  print(`${StudyInstanceUID}: ${outcome}${reason ? `, ${reason.message} (${reason.code})` : ''}`);
  if (summary !== undefined && summary !== reason?.message) print(`  ${summary}`);
  for (const finding of findings) print(`  ${finding.summary}`);
  for (const sentence of inputSentences(report)) print(`  ${sentence}`);
  for (const sentence of inputSentences({ passedOver: report.outOfScope ?? [] })) print(`  ${sentence}`);
  if (refused.length > 0)
    print(`  ${filesWere(refused.length)} refused in its folders or above them; parts of the study may be missing`);
  for (const { kind, path } of objects) print(`  ${kind.padEnd(18)} ${path}`);
}

/** The number of studies by outcome, and the folder that was written. */
function printEnd(
  reports: readonly StudyReport[],
  { out, studies, isAt }: { out: string; studies: number; isAt: boolean },
): void {
  if (studies === 0) {
    print('Nothing was written: none of the files is readable DICOM.');
    return;
  }
  const counts = [...Map.groupBy(reports, ({ outcome }) => outcome)].map(([outcome, of]) => `${of.length} ${outcome}`);
  print(`\n${counted(studies, 'study', 'studies')}: ${counts.join(', ')}.`);
  print(`Written to ${resolve(out)}/<StudyInstanceUID>/: result.json and the DICOM objects.`);
  if (!isAt && reports.some(({ objects }) => objects.length > 0))
    print('The objects state the date and time of their study; --at gives them another time.');
}

const filesWere = (count: number): string => (count === 1 ? '1 file was' : `${count} files were`);
