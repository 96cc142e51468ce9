/** The client of DynamoDB, for the one table that there is: the runs table. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { limits, once, SILENCE_MS, translated } from './clients.ts';

export const dynamoDb = once(() => new DynamoDBClient(limits(SILENCE_MS)));
/** For counting: a request whose answer was lost would count again when it is repeated. */
export const dynamoDbOnce = once(() => new DynamoDBClient({ ...limits(SILENCE_MS), maxAttempts: 1 }));

/** An error of a request to the runs table, in Hilum's own classes. */
export const failed = (error: unknown): Error => translated(error, 'the runs table (HILUM_RUNS_TABLE)');
