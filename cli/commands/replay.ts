import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { isTimeZone } from '#core/results/times.ts';
import { findDeployment } from '#files/deployment.ts';
import { readLocalEnvironment } from '#localstack/environment.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { isAsRecorded, type ReplayedObject, type ReplayedSet, replay } from '#pipeline/replay.ts';
import { note, print, printJson, Unsuccessful, UsageError } from '../command.ts';
import { counted } from '../counted.ts';
import { deploymentHelp } from '../deployment-help.ts';
import { namedRun, runIdText } from '../named-run.ts';
import { checkWritable, writeTogether } from '../out-folder.ts';
import { runInWords } from '../run-in-words.ts';
import { explain } from '../usage.ts';

interface ReplayOptions {
  readonly out?: string;
  readonly json?: true;
}

/** `hilum replay`: a recorded run is converted again in this process, and must give the same bytes. */
export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('convert a recorded run again, and compare every byte with what was stored; nothing is changed')
    .argument('<run>', "the run's id, or its first characters; `hilum status STUDY` shows it")
    .option('--out <folder>', 'also write the objects there, as they are made now')
    .option('--json', 'print an object')
    .action(replayRun);
  explain(command, {
    examples: ['hilum replay 3f2a9c04', 'hilum replay 3f2a9c04 --out replayed/ --json'],
    success: 'every set of the run has the same bytes as when it was stored',
    failure: 'something differs, the bucket lacks a part, or there is no such run or no set of it',
    more: [
      'The tool does not run: its stored answer, the manifest, the identity and what the set says are read from the bucket. Sets that others\n' +
        'have replaced are replayed, too. Another version of Hilum may convert the same answer otherwise.\n' +
        'Sets of an older version do not name their time zone: it is the one that HILUM_TIME_ZONE names (UTC).',
      deploymentHelp('runsTable', 'bucket'),
    ],
  });
}

async function replayRun(text: string, { out, json }: ReplayOptions): Promise<void> {
  const named = runIdText(text, 'replay');
  const timeZone = process.env['HILUM_TIME_ZONE'] || 'UTC';
  if (!isTimeZone(timeZone)) throw new UsageError(`HILUM_TIME_ZONE is no time zone: ${timeZone.slice(0, 80)}`);
  const { runsTable: table, bucket } = findDeployment(readLocalEnvironment, ['runsTable', 'bucket']);
  const { createDynamoRunStore } = await import('#adapters/aws/run-store.ts');
  const { createS3ObjectStore } = await import('#adapters/aws/object-store.ts');
  const run = await namedRun(createDynamoRunStore({ table }), named, table);
  if (out !== undefined) await checkWritable(out, [run.runId]);
  const sets = await replay({ objects: createS3ObjectStore({ bucket }), timeZone }, run);
  if (out !== undefined)
    for (const { set, made } of sets)
      if (made.size > 0) await writeTogether(resolve(out, run.runId, set.setId), asNamed(made));
  if (json === true) printJson(shown(run, sets));
  else for (const line of linesOf(run, sets, out)) print(line);
  if (sets.length === 0)
    note(`hilum: There is nothing to replay: the bucket ${bucket} has no set of the run, ${runInWords(run).sentence}.`);
  if (sets.length === 0 || !sets.every(isAsRecorded)) throw new Unsuccessful();
}

/** Files with the names that they have in the bucket. */
const asNamed = (made: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> =>
  new Map([...made].map(([name, bytes]) => [name.endsWith('.json') ? name : `${name}.dcm`, bytes]));

const OBJECT_WORDS: Readonly<Record<Exclude<ReplayedObject['end'], 'same'>, string>> = {
  'other-bytes': 'has other bytes',
  lost: 'is not in the bucket any more',
  new: 'was not made then',
  gone: 'is not made now',
};

function linesOf({ runId, tool, version, StudyInstanceUID }: RunRecord, sets: readonly ReplayedSet[], out?: string) {
  if (sets.length === 0) return [];
  const lines = [StudyInstanceUID, `  ${tool} ${version}, run ${runId}`];
  for (const replayed of sets) {
    const { setId, answer, createdAt } = replayed.set;
    lines.push(`    set ${setId.slice(0, 8)} (${answer}) of ${createdAt}: ${setInWords(replayed)}`);
    for (const object of replayed.objects)
      if (object.end !== 'same') lines.push(`      ${object.name} ${OBJECT_WORDS[object.end]}${whereOf(object)}`);
  }
  if (out !== undefined) lines.push(`    written to ${join(out, runId)}`);
  return lines;
}

function setInWords({ end, objects, why }: ReplayedSet): string {
  const reason = why === undefined ? '' : `: ${why.message} (${why.code})`;
  switch (end) {
    case 'same':
      return `the same bytes (${counted(objects.length - 1, 'object')})`;
    case 'differs':
      return `differs from what was stored${reason}`;
    case 'refused-again':
      return `refused by the output gate, as it was then (${why?.code})`;
    case 'not-converted':
      return 'never converted: another set took its place';
    case 'impossible':
      return `cannot be replayed${reason}`;
  }
}

function whereOf({ end, attributes = [] }: ReplayedObject): string {
  if (end !== 'other-bytes') return '';
  return attributes.length === 0 ? ', and the same values' : ` in ${attributes.slice(0, 8).join(', ')}`;
}

function shown({ runId, StudyInstanceUID, tool, version, lane, state }: RunRecord, sets: readonly ReplayedSet[]) {
  return {
    ...{ runId, StudyInstanceUID, tool, version, lane, state },
    identical: sets.length > 0 && sets.every(isAsRecorded),
    sets: sets.map(({ set: { setId, answer, createdAt, replaces }, end, objects, why }) => ({
      ...{ setId, answer, createdAt, replaces: replaces.map((replaced) => replaced.setId), replay: end },
      ...(why && { reason: why }),
      objects,
    })),
  };
}
