/** The names under which the ledger (`WorkLedger`) knows pieces of work. They hold digests only. */
import { createHash } from 'node:crypto';
import { parseManifestKey } from './keys.ts';
import type { RunMessage } from './messages.ts';

/** One step of one run's answer. */
export const runWork = (
  step: 'infer' | 'convert' | 'return',
  { runId, answer }: Pick<RunMessage, 'runId' | 'answer'>,
) => `${step}/${answer}/${runId}`;

/** A look at the results of a run. If it fails, its delivery has not. */
export const checkWork = ({ runId, answer }: Pick<RunMessage, 'runId' | 'answer'>) => `check/${answer}/${runId}`;

/** The routing of uploads by their manifests' keys; undefined if no key is a manifest's. */
export function intakeWork(keys: readonly string[]): string | undefined {
  if (!keys.some((key) => parseManifestKey(key) !== undefined)) return undefined;
  return `intake/${createHash('sha256').update(keys.join('\n')).digest('hex')}`;
}
