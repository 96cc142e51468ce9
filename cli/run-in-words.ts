/** The state of a run as a sentence for people, with the tool's answer once there is one. */
import type { Reason } from '#core/errors.ts';
import type { Outcome } from '#core/tool.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import type { RunState } from '#pipeline/run-state.ts';

/** The fields of a run that the sentence is made from. */
type Told = Pick<RunRecord, 'state' | 'reason' | 'failingSince' | 'outcome' | 'objects'>;

/** Sentences for states of runs that have not ended. */
const UNDER_WAY: Readonly<Partial<Record<RunState, string>>> = {
  received: 'the study has arrived and is being routed',
  routed: 'it waits for the tool, or the tool is running',
  inferred: 'the tool has answered, and the answer is being converted to DICOM',
  converted: 'the answer is on its way to the PACS',
};

/** Sentences for delivered answers. `%` stands for the reason. */
const DELIVERED: Readonly<Record<Outcome, string>> = {
  result: 'there is a result, and its objects are in the PACS',
  'no-finding': 'the tool found nothing; a note saying so is in the PACS',
  'not-evaluable': 'the study could not be evaluated: %; a note saying so is in the PACS',
  'not-applicable': 'the study is not for this tool: %; a note saying so is in the PACS',
  failed: 'the tool failed: %; a note saying so is in the PACS',
};

/** Sentences for runs that ended without a delivered answer. */
const ENDED: Readonly<Partial<Record<RunState, string>>> = {
  'not-applicable': 'the tool does not take this study',
  rejected: 'the study cannot be processed, and another attempt would not help',
  failed: 'every attempt failed',
};

/** Sentences for runs that were rejected for want of their tool: nothing is wrong with the study. */
const WITHOUT_TOOL: Readonly<Record<string, string>> = {
  'tool-retired': 'the tool was not asked; once it is active again, `hilum rerun STUDY` asks it',
  'tool-not-deployed':
    'the tool was gone before its turn; once it is deployed again, `hilum redrive` gives the run back',
};

/** Sentences for runs whose results are not the current ones. */
const OUTLIVED: Readonly<Partial<Record<RunState, string>>> = {
  superseded: 'a newer upload of the study, or a newer version of the tool, gives the current results',
  withdrawn:
    'the PACS does not have the images any more, so that nothing is stored; if they come back, so do the results',
  missing:
    'its objects are gone from the PACS, though the images are there: somebody may have removed them; `hilum deliver RUN` stores them again',
};

/** One sentence about a run, and the reason if the sentence does not contain it. The sentence about a delivered answer does. */
export function runInWords(run: Told): { readonly sentence: string; readonly because?: Reason } {
  const { state, reason, failingSince, outcome, objects = [] } = run;
  if (state === 'delivered') {
    const why = reason === undefined ? 'no reason was recorded' : `${withoutStop(reason.message)} (${reason.code})`;
    return { sentence: deliveredAs(outcome).replace('%', () => why) };
  }
  const outlived = OUTLIVED[state];
  if (outlived !== undefined) return { sentence: outlived, ...(reason && { because: reason }) };
  const underWay = UNDER_WAY[state];
  if (underWay === undefined) {
    const note = objects.length > 0 ? '; a note saying so is in the PACS' : '';
    const wanting = state === 'rejected' && reason !== undefined ? WITHOUT_TOOL[reason.code] : undefined;
    return { sentence: `${wanting ?? ENDED[state] ?? state}${note}`, ...(reason && { because: reason }) };
  }
  // With an outcome, the reason belongs to the answer, unless attempts to deliver it fail. Without one, it says why they fail.
  if (reason === undefined) return { sentence: underWay };
  const isAnswer = outcome !== undefined && outcome !== 'result';
  if (failingSince === undefined && isAnswer) return { sentence: underWay, because: reason };
  const failed =
    failingSince === undefined
      ? 'an attempt failed'
      : `attempts have failed since ${failingSince.slice(0, 16).replace('T', ' ')} UTC`;
  return { sentence: `${underWay}; ${failed}, and another follows`, because: reason };
}

/** The table holds outcomes as text. If a later version wrote an unknown one, only the delivery is certain. */
function deliveredAs(outcome: string | undefined): string {
  const known = Object.entries(DELIVERED).find(([name]) => name === outcome);
  return known?.[1] ?? 'its objects are in the PACS';
}

/** Removes the full stop of a reason that stands in the middle of a sentence. */
const withoutStop = (message: string): string => message.replace(/\.$/, '');
