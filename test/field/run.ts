/** Asks Hilum about a case as `hilum run` does: files in a folder, read, selected, evaluated, converted, past the output gate. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { type ReadyTool, runStudy, type StudyReport } from '#cli/run-study.ts';
import { readStudies } from '#files/dicom-files.ts';
import { toolUnderEvaluation } from '../../evaluation/tool-under-evaluation.ts';
import type { FieldCase, Said } from './case.ts';
import { remembering } from './remembering-engine.ts';
import { rememberingTool } from './remembering-tool.ts';

const decoder = createDecoder();
const tools = new Map<FieldCase['tool'], Promise<ReadyTool>>();

/** Each tool with its models, once a process. */
function ready(id: FieldCase['tool']): Promise<ReadyTool> {
  const made =
    tools.get(id) ??
    toolUnderEvaluation(id).then(({ entry, tool, engine }) => ({
      entry,
      tool: rememberingTool(tool),
      engine: remembering(engine),
      decoder,
    }));
  tools.set(id, made);
  return made;
}

/** @throws Error if the files hold more than one study */
export async function ask({ files, tool }: Pick<FieldCase, 'files' | 'tool'>): Promise<Said> {
  const scratch = mkdtempSync(join(tmpdir(), 'hilum-field-'));
  try {
    const folder = join(scratch, 'in');
    mkdirSync(folder);
    for (const [index, bytes] of (await files()).entries()) {
      writeFileSync(join(folder, `${String(index).padStart(4, '0')}.dcm`), bytes);
    }
    const { studies, refused } = await readStudies([folder]);
    const [study] = studies;
    if (studies.length > 1) throw new Error(`The case holds ${studies.length} studies`);
    if (study !== undefined) return { report: await runStudy(study, await ready(tool), join(scratch, 'out')) };
    const [{ code, message } = { code: 'no-file', message: 'There is no file' }] = refused;
    return { unread: { code, message } };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** What is wrong with the answer; empty if it is as expected. */
export function faultsIn({ expected }: Pick<FieldCase, 'expected'>, said: Said): readonly string[] {
  const reason = 'unread' in said ? said.unread : said.report.reason;
  const isAnswer = !('unread' in said) && ['result', 'no-finding'].includes(said.report.outcome);
  if ('faults' in expected && isAnswer && (!('refused' in expected) || said.report.outcome === 'result')) {
    return expected.faults(said.report);
  }
  if (!('refused' in expected)) return [`not evaluated: ${reason?.code}: ${reason?.message}`];
  return [
    ...('unread' in said ? [] : refusalFaults(said.report)),
    ...codeFaults(expected.refused, reason?.code),
    ...reasonFaults(expected.because, reason?.message),
  ];
}

/** A refused study has no finding, and no object that could have one: only those that say so. */
function refusalFaults({ outcome, findings, objects }: StudyReport): readonly string[] {
  const others = objects.filter(({ kind }) => kind === 'segmentation' || kind === 'structured-report');
  return [
    ...(['not-applicable', 'not-evaluable', 'no-finding'].includes(outcome) ? [] : [`the outcome is ${outcome}`]),
    ...(findings.length === 0 ? [] : [`${findings.length} findings`]),
    ...(others.length === 0 ? [] : [`${others.length} objects with findings`]),
  ];
}

const codeFaults = (codes: readonly string[], code = 'none'): readonly string[] =>
  codes.includes(code) ? [] : [`the code is ${code}, not ${codes.join(' or ')}`];

const reasonFaults = (because: RegExp, message = ''): readonly string[] =>
  because.test(message) ? [] : [`the reason is "${message}", which does not say ${because}`];
