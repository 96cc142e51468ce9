/** Reads the deployed tools from the parameter that the stack publishes (SSM Parameter Store). */
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { ConfigurationError } from '#core/errors.ts';
import { DeployedToolsSchema } from '#pipeline/environment.ts';
import type { CallOptions, DeployedTools } from '#pipeline/ports.ts';
import { limited } from '../call.ts';
import { limits, once, SILENCE_MS, translated, within } from './clients.ts';
import { parsedJson } from './parsed-json.ts';

const ssm = once(() => new SSMClient(limits(SILENCE_MS)));

const WHAT = "the deployment's list of tools (HILUM_TOOLS_PARAMETER)";
const failed = (error: unknown): Error => translated(error, WHAT);

/**
 * @param parameter the parameter's name: the stack's output `ToolsParameterName`
 * @throws ConfigurationError (from its method) if the parameter is missing, may not be read or holds something else
 * @throws ServiceUnavailableError (from its method) if Systems Manager does not answer
 */
export function createSsmDeployedTools({
  parameter,
  client = ssm(),
}: {
  readonly parameter: string;
  readonly client?: SSMClient;
}): DeployedTools {
  async function versions(options: CallOptions = {}): Promise<ReadonlyMap<string, string>> {
    const command = new GetParameterCommand({ Name: parameter });
    const read = async (signal: AbortSignal | undefined): Promise<string> =>
      (await client.send(command, within(signal))).Parameter?.Value ?? '';
    return toolsIn(await limited(options, read, failed));
  }

  return { versions };
}

function toolsIn(text: string): ReadonlyMap<string, string> {
  const parsed = DeployedToolsSchema.safeParse(parsedJson(text));
  if (parsed.success) return new Map(Object.entries(parsed.data.tools));
  throw new ConfigurationError(
    `${WHAT} has a format that this version cannot read: use the same version of Hilum for the deployment and the edge`,
  );
}
