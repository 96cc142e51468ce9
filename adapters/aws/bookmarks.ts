/** Bookmarks in the runs table: items whose key begins with `work/`, as those of the ledger. They are in no index. */
import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Bookmarks } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { within } from './clients.ts';
import { dynamoDb, failed } from './dynamo-db.ts';
import { WORK_PREFIX } from './work-ledger.ts';

/** @throws ConfigurationError, ServiceUnavailableError (from its methods) */
export function createDynamoBookmarks({
  table,
  client = dynamoDb(),
}: {
  readonly table: string;
  readonly client?: DynamoDBClient;
}): Bookmarks {
  const itemOf = (name: string) => ({ TableName: table, Key: marshall({ runId: `${WORK_PREFIX}bookmark/${name}` }) });
  return {
    async get(name, options = {}) {
      const command = new GetItemCommand({ ...itemOf(name), ConsistentRead: true });
      const { Item } = await limited(options, (signal) => client.send(command, within(signal)), failed);
      return Item?.['place']?.S;
    },
    async set(name, place, options = {}) {
      const command = new UpdateItemCommand({
        ...itemOf(name),
        UpdateExpression: 'SET #place = :place',
        ExpressionAttributeNames: { '#place': 'place' },
        ExpressionAttributeValues: marshall({ ':place': place }),
      });
      await limited(options, (signal) => client.send(command, within(signal)), failed);
    },
  };
}
