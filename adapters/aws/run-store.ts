/** The runs table on DynamoDB: one item per run, indexed by study, and by state and time. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '#core/ports.ts';
import type { CallOptions, EndedRuns, RunPage, RunQuery, RunRecord, RunStore, RunUpdate } from '#pipeline/ports.ts';
import { placeInState, type RunState, stateRank } from '#pipeline/run-state.ts';
import { limited } from '../call.ts';
import { within } from './clients.ts';
import { dynamoDb, failed } from './dynamo-db.ts';
import { Changes } from './item-changes.ts';
import { recordOf, stageAttribute } from './run-item.ts';
import { pageOfRuns } from './run-pages.ts';

/** The run's identity and the stage's time, which are recorded whether or not the run moves to the state. */
function stageChanges(update: RunUpdate, now: string): Changes {
  const changes = new Changes();
  for (const name of ['StudyInstanceUID', 'revision', 'tool', 'version', 'lane'] as const)
    changes.setOnce(name, update[name]);
  if (update.inputDigest !== undefined) changes.setOnce('inputDigest', update.inputDigest);
  changes.include('revisions', update.revision);
  changes.setOnce('firstSeen', now);
  changes.setOnce(stageAttribute(update.state), now);
  return changes;
}

/** The same, and what the run's new state says. */
function stateChanges(update: RunUpdate, now: string): Changes {
  const changes = stageChanges(update, now);
  changes.set('state', update.state);
  changes.set('rank', stateRank(update.state));
  for (const name of ['reason', 'failingSince', 'resent'] as const) {
    if (update[name] === undefined) changes.remove(name);
    else changes.set(name, update[name]);
  }
  for (const name of [...ENDS, 'outcome', 'summary', 'objects', 'identity', 'sequence', 'set'] as const) {
    if (update[name] !== undefined) changes.set(name, update[name]);
  }
  return changes;
}

/** What the steps that gave up recorded. It stays as long as the run's state does. */
const ENDS = ['gaveUp', 'untold'] as const;
/** What belongs to a run's end. The objects stay: they are in the archive. */
const OF_THE_END = ['reason', 'failingSince', 'resent', 'gaveUp', 'outcome', 'summary'] as const;

/** The condition that a run is as it was read. */
function unchanged({ state, changed, runId }: RunRecord) {
  const place = changed === undefined ? undefined : placeInState({ changed, runId });
  return {
    condition: `#from = :from AND ${place === undefined ? 'attribute_not_exists(#place)' : '#place = :place'}`,
    names: { '#from': 'state', '#place': 'changed' },
    values: marshall({ ':from': state, ...(place !== undefined && { ':place': place }) }),
  };
}

/** A run never moves to a state of a lower rank. */
const MOVES = 'attribute_not_exists(#rank) OR #rank < :rank OR (#rank = :rank AND #state <> :state)';
const STAYS = '#state = :state';

/**
 * @throws ConfigurationError (from its methods) if the table or the permission is missing
 * @throws ServiceUnavailableError (from its methods) if DynamoDB does not answer
 * @throws MessageError (from its methods) if an item of the table is not a run
 */
export function createDynamoRunStore({
  table,
  client = dynamoDb(),
  clock = Date,
}: {
  readonly table: string;
  readonly client?: DynamoDBClient;
  readonly clock?: Clock;
}): RunStore & EndedRuns {
  /** @returns false if the condition does not hold */
  async function conditionally(request: Promise<unknown>): Promise<boolean> {
    try {
      await request;
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return false;
    }
  }

  const now = (): string => new Date(clock.now()).toISOString();
  const keyOf = (runId: string) => ({ TableName: table, Key: marshall({ runId }) });

  function write(runId: string, changes: Changes, condition: string | undefined, signal: AbortSignal | undefined) {
    const command = { ...keyOf(runId), ...changes.expression(), ConditionExpression: condition };
    return conditionally(client.send(new UpdateItemCommand(command), within(signal)));
  }

  async function record(update: RunUpdate, options: CallOptions = {}): Promise<void> {
    const { runId } = update;
    const time = now();
    const moved = stateChanges(update, time);
    moved.set('changed', placeInState({ changed: time, runId }));
    for (const name of ENDS) if (update[name] === undefined) moved.remove(name);
    // Most runs move, so that is tried first. A run that stays keeps its place, and one that has passed the state gets the time alone.
    const work = async (signal: AbortSignal | undefined): Promise<void> => {
      if (await write(runId, moved, MOVES, signal)) return;
      if (await write(runId, stateChanges(update, time), STAYS, signal)) return;
      await write(runId, stageChanges(update, time), undefined, signal);
    };
    await limited(options, work, failed);
  }

  async function giveBack(run: RunRecord, state: RunState, options: CallOptions = {}): Promise<boolean> {
    const { runId } = run;
    const time = now();
    const changes = new Changes();
    changes.set('redriven', time);
    changes.set('state', state);
    changes.set('rank', stateRank(state));
    changes.remove('untold');
    if (state !== run.state) {
      changes.set('changed', placeInState({ changed: time, runId }));
      for (const name of OF_THE_END) changes.remove(name);
    }
    const { condition, names, values } = unchanged(run);
    const { ExpressionAttributeNames, ExpressionAttributeValues, UpdateExpression } = changes.expression();
    const command = new UpdateItemCommand({
      ...{ ...keyOf(runId), UpdateExpression, ConditionExpression: condition },
      ExpressionAttributeNames: { ...ExpressionAttributeNames, ...names },
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ...values },
    });
    return await limited(options, (signal) => conditionally(client.send(command, within(signal))), failed);
  }

  async function forget(run: RunRecord, options: CallOptions = {}): Promise<boolean> {
    const { condition, names, values } = unchanged(run);
    const command = new DeleteItemCommand({
      ...{ ...keyOf(run.runId), ConditionExpression: `${condition} AND attribute_not_exists(#received)` },
      ExpressionAttributeNames: { ...names, '#received': stageAttribute('received') },
      ExpressionAttributeValues: values,
    });
    return await limited(options, (signal) => conditionally(client.send(command, within(signal))), failed);
  }

  async function get(runId: string, options: CallOptions = {}): Promise<RunRecord | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: marshall({ runId }), ConsistentRead: true });
    const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
    return Item === undefined ? undefined : recordOf(Item);
  }

  async function list(query: RunQuery = {}, options: CallOptions = {}): Promise<RunPage> {
    return await limited(options, (signal) => pageOfRuns({ table, client }, query, signal), failed);
  }

  return { record, get, list, giveBack, forget };
}
