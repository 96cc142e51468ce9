/** The settings of a deployment, given as CDK context: `cdk deploy -c packaging=zip -c name=trial`. */
import * as z from 'zod';
import { ConfigurationError } from '../core/errors.ts';
import { isTimeZone } from '../core/results/times.ts';

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const ConfigSchema = z
  .object({
    /** How infer and convert are packaged: as container images, or as zip archives if there is no Docker. */
    packaging: z.enum(['image', 'zip']).default('image'),
    /** The deployment's name: the name of its stack and the prefix of its queues. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,23}$/)
      .default('hilum'),
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
    toolTimeoutS: z.coerce.number().min(0.1).max(840).optional(),
    /** Added to a function's timeout for its queue's visibility timeout. */
    visibilityMarginS: whole(1, 3600).default(30),
    /** How often lost work is looked for and sent again, minutes. */
    reconcileMinutes: whole(1, 1440).default(10),
    /** The site's time zone, by its IANA name, in which results state their times. */
    timeZone: z.string().refine(isTimeZone, 'is no time zone, such as Europe/Berlin').default('UTC'),
    /** No masks have frames that begin inside bytes: OHIF shows them wrongly, except in Hilum's own viewer. */
    wholeByteMasks: z.stringbool().default(false),
    /** A message of the live lane that waits for longer than this raises an alarm. */
    oldestMessageAlarmS: whole(60, 1_209_600).default(3600),
  })
  .strict();
export type Config = Readonly<z.infer<typeof ConfigSchema>>;

/** Context that belongs to the CDK itself: feature flags, look-ups, and what its command line adds. */
const isForeign = (key: string): boolean =>
  key.includes(':') || key.startsWith('@') || key === 'cli-telemetry' || key === 'acknowledged-issue-numbers';

/**
 * @param context the CDK app's context, all of it
 * @throws ConfigurationError with a sentence for each unknown or wrong setting
 */
export function parseConfig(context: Readonly<Record<string, unknown>>): Config {
  const settings = Object.fromEntries(Object.entries(context).filter(([key]) => !isForeign(key)));
  const parsed = ConfigSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const known = Object.keys(ConfigSchema.shape).join(', ');
  const sentences = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `There is no setting ${issue.keys.join(', ')}; the settings are ${known}.`
      : `The setting ${issue.path.join('.')} is ${JSON.stringify(settings[String(issue.path[0])])}: ${issue.message}.`,
  );
  throw new ConfigurationError(sentences.join(' '));
}
