/** What the local environment is, as its home remembers it. Commands that only ask it load nothing that starts it. */
import { ConfigurationError } from '#core/errors.ts';
import { type LocalEnvironment, localHome, readState } from './home.ts';

/**
 * The environment that `localUp` started, for programs that use it.
 *
 * @throws ConfigurationError if it was not started
 */
export function readLocalEnvironment(options: { readonly home?: string } = {}): LocalEnvironment {
  const home = localHome(options.home);
  const state = readState(home);
  const { endpoint, region, credentials, bucket, runsTable, queues, archiveSecret, toolsParameter } = state;
  const { orthanc, deployed } = state;
  const cloud = { endpoint, region, credentials, bucket, runsTable, queues, archiveSecret, toolsParameter };
  const parts = { ...cloud, orthanc };
  if (deployed === undefined || !isComplete(parts)) {
    throw new ConfigurationError(`no local environment was started in ${home}: run \`hilum local up\``);
  }
  return { home, ...parts };
}

type Environment = Omit<LocalEnvironment, 'home'>;

function isComplete(parts: { readonly [K in keyof Environment]: Environment[K] | undefined }): parts is Environment {
  return Object.values(parts).every((part) => part !== undefined);
}
