/** What became of a run, as a sentence for people: its state, and what the answer is where there is one. */
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
  'not-applicable': 'the tool does not take this study: %',
  rejected: 'it can give no result, however often it is tried: %',
  failed: 'it failed: %',
};

/** `could not be evaluated: the slices are not parallel (mixed-orientation); a note saying so is in the PACS` */
export function runInWords(run: Told): string {
  const { state, reason, outcome, objects = [] } = run;
  const why = reason === undefined ? 'no reason was recorded' : `${withoutStop(reason.message)} (${reason.code})`;
  const underWay = UNDER_WAY[state];
  if (underWay !== undefined) {
    return reason === undefined || outcome !== undefined
      ? underWay
      : `${underWay}. The last try failed and another follows: ${why}`;
  }
  if (state === 'delivered') return deliveredAs(outcome).replace('%', why);
  const note = objects.length > 0 ? '; a note saying so is in the PACS' : '';
  return `${(ENDED[state] ?? state).replace('%', why)}${note}`;
}

/** Outcomes are text in the table: one of a later version is told by what is certain. */
function deliveredAs(outcome: string | undefined): string {
  const known = Object.entries(DELIVERED).find(([name]) => name === outcome);
  return known?.[1] ?? 'its objects are in the PACS';
}

/** Reasons are sentences with or without a full stop; one that stands in the middle has none. */
const withoutStop = (message: string): string => message.replace(/\.$/, '');
