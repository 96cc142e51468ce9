/**
 * The settings of a deployment: those of a declared environment (`environments.ts`), and in the stage `dev` those that are given as
 * CDK context: `cdk deploy -c environment=dev -c packaging=zip -c name=trial`.
 */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { ConfigurationError } from '../core/errors.ts';
import { isTimeZone } from '../core/results/times.ts';

/** A number, or its text on the command line. */
const whole = (least: number, most: number) => z.coerce.number<number>().int().min(least).max(most);

/** The numbers of days for which CloudWatch keeps logs. */
const LOG_DAYS = Object.values(RetentionDays).filter(
  (days) => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

const ToolsSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{1,39}$/),
  z.strictObject({
    /** `retired`: it begins no run any more. Its function and its queues stay until what it began is done. */
    state: z.enum(['active', 'retired']).default('active'),
    /** The SHA-256 of each of its models. */
    models: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256')),
  }),
);
export type Tools = Readonly<z.input<typeof ToolsSchema>>;

const ConfigSchema = z
  .object({
    /** `prod` takes no setting from the command line, needs what `needsOfProduction` lists, and is protected against deletion. */
    stage: z.enum(['dev', 'prod']),
    /** Where it is deployed. Without them, to the account and the region of the credentials. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'is no account number')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no region, such as eu-central-1')
      .optional(),
    /** Tags of the stack, which CloudFormation gives to its resources. */
    tags: z.record(z.string(), z.string()).default({}),
    /** The tools by their ids; `found`: every tool in `tools/` whose models are here. On the command line, JSON. */
    tools: z.union([z.literal('found'), ToolsSchema]),
    /** Who receives the alarms: addresses for e-mail, or https URLs. Each has to confirm the subscription once. */
    alarmAddresses: z
      .array(z.union([z.email(), z.url({ protocol: /^https$/ })], { error: 'is no e-mail address and no https URL' }))
      .default([]),
    /** How long logs are kept. */
    logRetentionDays: z.coerce
      .number<number>()
      .refine((days) => LOG_DAYS.includes(days), `is none of CloudWatch's: ${LOG_DAYS.join(', ')}`)
      .default(365),
    /** The bucket keeps versions, and for so long those that were overwritten or deleted. Without it, there are no versions. */
    noncurrentVersionDays: whole(1, 3650).optional(),
    /** How infer and convert are packaged: as container images, or as zip archives if there is no Docker. */
    packaging: z.enum(['image', 'zip']).default('image'),
    /** The deployment's name: the name of its stack and the prefix of its queues. By default the environment's (`nameOf`). */
    name: z.string().regex(/^[a-z][a-z0-9-]{1,23}$/, 'is no name of 2 to 24 small letters, digits and hyphens'),
    /** The folder that holds `tools/` and `layers/models/`, relative to the working directory. */
    root: z.string().default('.'),
    /** A bucket for assets if the account is not bootstrapped for CDK (local clouds). */
    assetsBucket: z.string().min(3).optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    /** The number of messages per lane that a step processes at once. Each lane has its own, so that live never waits. */
    liveConcurrency: whole(2, 1000).default(10),
    backfillConcurrency: whole(2, 1000).default(4),
    /**
     * The number of receipts before a queue moves a message to its dead-letter queue. It is only a net: a message that Lambda
     * throttles is received, too. `pipeline/ends.ts` decides how long a step is tried.
     */
    maxReceiveCount: whole(1, 1000).default(1000),
    /** The wait before the second attempt, seconds. It doubles with every further attempt, up to the cap. */
    retryBaseS: whole(0, 1800).default(15),
    retryCapS: whole(0, 1800).default(1800),
    /** How long a message stays hidden after its function was killed, seconds. A live function renews it. */
    leaseS: whole(3, 900).default(90),
    /** Overrides the time limit in the tools' manifests. */
    toolTimeoutS: z.coerce.number<number>().min(0.1).max(840).optional(),
    /** Added to a function's timeout for its queue's visibility timeout. */
    visibilityMarginS: whole(1, 3600).default(30),
    /** How often lost work is looked for and sent again, minutes. */
    reconcileMinutes: whole(1, 1440).default(10),
    /** The site's time zone, by its IANA name, in which results state their times. */
    timeZone: z.string().refine(isTimeZone, 'is no time zone, such as Europe/Berlin').default('UTC'),
    /** No masks have frames that begin inside bytes. Only Hilum's own viewer keeps OHIF from showing them wrongly, without an error. */
    wholeByteMasks: z.union([z.boolean(), z.stringbool()]).default(true),
    /** A message of the live lane that waits for longer than this raises an alarm. */
    oldestMessageAlarmS: whole(60, 1_209_600).default(3600),
  })
  .strict();
/** A declared environment. */
export type Environment = Readonly<Omit<z.input<typeof ConfigSchema>, 'name'>> & { readonly name?: string };
/** The settings, and the name of the environment that they are of. */
export type Config = Readonly<z.output<typeof ConfigSchema>> & { readonly environment: string };

/** Who deploys a high-risk AI system keeps its logs for at least six months (Regulation (EU) 2024/1689, Article 26 (6)). */
const SIX_MONTHS_DAYS = 184;

/** Context that belongs to the CDK itself: feature flags, look-ups, and what its command line adds. */
const isForeign = (key: string): boolean =>
  key.includes(':') || key.startsWith('@') || key === 'cli-telemetry' || key === 'acknowledged-issue-numbers';

/**
 * @param context the CDK app's context, all of it
 * @throws ConfigurationError with a sentence for each unknown or wrong setting, and for each that a production needs
 */
export function parseConfig(
  context: Readonly<Record<string, unknown>>,
  environments: Readonly<Record<string, Environment>>,
): Config {
  const { environment, ...given } = Object.fromEntries(Object.entries(context).filter(([key]) => !isForeign(key)));
  const declared = Object.entries(environments).find(([name]) => name === environment)?.[1];
  if (typeof environment !== 'string' || declared === undefined) {
    const names = Object.keys(environments).join(', ');
    const fault = environment === undefined ? 'No environment is named' : `There is no environment ${environment}`;
    throw new ConfigurationError(`${fault}: say \`-c environment=NAME\`. infra/environments.ts declares ${names}.`);
  }
  if (declared.stage === 'prod' && Object.keys(given).length > 0) {
    throw new ConfigurationError(
      `The environment ${environment} is a production and takes no setting from the command line. ` +
        `Declare ${Object.keys(given).join(', ')} in infra/environments.ts.`,
    );
  }
  if ('stage' in given)
    throw new ConfigurationError('The stage is declared in infra/environments.ts, and not given on the command line.');
  const name = nameOf(environment, declared);
  const config = { ...parsed({ ...declared, name, ...given, ...fromJson(given) }), environment };
  const twin = Object.entries(environments).find(
    ([other, one]) =>
      other !== environment && other !== LOCAL && isSameStack(config, { ...one, name: nameOf(other, one) }),
  )?.[0];
  if (twin !== undefined && environment !== LOCAL)
    throw new ConfigurationError(
      `The environments ${environment} and ${twin} have the name ${config.name}, and may have one account and region: one would replace the other. Give them different names.`,
    );
  const needs = config.stage === 'prod' ? needsOfProduction(config) : [];
  if (needs.length > 0)
    throw new ConfigurationError(`The environment ${environment} is a production. It needs ${needs.join('; ')}.`);
  return config;
}

/** The environment of the local cloud, which shares an account with no other. */
const LOCAL = 'local';

/** So that no environment takes another one's stack unless it says so. */
const nameOf = (environment: string, { name }: Pick<Environment, 'name'>): string =>
  name ?? (environment === 'prod' || environment === LOCAL ? 'hilum' : `hilum-${environment}`);

type Place = Pick<Environment, 'name' | 'account' | 'region'>;
/** Without account or region, an environment goes where the credentials lead. */
const isSameStack = (a: Place, b: Place): boolean =>
  a.name === b.name && mayBeSame(a.account, b.account) && mayBeSame(a.region, b.region);
const mayBeSame = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

/** @throws ConfigurationError with a sentence for each unknown or wrong setting */
function parsed(settings: Readonly<Record<string, unknown>>): z.output<typeof ConfigSchema> {
  const result = ConfigSchema.safeParse(settings);
  if (result.success) return result.data;
  const known = ['environment', ...Object.keys(ConfigSchema.shape)].join(', ');
  const sentences = result.error.issues
    .flatMap(ownIssues)
    .map((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0
        ? `There is no setting ${issue.keys.join(', ')}; the settings are ${known}.`
        : `The setting ${issue.path.join('.')} is ${JSON.stringify(valueAt(settings, issue.path))}: ${issue.message}.`,
    );
  throw new ConfigurationError(sentences.join(' '));
}

/** Of settings that may have several forms, the faults of the last, which is the one with parts. */
function ownIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  const parts = issue.code === 'invalid_union' ? issue.errors.at(-1) : undefined;
  if (parts === undefined || parts.every(({ path }) => path.length === 0)) return [issue];
  return parts.map((part) => ({ ...part, path: [...issue.path, ...part.path] }));
}

const valueAt = (settings: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : value),
    settings,
  );

/** Settings that have parts come from the command line as JSON. */
function fromJson(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const texts = ['tools', 'alarmAddresses', 'tags'].flatMap((name) => {
    const text = given[name];
    return typeof text === 'string' && /^[{[]/.test(text) ? [[name, text] as const] : [];
  });
  return Object.fromEntries(texts.map(([name, text]) => [name, jsonOr(text)]));
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a production lacks. */
function needsOfProduction(config: z.output<typeof ConfigSchema>): readonly string[] {
  const { account, region, alarmAddresses, tools, logRetentionDays, noncurrentVersionDays } = config;
  return [
    ...(account === undefined ? ['account, the number of the AWS account'] : []),
    ...(region === undefined ? ['region, such as eu-central-1'] : []),
    ...(alarmAddresses.length === 0 ? ['alarmAddresses, an e-mail address or an https URL that reaches a person'] : []),
    ...(tools === 'found' ? ['tools by their ids with the digests of their models, not `found`'] : []),
    ...(logRetentionDays < SIX_MONTHS_DAYS ? [`logRetentionDays of at least six months, such as 365`] : []),
    ...(noncurrentVersionDays === undefined
      ? ['noncurrentVersionDays, for which overwritten and deleted objects are kept']
      : []),
  ];
}
