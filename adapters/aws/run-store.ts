/** The runs table, on DynamoDB: one item a run, indexed by study. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import { STUDY_INDEX } from '#pipeline/environment.ts';
import { LANES } from '#pipeline/keys.ts';
import type { CallOptions, RunPage, RunQuery, RunRecord, RunStore, RunUpdate } from '#pipeline/ports.ts';
import { RUN_STATES, type RunState, stateRank } from '#pipeline/run-state.ts';
import { limited } from '../call.ts';
import { dynamoDb, translated, within } from './clients.ts';

const failed = (error: unknown): Error => translated(error, 'the runs table (HILUM_RUNS_TABLE)');

/** An item: the record with its stages flat (`at_routed`), so that each can be set once without reading first. */
const ItemSchema = z.looseObject({
  runId: z.string(),
  StudyInstanceUID: z.string(),
  revision: z.string(),
  tool: z.string(),
  version: z.string(),
  lane: z.enum(LANES),
  state: z.enum(RUN_STATES),
  firstSeen: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  outcome: z.string().optional(),
  summary: z.string().optional(),
  objects: z.array(z.string()).optional(),
});
type Item = z.infer<typeof ItemSchema>;

const stageAttribute = (state: RunState): string => `at_${state.replaceAll('-', '_')}`;

function itemOf(attributes: Record<string, AttributeValue>): Item {
  const parsed = ItemSchema.safeParse(unmarshall(attributes));
  if (!parsed.success) throw new MessageError('An item of the runs table is not a run', { cause: parsed.error });
  return parsed.data;
}

function recordOf(item: Item): RunRecord {
  const { runId, StudyInstanceUID, revision, tool, version, lane, state, reason, outcome, summary, objects } = item;
  const times = RUN_STATES.map((stage) => [stage, item[stageAttribute(stage)]] as const);
  return {
    ...{ runId, StudyInstanceUID, revision, tool, version, lane, state },
    stages: Object.fromEntries(times.filter((time): time is [RunState, string] => typeof time[1] === 'string')),
    ...(reason === undefined ? {} : { reason }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(summary === undefined ? {} : { summary }),
    ...(objects === undefined ? {} : { objects }),
  };
}

/** The parts of an update of one item: set what is known, drop what the new state has not. */
class Changes {
  readonly #set: string[] = [];
  readonly #remove: string[] = [];
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
    return {
      UpdateExpression: `SET ${this.#set.join(', ')}${remove}`,
      ExpressionAttributeNames: this.#names,
      ExpressionAttributeValues: marshall(this.#values),
    };
  }
}

/** The run's identity and the time of the stage, which hold whether or not the run moves on. */
function stageChanges(update: RunUpdate, now: string): Changes {
  const changes = new Changes();
  for (const name of ['StudyInstanceUID', 'revision', 'tool', 'version', 'lane'] as const)
    changes.setOnce(name, update[name]);
  changes.setOnce('firstSeen', now);
  changes.setOnce(stageAttribute(update.state), now);
  return changes;
}

/**
 * @throws ConfigurationError, ServiceUnavailableError (from its methods) as the table answers
 * @throws MessageError (from its methods) where an item of the table is not a run
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
    const moved = stageChanges(update, now);
    moved.set('state', update.state);
    moved.set('rank', stateRank(update.state));
    if (update.reason === undefined) moved.remove('reason');
    else moved.set('reason', update.reason);
    for (const name of ['outcome', 'summary', 'objects'] as const) {
      if (update[name] !== undefined) moved.set(name, update[name]);
    }
    const ConditionExpression = 'attribute_not_exists(#rank) OR #rank <= :rank';
    const write = async (signal: AbortSignal | undefined): Promise<void> => {
      try {
        const command = new UpdateItemCommand({ ...key, ConditionExpression, ...moved.expression() });
        await client.send(command, within(signal));
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // The run is further on: only the first time of the stage may still be news.
        await client.send(new UpdateItemCommand({ ...key, ...stageChanges(update, now).expression() }), within(signal));
      }
    };
    await limited(options, write, failed);
  }

  async function get(runId: string, options: CallOptions = {}): Promise<RunRecord | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: marshall({ runId }), ConsistentRead: true });
    const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
    return Item === undefined ? undefined : recordOf(itemOf(Item));
  }

  async function list({ StudyInstanceUID, limit, after }: RunQuery = {}, options: CallOptions = {}): Promise<RunPage> {
    const page = {
      TableName: table,
      ...(limit !== undefined && { Limit: limit }),
      ...(after !== undefined && { ExclusiveStartKey: keyOf(after) }),
    };
    const read = (signal: AbortSignal | undefined): Promise<ScanCommandOutput | QueryCommandOutput> =>
      StudyInstanceUID === undefined
        ? client.send(new ScanCommand(page), within(signal))
        : client.send(new QueryCommand({ ...page, ...ofStudy(StudyInstanceUID) }), within(signal));
    const { Items = [], LastEvaluatedKey } = await limited(options, read, failed);
    return {
      runs: Items.map((item) => recordOf(itemOf(item))),
      ...(LastEvaluatedKey !== undefined && { next: cursorOf(LastEvaluatedKey) }),
    };
  }

  return { record, get, list };
}

/** The newest first. */
const ofStudy = (StudyInstanceUID: string) => ({
  IndexName: STUDY_INDEX,
  KeyConditionExpression: 'StudyInstanceUID = :study',
  ExpressionAttributeValues: marshall({ ':study': StudyInstanceUID }),
  ScanIndexForward: false,
});

/** The key of the last item of a page, as text that leads on from there. */
const cursorOf = (key: Record<string, AttributeValue>): string =>
  Buffer.from(JSON.stringify(unmarshall(key))).toString('base64url');

const CursorSchema = z.record(z.string(), z.string());

/** @throws MessageError where the text is no cursor */
function keyOf(cursor: string): Record<string, AttributeValue> {
  try {
    return marshall(CursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString())));
  } catch (cause) {
    throw new MessageError('What is to follow is not the end of a page of runs', { cause });
  }
}
