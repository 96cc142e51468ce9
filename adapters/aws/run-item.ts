/** A run as an item of the runs table. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { MessageError } from '#core/errors.ts';
import { CAUSES } from '#pipeline/ends.ts';
import { LANES } from '#pipeline/keys.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { RUN_STATES, type RunState } from '#pipeline/run-state.ts';

/** What another version wrote counts as nothing: the run is then sent through all steps again. */
const GivenUpSchema = z
  .object({ step: z.enum(['intake', 'infer', 'convert', 'return']), cause: z.enum(CAUSES) })
  .optional()
  .catch(undefined);

/** An item. Each stage's time is an attribute of its own (`at_routed`), which can be set once without reading the item. */
const ItemSchema = z.looseObject({
  runId: z.string(),
  StudyInstanceUID: z.string(),
  revision: z.string(),
  revisions: z.set(z.string()).optional(),
  inputDigest: z.string().optional(),
  tool: z.string(),
  version: z.string(),
  lane: z.enum(LANES),
  state: z.enum(RUN_STATES),
  changed: z.string().optional(),
  firstSeen: z.string(),
  gaveUp: GivenUpSchema,
  untold: GivenUpSchema,
  redriven: z.string().optional(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  failingSince: z.string().optional(),
  resent: z.object({ at: z.string(), times: z.number() }).optional(),
  identity: z.string().optional(),
  sequence: z.number().optional(),
  set: z.string().optional(),
  outcome: z.string().optional(),
  summary: z.string().optional(),
  objects: z.array(z.string()).optional(),
});

export const stageAttribute = (state: RunState): string => `at_${state.replaceAll('-', '_')}`;

/** @throws MessageError if the item is not a run */
export function recordOf(attributes: Record<string, AttributeValue>): RunRecord {
  const parsed = ItemSchema.safeParse(unmarshall(attributes));
  if (!parsed.success) throw new MessageError('An item of the runs table is not a run', { cause: parsed.error });
  const item = parsed.data;
  const { runId, StudyInstanceUID, revision, tool, version, lane, state } = item;
  const { revisions, inputDigest, changed, reason, failingSince, resent, gaveUp, untold, redriven } = item;
  const { outcome, summary, objects, identity, sequence, set } = item;
  const times = RUN_STATES.map((stage) => [stage, item[stageAttribute(stage)]] as const);
  const [changedAt] = changed?.split('/') ?? [];
  return {
    ...{ runId, StudyInstanceUID, revision, tool, version, lane, state },
    ...(revisions === undefined ? {} : { revisions: [...revisions] }),
    ...(inputDigest === undefined ? {} : { inputDigest }),
    ...(changedAt === undefined ? {} : { changed: changedAt }),
    stages: Object.fromEntries(times.filter((time): time is [RunState, string] => typeof time[1] === 'string')),
    ...(reason === undefined ? {} : { reason }),
    ...(failingSince === undefined ? {} : { failingSince }),
    ...(resent === undefined ? {} : { resent }),
    ...(gaveUp === undefined ? {} : { gaveUp }),
    ...(untold === undefined ? {} : { untold }),
    ...(redriven === undefined ? {} : { redriven }),
    ...(identity === undefined ? {} : { identity }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(set === undefined ? {} : { set }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(summary === undefined ? {} : { summary }),
    ...(objects === undefined ? {} : { objects }),
  };
}
