/** The runs table on DynamoDB: one item per run, indexed by study, and by state and time. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '#core/ports.ts';
import type { CallOptions, RunPage, RunQuery, RunRecord, RunStore, RunUpdate } from '#pipeline/ports.ts';
import { placeInState, stateRank } from '#pipeline/run-state.ts';
import { limited } from '../call.ts';
import { translated, within } from './clients.ts';
import { dynamoDb } from './dynamo-db.ts';
import { recordOf, stageAttribute } from './run-item.ts';
import { pageOfRuns } from './run-pages.ts';

const failed = (error: unknown): Error => translated(error, 'the runs table (HILUM_RUNS_TABLE)');

/** Collects the SET and REMOVE parts of one item's update expression. */
class Changes {
  readonly #set: string[] = [];
  readonly #remove: string[] = [];
  readonly #add: string[] = [];
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  set(name: string, value: unknown): void {
    this.#set.push(`${this.#name(name)} = ${this.value(name, value)}`);
  }
  setOnce(name: string, value: unknown): void {
    this.#set.push(`${this.#name(name)} = if_not_exists(#${name}, ${this.value(name, value)})`);
  }
  remove(name: string): void {
    this.#remove.push(this.#name(name));
  }
  /** Puts a value into a set. */
  include(name: string, value: string): void {
    this.#add.push(`${this.#name(name)} ${this.value(name, new Set([value]))}`);
  }
  value(name: string, value: unknown): string {
    this.#values[`:${name}`] = value;
    return `:${name}`;
  }
  #name(name: string): string {
    this.#names[`#${name}`] = name;
    return `#${name}`;
  }
  expression() {
    const remove = this.#remove.length === 0 ? '' : ` REMOVE ${this.#remove.join(', ')}`;
    const add = this.#add.length === 0 ? '' : ` ADD ${this.#add.join(', ')}`;
    return {
      UpdateExpression: `SET ${this.#set.join(', ')}${remove}${add}`,
      ExpressionAttributeNames: this.#names,
      ExpressionAttributeValues: marshall(this.#values),
    };
  }
}

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
  for (const name of ['outcome', 'summary', 'objects'] as const) {
    if (update[name] !== undefined) changes.set(name, update[name]);
  }
  return changes;
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
}): RunStore {
  async function record(update: RunUpdate, options: CallOptions = {}): Promise<void> {
    const now = new Date(clock.now()).toISOString();
    const key = { TableName: table, Key: marshall({ runId: update.runId }) };
    /** @returns false if the condition does not hold */
    const write = async (
      changes: Changes,
      ConditionExpression: string | undefined,
      signal: AbortSignal | undefined,
    ): Promise<boolean> => {
      try {
        const command = new UpdateItemCommand({ ...key, ...changes.expression(), ConditionExpression });
        await client.send(command, within(signal));
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return false;
      }
    };
    const moved = stateChanges(update, now);
    moved.set('changed', placeInState({ changed: now, runId: update.runId }));
    // Most runs move, so that is tried first. A run that stays keeps its place, and one that has passed the state gets the time alone.
    const work = async (signal: AbortSignal | undefined): Promise<void> => {
      if (await write(moved, MOVES, signal)) return;
      if (await write(stateChanges(update, now), STAYS, signal)) return;
      await write(stageChanges(update, now), undefined, signal);
    };
    await limited(options, work, failed);
  }

  async function get(runId: string, options: CallOptions = {}): Promise<RunRecord | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: marshall({ runId }), ConsistentRead: true });
    const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
    return Item === undefined ? undefined : recordOf(Item);
  }

  async function list(query: RunQuery = {}, options: CallOptions = {}): Promise<RunPage> {
    return await limited(options, (signal) => pageOfRuns({ table, client }, query, signal), failed);
  }

  return { record, get, list };
}
