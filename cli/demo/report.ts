/** What the demo tells people of each study: times, what was found beside what is there, and the objects in the PACS. */
import type { RunRecord } from '#core/ports.ts';
import type { Finding } from '#core/tool.ts';
import type { ListedObject } from './archive.ts';
import type { DemoStudy, Truth } from './studies.ts';

/** A run and what its tool found. */
export interface RunReport {
  readonly run: RunRecord;
  readonly findings: readonly Finding[];
}

/** Lines about a study whose runs have ended. */
export function describeStudy(
  study: DemoStudy,
  runs: readonly RunReport[],
  objects: readonly ListedObject[],
): readonly string[] {
  return [
    '',
    `${study.name} (${study.StudyInstanceUID}, ${study.instances.length} instances)`,
    ...runs.flatMap((report) => describeRun(report, study.truth)),
    `  in the PACS: ${objects.length} objects of Hilum`,
    ...objects.map(({ kind, SOPInstanceUID }) => `    ${kind.padEnd(18)} ${SOPInstanceUID}`),
  ];
}

function describeRun({ run, findings }: RunReport, truth: readonly Truth[]): readonly string[] {
  const because = run.reason === undefined ? '' : `: ${run.reason.message} (${run.reason.code})`;
  const head = `  ${run.tool} ${run.version}: ${run.state}${because}`;
  if (run.state !== 'delivered') return [head];
  return [head, ...stageLines(run), ...(run.summary ? [`    ${run.summary}`] : []), ...compare(findings, truth)];
}

/** How long the run took to reach each stage from the one before. */
function stageLines({ stages }: RunRecord): readonly string[] {
  const times = Object.entries(stages)
    .map(([stage, time]) => ({ stage, ms: Date.parse(time) }))
    .sort((a, b) => a.ms - b.ms);
  return times.slice(1).map(({ stage, ms }, index) => {
    const seconds = (ms - (times[index]?.ms ?? ms)) / 1000;
    return `    ${stage.padEnd(10)} after ${seconds.toFixed(1)} s`;
  });
}

/** What the tool found beside what the phantom holds; only the former where nothing is known. */
function compare(findings: readonly Finding[], truth: readonly Truth[]): readonly string[] {
  const met = truth.map(({ text, isMetBy }) => ({ text, finding: findings.find(isMetBy) }));
  const besides = findings.filter((finding) => !met.some((pair) => pair.finding === finding));
  return [
    ...met.map(({ text, finding }) => `    there: ${text.padEnd(48)} found: ${finding?.summary ?? 'nothing'}`),
    ...besides.map(({ summary }) => `    ${truth.length === 0 ? 'found' : 'found besides'}: ${summary}`),
  ];
}
