/**
 * Names that the deployed parts share: queues, the environment of the functions, the outputs of the stack.
 * `infra` sets them, `functions` read them, `localstack` and `cli` find a deployment by them.
 */
import * as z from 'zod';
import { ConfigurationError } from '#core/errors.ts';
import { LANES, type Lane } from './keys.ts';

/** A queue between two steps; every tool has inference queues of its own, and every lane has all of them. */
export type QueueRole =
  | { readonly step: 'intake' | 'convert' | 'return'; readonly lane: Lane }
  | { readonly step: 'infer'; readonly tool: string; readonly lane: Lane };

/** What a queue's dead-letter queue adds to its name. */
export const DEAD_LETTER_SUFFIX = '-dead';

/** A queue's name without the deployment's prefix: `intake-live`, `infer-caries-backfill`. */
export function queueName(role: QueueRole): string {
  return [role.step, ...(role.step === 'infer' ? [role.tool] : []), role.lane].join('-');
}

/** The inverse of `queueName`; undefined where the name is none of ours. */
export function parseQueueName(name: string): QueueRole | undefined {
  const match = /^(?:(intake|convert|return)|infer-([a-z][a-z0-9-]{1,39}))-(live|backfill)$/.exec(name);
  const [, step, tool] = match ?? [];
  const lane = LANES.find((candidate) => candidate === match?.[3]);
  if (lane === undefined) return undefined;
  if (tool !== undefined) return { step: 'infer', tool, lane };
  return { step: step as 'intake' | 'convert' | 'return', lane };
}

/**
 * The URL of a queue.
 *
 * @param base what the URLs of all of a deployment's queues start with, the name's prefix included, e.g.
 *   `https://sqs.eu-central-1.amazonaws.com/123456789012/hilum-`: `HILUM_QUEUES`, and the output `QueueUrlBase`
 */
export const queueUrl = (base: string, role: QueueRole): string => `${base}${queueName(role)}`;

const seconds = z.coerce.number().int().min(0);

/** What every function is told. */
export const FunctionEnvironmentSchema = z.object({
  HILUM_BUCKET: z.string().min(3),
  HILUM_RUNS_TABLE: z.string().min(1),
  /** See `queueUrl`. */
  HILUM_QUEUES: z.url(),
  HILUM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** The first wait before a message is tried again; it doubles with every try up to the cap. */
  HILUM_RETRY_BASE_S: seconds.default(15),
  HILUM_RETRY_CAP_S: seconds.max(43_200).default(900),
});
export type FunctionEnvironment = z.infer<typeof FunctionEnvironmentSchema>;

/** What `infer` is told besides: which tool it is, and what it may use. */
export const InferEnvironmentSchema = FunctionEnvironmentSchema.extend({
  HILUM_TOOL: z.string().min(1),
  /** The longest the tool may take. */
  HILUM_TOOL_TIMEOUT_S: z.coerce.number().min(0.1),
});

/** What `return` is told besides. */
export const ReturnEnvironmentSchema = FunctionEnvironmentSchema.extend({
  /** The secret that holds `{url, username, password}` of the archive's DICOMweb service. */
  HILUM_ARCHIVE_SECRET: z.string().min(1),
});

/** What the archive's secret holds; `url` ends in the DICOMweb root, e.g. `http://host:8042/dicom-web`. */
export const ArchiveSecretSchema = z.object({
  url: z.url(),
  username: z.string().optional(),
  password: z.string().optional(),
});
export type ArchiveSecret = Readonly<z.infer<typeof ArchiveSecretSchema>>;

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

/** The stack's outputs, by the names CloudFormation lists them under. */
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
 * @throws ConfigurationError that names every variable that is missing or wrong
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
