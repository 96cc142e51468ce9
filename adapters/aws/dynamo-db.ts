/** The client of DynamoDB. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { limits, once, SILENCE_MS } from './clients.ts';

export const dynamoDb = once(() => new DynamoDBClient(limits(SILENCE_MS)));
/** For counting: a request whose answer was lost would count again when it is repeated. */
export const dynamoDbOnce = once(() => new DynamoDBClient({ ...limits(SILENCE_MS), maxAttempts: 1 }));
