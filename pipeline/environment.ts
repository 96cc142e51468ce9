/**
 * The names that all deployed parts share: queues, environment variables of the functions, stack outputs.
 * `infra` sets them, `functions` read them, `localstack` and `cli` use them to find a deployment.
 */
import * as z from 'zod';
import { ConfigurationError } from '#core/errors.ts';
import { isTimeZone } from '#core/results/times.ts';
import { LANES, type Lane } from './keys.ts';

/** A queue between two steps. Each lane has its own set of queues, with one inference queue per tool. */
export type QueueRole =
  | { readonly step: 'intake' | 'convert' | 'return'; readonly lane: Lane }
  | { readonly step: 'infer'; readonly tool: string; readonly lane: Lane };

/** The steps that consume queues, in the order of a study's way. */
export const STEPS = ['intake', 'infer', 'convert', 'return'] as const;

/** The suffix of a dead-letter queue's name. */
const DEAD_LETTER_SUFFIX = '-dead';

/** A queue's name without the deployment's prefix: `intake-live`, `infer-caries-backfill`. */
export function queueName(role: QueueRole): string {
  return [role.step, ...(role.step === 'infer' ? [role.tool] : []), role.lane].join('-');
}

/** The inverse of `queueName`; undefined if the name is not one of Hilum's queues. */
export function parseQueueName(name: string): QueueRole | undefined {
  const match = /^(?:(intake|convert|return)|infer-([a-z][a-z0-9-]{1,39}))-(live|backfill)$/.exec(name);
  const [, step, tool] = match ?? [];
  const lane = LANES.find((candidate) => candidate === match?.[3]);
  if (lane === undefined) return undefined;
  if (tool !== undefined) return { step: 'infer', tool, lane };
  return { step: step as 'intake' | 'convert' | 'return', lane };
}

/** Where a dead letter comes from. */
export type DeadLetterRole = Pick<QueueRole, 'step' | 'lane'>;

/** The name of a step's dead-letter queue in a lane: `infer-live-dead`. All tools share one, because a letter names its tool. */
export const deadLetterQueueName = ({ step, lane }: DeadLetterRole): string => `${step}-${lane}${DEAD_LETTER_SUFFIX}`;

/** The inverse of `deadLetterQueueName`; undefined if the name is not one of Hilum's dead-letter queues. */
export function parseDeadLetterQueueName(name: string): DeadLetterRole | undefined {
  return STEPS.flatMap((step) => LANES.map((lane) => ({ step, lane }))).find(
    (role) => deadLetterQueueName(role) === name,
  );
}

/**
 * The name of the dead-letter queue of a queue.
 *
 * @throws ConfigurationError if the queue is not one of Hilum's
 */
export function deadLetterQueueOf(name: string): string {
  const role = parseQueueName(name);
  if (role === undefined) throw new ConfigurationError(`${name} is not one of Hilum's queues.`);
  return deadLetterQueueName(role);
}

/**
 * The URL of a queue.
 *
 * @param base the common beginning of all queue URLs of a deployment, including the deployment's prefix, e.g.
 *   `https://sqs.eu-central-1.amazonaws.com/123456789012/hilum-`. It is in `HILUM_QUEUES` and the output `QueueUrlBase`.
 */
export const queueUrl = (base: string, role: QueueRole): string => `${base}${queueName(role)}`;

/** The deployment's name, from the same base. */
export const deploymentOf = (base: string): string => base.slice(base.lastIndexOf('/') + 1).replace(/-$/, '');

const seconds = z.coerce.number().int().min(0);

/** The environment variables of every function. */
export const FunctionEnvironmentSchema = z.object({
  HILUM_BUCKET: z.string().min(3),
  HILUM_RUNS_TABLE: z.string().min(1),
  /** See `queueUrl`. */
  HILUM_QUEUES: z.url(),
  HILUM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** The wait before the first retry, in seconds. It doubles with every retry, up to the cap. */
  HILUM_RETRY_BASE_S: seconds.default(15),
  HILUM_RETRY_CAP_S: seconds.max(43_200).default(1800),
  /** How long a message stays hidden after the function that worked on it was killed, in seconds. */
  HILUM_LEASE_S: z.coerce.number().int().min(3).max(43_200).default(90),
  /** The site's, by its IANA name. Results state their times in it, unless their source states its own offset from UTC. */
  HILUM_TIME_ZONE: z.string().refine(isTimeZone, 'is no time zone').default('UTC'),
  /** Whether no masks may have frames that begin inside bytes, since the site's viewers show them wrongly. */
  HILUM_WHOLE_BYTE_MASKS: z.stringbool().default(false),
});
export type FunctionEnvironment = z.infer<typeof FunctionEnvironmentSchema>;

/** The environment variables of `route`: which tools a study is for. */
export const RouteEnvironmentSchema = FunctionEnvironmentSchema.extend({
  /** The ids of the tools that begin no run any more, with commas between them. They are deployed, to end what they began. */
  HILUM_RETIRED_TOOLS: z
    .string()
    .default('')
    .transform((ids) => ids.split(',').filter((id) => id !== '')),
});

/** The environment variables of `infer`: which tool it runs, and for how long. */
export const InferEnvironmentSchema = FunctionEnvironmentSchema.extend({
  HILUM_TOOL: z.string().min(1),
  /** The tool's time limit, in seconds. */
  HILUM_TOOL_TIMEOUT_S: z.coerce.number().min(0.1),
});

/** The environment variables of `return`. */
export const ReturnEnvironmentSchema = FunctionEnvironmentSchema.extend({
  /** The secret that holds `{url, username, password}` of the archive's DICOMweb service. */
  HILUM_ARCHIVE_SECRET: z.string().min(1),
});

/** The content of the archive's secret. `url` is the DICOMweb root, e.g. `https://host:8043/dicom-web`. */
export const ArchiveSecretSchema = z.object({
  url: z.url(),
  username: z.string().optional(),
  password: z.string().optional(),
  /** PEM: the authorities that the archive's certificate must come from; without it, the public ones. */
  ca: z.string().optional(),
  /** PEM: the client certificate and its key, where the archive asks for one. */
  certificate: z.string().optional(),
  key: z.string().optional(),
  /** The one host, besides the function's own, that may be reached without TLS: a container's on a developer's machine. */
  plainHttpHost: z.string().optional(),
  /** For the digests that name identities (`pipeline/identities.ts`). Without it, they are made with one derived from the password. */
  identityKey: z.string().min(32).optional(),
  /** The root of Orthanc's own interface, e.g. `https://host:8043`, if the archive is one: DICOMweb has no deletion. */
  orthanc: z.url().optional(),
  /** Whether results that newer ones replace are deleted, where that is possible. They are marked in any case. */
  deleteReplaced: z.boolean().default(true),
  /** Whether results that are gone from the archive, though their images are there, are stored again: a person may have removed them. */
  restoreMissing: z.boolean().default(false),
});
export type ArchiveSecret = Readonly<z.infer<typeof ArchiveSecretSchema>>;
/** The same as it is written. */
export type ArchiveSecretText = Readonly<z.input<typeof ArchiveSecretSchema>>;

/**
 * What a deployment publishes of its tools, as the value of its parameter: each tool's id with its version. About 70 bytes a
 * tool, so that far more than 40 fit into the 4 KB of a standard parameter.
 */
export const DeployedToolsSchema = z.object({
  format: z.literal('hilum.tools/1'),
  tools: z.record(z.string(), z.string()),
});
export type DeployedToolsValue = Readonly<z.infer<typeof DeployedToolsSchema>>;

/** The name of that parameter, by the deployment's name. */
export const toolsParameterName = (deployment: string): string => `/${deployment}/tools`;

/**
 * ONNX Runtime sends telemetry (look-ups of a host outside, a device id and a queue of events in the home folder) unless the
 * environment says this before it is first used. `adapters/onnx/runtime.ts` says it, and every function is told besides.
 */
export const TELEMETRY_OFF = { ORT_DISABLE_TELEMETRY: '1' } as const;

/** The runs table's index by StudyInstanceUID. */
export const STUDY_INDEX = 'by-study';
/** The runs table's index by state and by when the run entered it. Entries of the ledger have no state, so they are not in it. */
export const STATE_INDEX = 'by-state';

/** The names of the stack's outputs in CloudFormation. */
export const STACK_OUTPUTS = {
  bucket: 'BucketName',
  runsTable: 'RunsTableName',
  archiveSecret: 'ArchiveSecretArn',
  queueUrlBase: 'QueueUrlBase',
  intakeQueue: 'IntakeQueueUrl',
  alarmTopic: 'AlarmTopicArn',
  toolsParameter: 'ToolsParameterName',
} as const;

/**
 * Reads settings from environment variables.
 *
 * @throws ConfigurationError naming every variable that is missing or wrong
 */
export function readEnvironment<T>(schema: z.ZodType<T>, variables: Readonly<Record<string, string | undefined>>): T {
  const parsed = schema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return variables[name] === undefined ? `${name} is not set` : `${name} is wrong: ${issue.message}`;
  });
  throw new ConfigurationError(`Set the environment variables of this function: ${faults.join('; ')}.`);
}
