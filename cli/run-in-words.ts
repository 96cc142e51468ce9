/** What became of a run, as a sentence for people: its state, and what the answer is where there is one. */
import type { Reason } from '#core/errors.ts';
import type { Outcome } from '#core/tool.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';

/** The run as it stands in the runs table, or of a study that has none yet. */
type Told = Pick<RunRecord, 'state' | 'reason' | 'outcome' | 'objects'>;

/** What a state says by itself, where the run has not ended. */
const UNDER_WAY: Readonly<Partial<Record<RunState, string>>> = {
  received: 'the study has arrived and is being routed',
  routed: 'it waits for the tool, or the tool is at work on it',
  inferred: 'the tool has answered, and the answer is being converted to DICOM',
  converted: 'the answer is on its way to the PACS',
};

/** What an answer that was delivered says. `%` stands for the reason. */
const DELIVERED: Readonly<Record<Outcome, string>> = {
  result: 'there is a result, and its objects are in the PACS',
  'no-finding': 'the tool found nothing; a note saying so is in the PACS',
  'not-evaluable': 'it could not be evaluated: %; a note saying so is in the PACS',
  'not-applicable': 'it is not for this tool: %; a note saying so is in the PACS',
  failed: 'the tool failed: %; a note saying so is in the PACS',
};

/** What a run that ended without a result says. */
const ENDED: Readonly<Partial<Record<RunState, string>>> = {
  'not-applicable': 'the tool does not take this study',
  rejected: 'it can give no result, however often it is tried',
  failed: 'the run died',
};

/**
 * What became of a run: one sentence, and the reason where the sentence does not say it: of what was delivered it does, for
 * there the reason is part of the answer.
 */
export function runInWords(run: Told): { readonly sentence: string; readonly because?: Reason } {
  const { state, reason, outcome, objects = [] } = run;
  if (state === 'delivered') {
    const why = reason === undefined ? 'no reason was recorded' : `${withoutStop(reason.message)} (${reason.code})`;
    return { sentence: deliveredAs(outcome).replace('%', () => why) };
  }
  const underWay = UNDER_WAY[state];
  if (underWay === undefined) {
    const note = objects.length > 0 ? '; a note saying so is in the PACS' : '';
    return { sentence: `${ENDED[state] ?? state}${note}`, ...(reason && { because: reason }) };
  }
  // With an outcome the reason is the answer's own, on its way to the PACS; without one it is why the last try failed.
  if (reason === undefined) return { sentence: underWay };
  const isAnswer = outcome !== undefined && outcome !== 'result';
  return { sentence: isAnswer ? underWay : `${underWay}; a try failed, another follows`, because: reason };
}

/** Outcomes are text in the table: one of a later version is told by what is certain. */
function deliveredAs(outcome: string | undefined): string {
  const known = Object.entries(DELIVERED).find(([name]) => name === outcome);
  return known?.[1] ?? 'its objects are in the PACS';
}

/** Reasons are sentences with or without a full stop; one that stands in the middle has none. */
const withoutStop = (message: string): string => message.replace(/\.$/, '');
