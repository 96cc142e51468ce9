/** Pages of the runs table, from its two indexes. Nothing scans the table. */
import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import { STATE_INDEX, STUDY_INDEX } from '#pipeline/environment.ts';
import type { RunPage, RunQuery, RunRecord } from '#pipeline/ports.ts';
import { placeInState, RUN_STATES, type RunState } from '#pipeline/run-state.ts';
import { within } from './clients.ts';
import { recordOf } from './run-item.ts';

const DEFAULT_LIMIT = 100;

export interface RunPages {
  readonly table: string;
  readonly client: DynamoDBClient;
}

/** @throws MessageError if `after` is no cursor */
export function pageOfRuns(pages: RunPages, query: RunQuery, signal: AbortSignal | undefined): Promise<RunPage> {
  return query.StudyInstanceUID === undefined
    ? pageByState(pages, query, signal)
    : pageOfStudy(pages, { ...query, StudyInstanceUID: query.StudyInstanceUID }, signal);
}

const statesOf = ({ state = RUN_STATES }: RunQuery): readonly RunState[] =>
  typeof state === 'string' ? [state] : [...new Set(state)];

/** The runs of one study, newest first. */
async function pageOfStudy(
  { table, client }: RunPages,
  query: RunQuery & { readonly StudyInstanceUID: string },
  signal: AbortSignal | undefined,
): Promise<RunPage> {
  const { StudyInstanceUID, limit, after } = query;
  const { filter, ...values } = filterOf(query);
  const command = new QueryCommand({
    ...{ TableName: table, IndexName: STUDY_INDEX, ScanIndexForward: false },
    ...(limit !== undefined && { Limit: limit }),
    ...(after !== undefined && { ExclusiveStartKey: keyOf(after) }),
    KeyConditionExpression: 'StudyInstanceUID = :study',
    ...(filter !== '' && { FilterExpression: filter }),
    ...(query.state !== undefined && { ExpressionAttributeNames: { '#state': 'state' } }),
    ExpressionAttributeValues: marshall({ ':study': StudyInstanceUID, ...values.values }),
  });
  const { Items = [], LastEvaluatedKey } = await client.send(command, within(signal));
  return { runs: Items.map(recordOf), ...(LastEvaluatedKey !== undefined && { next: cursorOf(LastEvaluatedKey) }) };
}

/** The conditions besides the study, which DynamoDB tests on every run of the study. */
function filterOf({ state, since, before }: RunQuery) {
  const states = state === undefined ? [] : statesOf({ state }).map((name, index) => [`:state${index}`, name] as const);
  const conditions = [
    ...(state === undefined ? [] : [`#state IN (${states.map(([name]) => name).join(', ')})`]),
    ...(since === undefined ? [] : ['changed >= :since']),
    ...(before === undefined ? [] : ['changed < :before']),
  ];
  const times = { ...(since !== undefined && { ':since': since }), ...(before !== undefined && { ':before': before }) };
  return { filter: conditions.join(' AND '), values: { ...Object.fromEntries(states), ...times } };
}

/** The key of a page's last item, as text. */
const cursorOf = (key: Record<string, AttributeValue>): string =>
  Buffer.from(JSON.stringify(unmarshall(key))).toString('base64url');

const CursorSchema = z.record(z.string(), z.string());

function keyOf(cursor: string): Record<string, AttributeValue> {
  try {
    return marshall(CursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString())));
  } catch (cause) {
    throw invalidCursor(cause);
  }
}

const invalidCursor = (cause?: unknown): MessageError =>
  new MessageError('The cursor of the page of runs is not valid', { cause });

/** A run, and its place in its state. */
interface Placed {
  readonly place: string;
  readonly run: RunRecord;
}

/** Runs of one state, latest first; `isCut` if there are more that were not read. */
interface Stretch {
  readonly runs: readonly Placed[];
  readonly isCut: boolean;
}

/**
 * Runs of several states, the latest change first: each state's latest are read and merged. The cursor is the place of the page's
 * last run, which is a place among the runs of every state.
 */
async function pageByState(pages: RunPages, query: RunQuery, signal: AbortSignal | undefined): Promise<RunPage> {
  const { limit = DEFAULT_LIMIT, after } = query;
  if (after !== undefined && !PLACE.test(after)) throw invalidCursor();
  const stretches = await Promise.all(statesOf(query).map((state) => stretchOf(pages, state, query, limit, signal)));
  // Beyond the end of a stretch that was cut, runs of its state are missing.
  const known = stretches.flatMap(({ runs, isCut }) => (isCut ? (runs.at(-1)?.place ?? LAST) : FIRST));
  const reach = known.reduce((later, place) => (place > later ? place : later), FIRST);
  const merged = stretches
    .flatMap(({ runs }) => runs)
    .filter(({ place }) => place >= reach)
    .sort((a, b) => (a.place < b.place ? 1 : -1));
  const taken = merged.slice(0, limit);
  const last = taken.at(-1)?.place;
  const isLast = merged.length <= limit && !stretches.some(({ isCut }) => isCut);
  // A run that changed its state between two of the queries is in both.
  const latest = new Map(taken.toReversed().map(({ run }) => [run.runId, run]));
  return { runs: [...latest.values()].toReversed(), ...(!isLast && last !== undefined && { next: last }) };
}

const PLACE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\/[0-9a-z]+$/;
/** Texts before and after every place. */
const [FIRST, LAST] = ['0', '~'];

async function stretchOf(
  { table, client }: RunPages,
  state: RunState,
  { since = FIRST, before = LAST, after = LAST }: RunQuery,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Stretch> {
  const until = after < before ? after : before;
  if (until < since) return { runs: [], isCut: false };
  const query: QueryCommandInput = {
    ...{ TableName: table, IndexName: STATE_INDEX, ScanIndexForward: false },
    // One more, because the run of the cursor comes again.
    Limit: limit + 1,
    KeyConditionExpression: '#state = :state AND changed BETWEEN :since AND :until',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: marshall({ ':state': state, ':since': since, ':until': until }),
  };
  const { Items = [], LastEvaluatedKey } = await client.send(new QueryCommand(query), within(signal));
  const placed = Items.map(recordOf).map((run) => ({ place: placeInState(run), run }));
  return { runs: placed.filter(({ place }) => place !== after), isCut: LastEvaluatedKey !== undefined };
}
