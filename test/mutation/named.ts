/** Mutations that are always tried, for any seed: faults that tests once missed and must never miss again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutantOf } from './mutants.ts';

interface NamedMutation {
  readonly name: string;
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const NAMED: readonly NamedMutation[] = [
  {
    name: 'the forwarder accepts a series of which the archive sends fewer instances than it lists',
    file: 'edge/forward-series.ts',
    find: 'if (received < listed)',
    replace: 'if (false)',
  },
  {
    name: 'the scan of all studies treats a study that has changed since it was finished as finished',
    file: 'edge/following.ts',
    find: "known !== undefined && (known.state === 'seen' || known.lastUpdate === lastUpdate)",
    replace: 'known !== undefined',
  },
  {
    name: "the tool's deadline ignores the time left to the invocation",
    file: 'functions/infer/handler.ts',
    find: 'Math.min(toolTimeoutMs, remainingMs - RESERVE_MS)',
    replace: 'toolTimeoutMs',
  },
  {
    name: 'the patient module is taken from an instance other than the first by SOPInstanceUID',
    file: 'core/convert-result.ts',
    find: '(b.SOPInstanceUID < a.SOPInstanceUID ? b : a)',
    replace: '(b.SOPInstanceUID < a.SOPInstanceUID ? a : b)',
  },
];

/** @throws Error where the source no longer has the place */
export function namedMutants(root: string): readonly Mutant[] {
  return NAMED.map(({ name, file, find, replace }) => {
    const source = readFileSync(join(root, file), 'utf8');
    const start = source.indexOf(find);
    if (start === -1 || source.indexOf(find, start + 1) !== -1)
      throw new Error(`test/mutation/named.ts: ${file} does not have once: ${find}`);
    return mutantOf(file, source, name, { start, end: start + find.length, text: replace });
  });
}
