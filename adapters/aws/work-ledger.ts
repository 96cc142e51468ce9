/** The ledger of work under way, in the runs table: items whose key begins with `work/`. They are in no index. */
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Clock } from '#core/ports.ts';
import { CAUSES } from '#pipeline/ends.ts';
import type { CallOptions, KnownWork, WorkLedger } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { within } from './clients.ts';
import { dynamoDb, dynamoDbOnce, failed } from './dynamo-db.ts';

export const WORK_PREFIX = 'work/';

/** An entry of another version of Hilum counts as none: the work is then tried as if for the first time. */
const EntrySchema = z.object({
  open: z.number().catch(0),
  at: z.iso.datetime().optional().catch(undefined),
  failing: z
    .object({
      cause: z.enum(CAUSES),
      since: z.iso.datetime(),
      inRow: z.number(),
      counts: z.partialRecord(z.enum(CAUSES), z.number()),
      reason: z.object({ code: z.string(), message: z.string() }),
      givenUp: z.boolean(),
    })
    .optional()
    .catch(undefined),
});

/** @throws ConfigurationError, ServiceUnavailableError (from its methods) */
export function createDynamoWorkLedger({
  table,
  client = dynamoDb(),
  counting = dynamoDbOnce(),
  clock = Date,
}: {
  readonly table: string;
  readonly client?: DynamoDBClient;
  /** Repeats no request by itself. */
  readonly counting?: DynamoDBClient;
  readonly clock?: Clock;
}): WorkLedger {
  const now = (): string => new Date(clock.now()).toISOString();
  const itemOf = (work: string) => ({ TableName: table, Key: marshall({ runId: `${WORK_PREFIX}${work}` }) });
  const update = (work: string, change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>, options: CallOptions) =>
    limited(
      options,
      (signal) => counting.send(new UpdateItemCommand({ ...itemOf(work), ...change }), within(signal)),
      failed,
    );
  return {
    async begin(work, options = {}) {
      const { Attributes } = await update(
        work,
        {
          UpdateExpression: 'SET #at = :at ADD #open :one',
          ExpressionAttributeNames: { '#open': 'open', '#at': 'at' },
          ExpressionAttributeValues: marshall({ ':one': 1, ':at': now() }),
          ReturnValues: 'ALL_OLD',
        },
        options,
      );
      return knownFrom(Attributes);
    },
    async fail(work, failing, options = {}) {
      const change = {
        UpdateExpression: 'SET #failing = :failing, #at = :at ADD #open :minus',
        ExpressionAttributeNames: { '#open': 'open', '#failing': 'failing', '#at': 'at' },
        ExpressionAttributeValues: marshall(
          { ':failing': failing, ':at': now(), ':minus': -1 },
          { removeUndefinedValues: true },
        ),
      };
      await update(work, change, options);
    },
    async end(work, options = {}) {
      await limited(options, (signal) => client.send(new DeleteItemCommand(itemOf(work)), within(signal)), failed);
    },
    async get(work, options = {}) {
      const command = new GetItemCommand({ ...itemOf(work), ConsistentRead: true });
      const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
      return knownFrom(Item);
    },
  };
}

function knownFrom(item: Parameters<typeof unmarshall>[0] | undefined): KnownWork {
  const { open, failing, at } = EntrySchema.parse(item === undefined ? {} : unmarshall(item));
  return { open: Math.max(0, open), ...(failing !== undefined && { failing }), ...(at !== undefined && { at }) };
}
