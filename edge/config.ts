/** The edge's settings: environment variables, else the same names in a JSON file, else the local environment's. */
import * as z from 'zod';
import { type ArchiveTrust, certificatesOf } from '#adapters/trust/certificates.ts';
import { checkOneOrigin, endpointOf } from '#adapters/trust/endpoint.ts';
import { ConfigurationError } from '#core/errors.ts';
import { LANES } from '#pipeline/keys.ts';
import type { Patience } from './complete.ts';
import { readText, type Settings, settingsIn } from './settings-file.ts';

const wholeNumber = (min: number, max: number, fix: string) =>
  z.coerce.number({ error: fix }).int(fix).min(min, fix).max(max, fix);

/** Each message is the fix: it follows "NAME is not set: " or "NAME is wrong: ". */
const SettingsSchema = z.object({
  HILUM_ORTHANC_URL: z.url({ protocol: /^https?$/, error: "set it to Orthanc's address, e.g. http://127.0.0.1:8042" }),
  HILUM_DICOMWEB_URL: z
    .url({ protocol: /^https?$/, error: "set it to Orthanc's DICOMweb root, e.g. http://127.0.0.1:8042/dicom-web/" })
    .optional(),
  HILUM_ORTHANC_USERNAME: z.string({ error: "set it to the edge's user in Orthanc (RegisteredUsers)" }).min(1),
  HILUM_ORTHANC_PASSWORD: z.string().optional(),
  HILUM_ORTHANC_PASSWORD_FILE: z.string().optional(),
  HILUM_CA_FILE: z.string().optional(),
  HILUM_CLIENT_CERTIFICATE_FILE: z.string().optional(),
  HILUM_CLIENT_KEY_FILE: z.string().optional(),
  HILUM_PLAIN_HTTP_HOST: z.string().optional(),
  HILUM_ORTHANC_TIMEOUT_S: wholeNumber(
    1,
    3_600,
    'set it to the seconds that Orthanc may stay silent, 1 to 3600',
  ).default(60),
  HILUM_BUCKET: z
    .string({
      error: "set it to the bucket of the deployment (the stack's output BucketName), or run `hilum local up`",
    })
    .regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, 'set it to the name of an S3 bucket'),
  HILUM_TOOLS_PARAMETER: z
    .string({
      error: "set it to the deployment's list of tools (the stack's output ToolsParameterName), e.g. /hilum/tools",
    })
    .regex(/^[a-zA-Z0-9_.:/-]{1,2048}$/, 'set it to the name of an SSM parameter, e.g. /hilum/tools'),
  HILUM_EDGE_LANE: z.enum(LANES, { error: `set it to ${LANES.join(' or ')}` }).default('live'),
  HILUM_EDGE_START: z.enum(['now', 'all'], { error: 'set it to now or all' }).default('now'),
  HILUM_EDGE_FOLDER: z.string({ error: 'set it to a folder for the journal and the spool' }).min(1),
  HILUM_EDGE_POLL_MS: wholeNumber(100, 60_000, 'set it to a number of milliseconds, 100 to 60000').default(500),
  HILUM_EDGE_SCAN_MINUTES: wholeNumber(1, 10_080, 'set it to a number of minutes, 1 to 10080').default(60),
  HILUM_EDGE_CHECK_MINUTES: wholeNumber(1, 1_440, 'set it to a number of minutes, 1 to 1440').default(10),
  HILUM_EDGE_CHECK_DAYS: wholeNumber(0, 14, 'set it to a number of days, 0 to 14').default(3),
  HILUM_EDGE_HEALTH_PORT: wholeNumber(1, 65_535, 'set it to a port of this machine, 1 to 65535').optional(),
  HILUM_EDGE_INCOMPLETE_MINUTES: wholeNumber(0, 1_440, 'set it to a number of minutes, 0 to 1440').default(30),
  HILUM_EDGE_HOLD_MINUTES: wholeNumber(0, 1_440, 'set it to a number of minutes, 0 to 1440').default(10),
  // For the AWS SDK, which reads them from the environment.
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'set it to a region, e.g. eu-central-1')
    .optional(),
  AWS_ENDPOINT_URL: z
    .url({ protocol: /^https?$/, error: 'set it to the address of a cloud that is not AWS, or leave it out' })
    .optional(),
  AWS_PROFILE: z.string().min(1).optional(),
});

export interface EdgeConfig {
  readonly orthanc: ArchiveTrust & {
    readonly url: string;
    readonly dicomWebUrl: string;
    readonly username: string;
    readonly password: string;
    readonly timeoutMs: number;
  };
  readonly bucket: string;
  /** The SSM parameter that lists the deployed tools. */
  readonly toolsParameter: string;
  /** Settings for the AWS SDK, by the names of its environment variables. */
  readonly aws: Readonly<Record<string, string>>;
  readonly lane: z.infer<typeof SettingsSchema>['HILUM_EDGE_LANE'];
  /** What the first start forwards: only studies that arrive from then on, or also those already in Orthanc. */
  readonly start: 'now' | 'all';
  /** Holds the journal and the spool. */
  readonly folder: string;
  readonly pollMs: number;
  readonly scanEveryMs: number;
  readonly checkEveryMs: number;
  readonly checkedForMs: number;
  /** Where the edge says on 127.0.0.1 whether it makes progress; undefined: nowhere. */
  readonly healthPort?: number;
  /** How long studies wait for further images. */
  readonly patience: Patience;
}

/**
 * The settings from the environment, the JSON file at `file` and the defaults, in that order of preference. The account of
 * the local Orthanc must not be used for another Orthanc: a group of defaults applies only if its first setting has no other
 * value.
 *
 * @throws ConfigurationError that names every missing or wrong setting and its fix
 */
export function readEdgeConfig(sources: {
  readonly environment: Settings;
  readonly file?: string | undefined;
  readonly defaults?: readonly Settings[];
}): EdgeConfig {
  const fromFile = sources.file === undefined ? {} : settingsIn(sources.file, NAMES);
  const chosen: Settings = { ...fromFile, ...withoutEmpty(sources.environment) };
  const defaults = (sources.defaults ?? []).filter((group) =>
    Object.entries(group)
      .slice(0, 1)
      .every(([name, value]) => (chosen[name] ?? value) === value),
  );
  const settings: Settings = Object.assign({}, ...defaults, chosen);
  const parsed = SettingsSchema.safeParse(settings);
  if (!parsed.success) throw new ConfigurationError(sentences(parsed.error, settings));
  const { data } = parsed;
  const url = data.HILUM_ORTHANC_URL;
  const dicomWebUrl = data.HILUM_DICOMWEB_URL ?? new URL('dicom-web/', slashed(url)).href;
  return {
    orthanc: {
      ...{ url, dicomWebUrl, ...trustIn(data, [url, dicomWebUrl]) },
      username: data.HILUM_ORTHANC_USERNAME,
      password: passwordOf(data),
      timeoutMs: data.HILUM_ORTHANC_TIMEOUT_S * 1_000,
    },
    bucket: data.HILUM_BUCKET,
    toolsParameter: data.HILUM_TOOLS_PARAMETER,
    aws: awsSettings(data),
    lane: data.HILUM_EDGE_LANE,
    start: data.HILUM_EDGE_START,
    folder: data.HILUM_EDGE_FOLDER,
    pollMs: data.HILUM_EDGE_POLL_MS,
    scanEveryMs: data.HILUM_EDGE_SCAN_MINUTES * 60_000,
    checkEveryMs: data.HILUM_EDGE_CHECK_MINUTES * 60_000,
    checkedForMs: data.HILUM_EDGE_CHECK_DAYS * 86_400_000,
    ...(data.HILUM_EDGE_HEALTH_PORT !== undefined && { healthPort: data.HILUM_EDGE_HEALTH_PORT }),
    patience: {
      deadlineMs: data.HILUM_EDGE_INCOMPLETE_MINUTES * 60_000,
      holdMs: data.HILUM_EDGE_HOLD_MINUTES * 60_000,
    },
  };
}

const NAMES = Object.keys(SettingsSchema.shape);
function awsSettings({ AWS_REGION, AWS_ENDPOINT_URL, AWS_PROFILE }: z.infer<typeof SettingsSchema>) {
  const settings = Object.entries({ AWS_REGION, AWS_ENDPOINT_URL, AWS_PROFILE });
  return Object.fromEntries(settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** What the connection to Orthanc is checked with. It is tried here, so that wrong settings are refused before they are used. */
function trustIn(settings: z.infer<typeof SettingsSchema>, urls: readonly [string, string]): ArchiveTrust {
  const { HILUM_CA_FILE, HILUM_CLIENT_CERTIFICATE_FILE, HILUM_CLIENT_KEY_FILE } = settings;
  const plainHttpHost = settings.HILUM_PLAIN_HTTP_HOST;
  for (const url of urls) endpointOf(url, plainHttpHost);
  checkOneOrigin(...urls);
  const trust = {
    ca: textIn(HILUM_CA_FILE, 'HILUM_CA_FILE'),
    certificate: textIn(HILUM_CLIENT_CERTIFICATE_FILE, 'HILUM_CLIENT_CERTIFICATE_FILE'),
    key: textIn(HILUM_CLIENT_KEY_FILE, 'HILUM_CLIENT_KEY_FILE'),
    plainHttpHost,
  };
  certificatesOf(trust);
  return trust;
}

const textIn = (file: string | undefined, setting: string): string | undefined =>
  file === undefined ? undefined : readText(file, setting);

function passwordOf(settings: z.infer<typeof SettingsSchema>): string {
  const { HILUM_ORTHANC_PASSWORD: password, HILUM_ORTHANC_PASSWORD_FILE: file } = settings;
  if (password !== undefined) return password;
  if (file !== undefined) return readText(file, 'HILUM_ORTHANC_PASSWORD_FILE').trimEnd();
  throw new ConfigurationError(
    'HILUM_ORTHANC_PASSWORD is not set: set it, or set HILUM_ORTHANC_PASSWORD_FILE to a file with the password, which only the edge should be able to read',
  );
}

function sentences(error: z.ZodError, settings: Settings): string {
  return error.issues
    .map(({ path, message }) => {
      const name = path.join('.');
      return `${name} is ${settings[name] === undefined ? 'not set' : 'wrong'}: ${message}`;
    })
    .join('. ');
}

const slashed = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** Drops empty variables, which a service file left blank. */
const withoutEmpty = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''));
