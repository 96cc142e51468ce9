/** The demo's report on each study: times, findings beside the known truth, and the objects in the PACS. */
import type { Finding } from '#core/tool.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { counted } from '../counted.ts';
import type { ListedObject } from './archive.ts';
import type { DemoStudy, Truth } from './studies.ts';

/** A study's runs, and what came back to the PACS. */
export interface StudyWay {
  readonly runs: readonly RunReport[];
  readonly objects: readonly ListedObject[];
  /** When the last instance was in the PACS, ms since the epoch. */
  readonly storedAt: number;
}

/** A run and what its tool found. */
export interface RunReport {
  readonly run: RunRecord;
  readonly findings: readonly Finding[];
}

/** Lines about a study whose runs have ended. */
export function describeStudy(study: DemoStudy, { runs, objects, storedAt }: StudyWay): readonly string[] {
  return [
    '',
    `${study.name} (${study.StudyInstanceUID}, ${counted(study.instances.length, 'instance')})`,
    ...runs.flatMap((report) => describeRun(report, truthFor(report, runs, study.truth), storedAt)),
    `  in the PACS: ${counted(objects.length, 'object')} of Hilum`,
    ...objects.map(({ kind, SOPInstanceUID }) => `    ${kind.padEnd(18)} ${SOPInstanceUID}`),
  ];
}

/** The known truth, if the tool looks for it. Findings of a tool that looks for something else are not compared with it. */
function truthFor({ findings }: RunReport, runs: readonly RunReport[], truth: readonly Truth[]): readonly Truth[] {
  const meets = (found: readonly Finding[]): boolean => truth.some(({ isMetBy }) => found.some(isMetBy));
  return meets(findings) || !runs.some((other) => meets(other.findings)) ? truth : [];
}

function describeRun({ run, findings }: RunReport, truth: readonly Truth[], storedAt: number): readonly string[] {
  const because = run.reason === undefined ? '' : `: ${run.reason.message} (${run.reason.code})`;
  const head = hanging('  ', `${run.tool} ${run.version}: ${run.state}${because}`);
  if (run.state !== 'delivered') return head;
  const isNew = run.summary !== undefined && run.summary !== run.reason?.message;
  const summary = isNew ? hanging('    ', run.summary ?? '') : [];
  return [...head, ...stageLines(run, storedAt), ...summary, ...compare(findings, truth)];
}

/** The time from each stage to the next. A run of an earlier demo began before this study was stored. */
function stageLines({ stages }: RunRecord, storedAt: number): readonly string[] {
  const times = Object.entries(stages).map(([stage, time]) => ({ stage, ms: Date.parse(time) }));
  const way = [{ stage: 'stored', ms: storedAt }, ...times].sort((a, b) => a.ms - b.ms);
  const start = way.findIndex(({ stage }) => stage === 'stored' || stage === 'received');
  return way.slice(start + 1).flatMap(({ stage, ms }, index) => {
    const before = way[start + index];
    if (before === undefined || stage === 'stored') return [];
    const seconds = ((ms - before.ms) / 1000).toFixed(1);
    return [`    ${(STAGES[stage] ?? stage).padEnd(38)} ${seconds.padStart(6)} s`];
  });
}

/** What happens before each stage is reached. */
const STAGES: Readonly<Record<string, string>> = {
  received: 'stable in Orthanc, forwarded, received',
  routed: 'routed to the tool',
  inferred: 'images loaded, tool run',
  converted: 'converted to DICOM',
  delivered: 'stored in Orthanc and read back',
};

/** Two columns: what the phantom holds, and what the tool found. Without known truth, only the findings. */
function compare(findings: readonly Finding[], truth: readonly Truth[]): readonly string[] {
  if (truth.length === 0) return findings.flatMap(({ summary }) => hanging('    found: ', summary));
  const met = truth.map(({ text, isMetBy }) => ({ text, finding: findings.find(isMetBy) }));
  const besides = findings.filter((finding) => !met.some((pair) => pair.finding === finding));
  const rows = [
    { there: 'IN THE PHANTOM', found: 'FOUND BY THE TOOL' },
    ...met.map(({ text, finding }) => ({ there: text, found: finding?.summary ?? 'nothing' })),
    ...besides.map(({ summary }) => ({ there: '', found: `also: ${summary}` })),
  ];
  const width = Math.max(...rows.map(({ there }) => there.length));
  return rows.flatMap(({ there, found }) => hanging(`    ${there.padEnd(width)}  `, found));
}

/** The width of most terminals, in characters. */
const COLUMNS = 100;

/** Wraps a text after `begin`. Further lines are indented by the length of `begin`. */
function hanging(begin: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && begin.length + longer.length > COLUMNS) lines.push(line);
    line = line !== '' && begin.length + longer.length > COLUMNS ? word : longer;
  }
  return [...lines, line].map((part, index) => (index === 0 ? begin : ' '.repeat(begin.length)) + part);
}
