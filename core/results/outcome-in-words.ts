/** What a run without findings says to people, in every object alike. */
import type { ResultMetadata } from '../tool.ts';

export interface OutcomeInWords {
  /** What must be seen at a glance: `NOT EVALUATED`. */
  readonly heading: string;
  /** What it means, and what it does not mean. */
  readonly sentence: string;
}

const SAYS_NOTHING = 'This says nothing about the presence or absence of a finding.';

/** The words of a non-result; undefined for a result. */
export function outcomeInWords({
  outcome,
  notInView,
}: Pick<ResultMetadata, 'outcome' | 'notInView'>): OutcomeInWords | undefined {
  switch (outcome) {
    case 'result':
      return undefined;
    case 'no-finding':
      return notInView
        ? { heading: 'NOT IN VIEW', sentence: `The tool did not see what it looks for. ${SAYS_NOTHING}` }
        : {
            heading: 'NO FINDING REPORTED',
            sentence: 'The tool evaluated the images and found nothing to report. This does not exclude a finding.',
          };
    case 'not-applicable':
      return {
        heading: 'OUTSIDE THE TOOL’S SCOPE',
        sentence: `The images are outside the scope of the tool. ${SAYS_NOTHING}`,
      };
    case 'not-evaluable':
      return { heading: 'NOT EVALUATED', sentence: `The tool could not evaluate the images. ${SAYS_NOTHING}` };
    case 'failed':
      return { heading: 'FAILED', sentence: `The tool failed. ${SAYS_NOTHING}` };
  }
}
