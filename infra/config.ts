/** What a deployment may be told, as CDK context: `cdk deploy -c packaging=zip -c name=trial`. */
import * as z from 'zod';
import { ConfigurationError } from '../core/errors.ts';

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const ConfigSchema = z
  .object({
    /** How infer and convert travel: as container images, or as zip archives where there is no Docker. */
    packaging: z.enum(['image', 'zip']).default('image'),
    /** The deployment's name: its stack, and what the names of its queues begin with. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,23}$/)
      .default('hilum'),
    /** The folder that holds `tools/` and `layers/models/`, relative to where `cdk` is started. */
    root: z.string().default('.'),
    /** A bucket for assets where the account is not bootstrapped for CDK (local clouds). */
    assetsBucket: z.string().min(3).optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    /** Messages of each lane that a step works on at once. Backfill has its own, so that it never holds up live. */
    liveConcurrency: whole(2, 1000).default(10),
    backfillConcurrency: whole(2, 1000).default(4),
    /** How often a message is tried before it goes to the dead-letter queue. */
    maxReceiveCount: whole(1, 1000).default(4),
    /** The same for delivery, where the archive may be away for long: 100 tries at the cap are a day. */
    returnMaxReceiveCount: whole(1, 1000).default(100),
    /** The wait before the second try; it doubles with every further one, up to the cap. */
    retryBaseS: whole(0, 900).default(15),
    retryCapS: whole(0, 900).default(900),
    /** Overrides the longest a tool may take, from its manifest. */
    toolTimeoutS: z.coerce.number().min(0.1).max(840).optional(),
    /** How long after a function's timeout a message that it never answered for is tried again. */
    visibilityMarginS: whole(1, 3600).default(30),
    /** Work in the live lane that waits for longer than this raises an alarm. */
    oldestMessageAlarmS: whole(60, 1_209_600).default(3600),
  })
  .strict();
export type Config = Readonly<z.infer<typeof ConfigSchema>>;

/** Context that is the CDK's own, not a setting: feature flags, look-ups, what its command line adds. */
const isForeign = (key: string): boolean =>
  key.includes(':') || key.startsWith('@') || key === 'cli-telemetry' || key === 'acknowledged-issue-numbers';

/**
 * @param context the CDK app's context, all of it
 * @throws ConfigurationError with a sentence for every setting that is unknown or wrong
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
