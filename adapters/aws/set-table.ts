/** The sets of results in the runs table: one item for each study and tool, whose key begins with `current/`. They are in no index. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import { ANSWERS } from '#pipeline/keys.ts';
import { SET_STATES, type SetPlace, type SetTable, type StudySets } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { translated, within } from './clients.ts';
import { dynamoDb } from './dynamo-db.ts';
import { parsedJson } from './parsed-json.ts';

const speaker = { patient: z.string().optional(), others: z.array(z.string()).optional() };
const routed = z.object({ sequence: z.number(), runId: z.string(), revision: z.string(), ...speaker });

const SetsSchema = z.object({
  routed: routed.optional(),
  alsoRouted: z.array(routed).optional(),
  sets: z.array(
    z.object({
      setId: z.string(),
      runId: z.string(),
      answer: z.enum(ANSWERS),
      inputDigest: z.string(),
      identity: z.string().optional(),
      sequence: z.number(),
      replaces: z.array(z.string()),
      createdAt: z.string(),
      state: z.enum(SET_STATES),
      stored: z.boolean().optional(),
      noted: z.boolean().optional(),
      twin: z.boolean().optional(),
      ...speaker,
      missedAt: z.string().optional(),
    }),
  ),
});

const failed = (error: unknown): Error => translated(error, 'the runs table (HILUM_RUNS_TABLE)');

/**
 * @throws ConfigurationError, ServiceUnavailableError (from its methods)
 * @throws MessageError (from `get`) if the item is of another kind
 */
export function createDynamoSetTable({
  table,
  client = dynamoDb(),
}: {
  readonly table: string;
  readonly client?: DynamoDBClient;
}): SetTable {
  const itemOf = ({ StudyInstanceUID, tool }: SetPlace) => ({
    TableName: table,
    Key: marshall({ runId: `current/${StudyInstanceUID}/${tool}` }),
  });
  return {
    async get(place, options = {}) {
      const command = new GetItemCommand({ ...itemOf(place), ConsistentRead: true });
      const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
      const { mark, sets } = Item === undefined ? {} : unmarshall(Item);
      if (mark === undefined) return { study: { sets: [] }, mark: 0 };
      return { study: parsed(sets), mark: Number(mark) };
    },
    async replace(place, study, mark, options = {}) {
      const command = new UpdateItemCommand({
        ...itemOf(place),
        UpdateExpression: 'SET #mark = :next, #sets = :sets',
        ConditionExpression: mark === 0 ? 'attribute_not_exists(#mark)' : '#mark = :mark',
        ExpressionAttributeNames: { '#mark': 'mark', '#sets': 'sets' },
        ExpressionAttributeValues: marshall({
          ...{ ':next': mark + 1, ':sets': JSON.stringify(study) },
          ...(mark > 0 && { ':mark': mark }),
        }),
      });
      const write = async (signal: AbortSignal | undefined): Promise<boolean> => {
        try {
          await client.send(command, within(signal));
          return true;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return false;
          throw error;
        }
      };
      return await limited(options, write, failed);
    },
  };
}

function parsed(text: unknown): StudySets {
  const found = SetsSchema.safeParse(typeof text === 'string' ? parsedJson(text) : undefined);
  if (!found.success) throw new MessageError("An item of the runs table is not a study's sets", { cause: found.error });
  return withoutUndefined(found.data);
}

/** Zod's optional attributes may be undefined, ours are absent. */
const withoutUndefined = (study: z.infer<typeof SetsSchema>): StudySets =>
  JSON.parse(JSON.stringify(study)) as StudySets;
