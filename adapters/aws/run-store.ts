/** The runs table on DynamoDB: one item per run, indexed by study. */
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
import { WORK_PREFIX } from './work-ledger.ts';

const failed = (error: unknown): Error => translated(error, 'the runs table (HILUM_RUNS_TABLE)');

/** An item. Each stage's time is an attribute of its own (`at_routed`), which can be set once without reading the item. */
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
  failingSince: z.string().optional(),
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
  const { failingSince } = item;
  const times = RUN_STATES.map((stage) => [stage, item[stageAttribute(stage)]] as const);
  return {
    ...{ runId, StudyInstanceUID, revision, tool, version, lane, state },
    stages: Object.fromEntries(times.filter((time): time is [RunState, string] => typeof time[1] === 'string')),
    ...(reason === undefined ? {} : { reason }),
    ...(failingSince === undefined ? {} : { failingSince }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(summary === undefined ? {} : { summary }),
    ...(objects === undefined ? {} : { objects }),
  };
}

/** Collects the SET and REMOVE parts of one item's update expression. */
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

/** The run's identity and the stage's time, which are recorded whether or not the run moves to the state. */
function stageChanges(update: RunUpdate, now: string): Changes {
  const changes = new Changes();
  for (const name of ['StudyInstanceUID', 'revision', 'tool', 'version', 'lane'] as const)
    changes.setOnce(name, update[name]);
  changes.setOnce('firstSeen', now);
  changes.setOnce(stageAttribute(update.state), now);
  return changes;
}

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
    const moved = stageChanges(update, now);
    moved.set('state', update.state);
    moved.set('rank', stateRank(update.state));
    for (const name of ['reason', 'failingSince'] as const) {
      if (update[name] === undefined) moved.remove(name);
      else moved.set(name, update[name]);
    }
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
        // The run has already passed this state: record only the stage's time, if it is not there yet.
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
      runs: Items.filter(isRun).map((item) => recordOf(itemOf(item))),
      ...(LastEvaluatedKey !== undefined && { next: cursorOf(LastEvaluatedKey) }),
    };
  }

  return { record, get, list };
}

/** The table holds the ledger of work, too. */
const isRun = ({ runId }: Record<string, AttributeValue>): boolean => runId?.S?.startsWith(WORK_PREFIX) !== true;

/** Newest first. */
const ofStudy = (StudyInstanceUID: string) => ({
  IndexName: STUDY_INDEX,
  KeyConditionExpression: 'StudyInstanceUID = :study',
  ExpressionAttributeValues: marshall({ ':study': StudyInstanceUID }),
  ScanIndexForward: false,
});

/** The key of a page's last item, as text. */
const cursorOf = (key: Record<string, AttributeValue>): string =>
  Buffer.from(JSON.stringify(unmarshall(key))).toString('base64url');

const CursorSchema = z.record(z.string(), z.string());

/** @throws MessageError if the text is not a cursor */
function keyOf(cursor: string): Record<string, AttributeValue> {
  try {
    return marshall(CursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString())));
  } catch (cause) {
    throw new MessageError('The cursor of the page of runs is not valid', { cause });
  }
}
