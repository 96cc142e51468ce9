/** The runs table, on DynamoDB: one item a run, indexed by study. */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { STUDY_INDEX } from '#core/environment.ts';
import { MessageError } from '#core/errors.ts';
import { LANES } from '#core/keys.ts';
import { type Clock, RUN_STATES, type RunRecord, type RunState, type RunStore, type RunUpdate } from '#core/ports.ts';
import { stateRank } from '#core/run-state.ts';
import { dynamoDb, translated } from './clients.ts';

const TABLE = 'the runs table (HILUM_RUNS_TABLE)';

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
  const failed = (error: unknown): never => {
    throw translated(error, TABLE);
  };
  const items = async (
    pages: AsyncIterable<{ readonly Items?: Record<string, AttributeValue>[] | undefined }>,
  ): Promise<Item[]> => {
    const found: Item[] = [];
    for await (const { Items = [] } of pages) found.push(...Items.map(itemOf));
    return found;
  };

  async function record(update: RunUpdate): Promise<void> {
    const now = new Date(clock.now()).toISOString();
    const Key = marshall({ runId: update.runId });
    const moved = stageChanges(update, now);
    moved.set('state', update.state);
    moved.set('rank', stateRank(update.state));
    if (update.reason === undefined) moved.remove('reason');
    else moved.set('reason', update.reason);
    for (const name of ['outcome', 'summary', 'objects'] as const) {
      if (update[name] !== undefined) moved.set(name, update[name]);
    }
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          ConditionExpression: 'attribute_not_exists(#rank) OR #rank <= :rank',
          ...moved.expression(),
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw translated(error, TABLE);
      // The run is further on: only the first time of the stage may still be news.
      await client
        .send(new UpdateItemCommand({ TableName: table, Key, ...stageChanges(update, now).expression() }))
        .catch(failed);
    }
  }

  async function get(runId: string): Promise<RunRecord | undefined> {
    const { Item } = await client
      .send(new GetItemCommand({ TableName: table, Key: marshall({ runId }), ConsistentRead: true }))
      .catch(failed);
    return Item === undefined ? undefined : recordOf(itemOf(Item));
  }

  async function list({
    StudyInstanceUID,
  }: {
    readonly StudyInstanceUID?: string;
  } = {}): Promise<readonly RunRecord[]> {
    const pages =
      StudyInstanceUID === undefined
        ? paginateScan({ client }, { TableName: table })
        : paginateQuery(
            { client },
            {
              TableName: table,
              IndexName: STUDY_INDEX,
              KeyConditionExpression: 'StudyInstanceUID = :study',
              ExpressionAttributeValues: marshall({ ':study': StudyInstanceUID }),
            },
          );
    const found = await items(pages).catch(failed);
    return found.sort((a, b) => (a.firstSeen < b.firstSeen ? 1 : a.firstSeen > b.firstSeen ? -1 : 0)).map(recordOf);
  }

  return { record, get, list };
}
