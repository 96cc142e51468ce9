import { DEPLOYMENT_SETTINGS, type Deployment } from '#files/deployment.ts';

/** Says which deployment a command works with, and which settings name another. */
export function deploymentHelp(...parts: readonly (keyof Deployment)[]): string {
  const lines = [
    ...parts
      .map((part) => DEPLOYMENT_SETTINGS[part])
      .map(({ variable, output }) => [variable, `the stack's output ${output}`]),
    ['AWS_REGION', 'its region; with AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
    ['AWS_ENDPOINT_URL', 'the address of a cloud that is not AWS'],
  ] as const;
  const width = Math.max(...lines.map(([name = '']) => name.length));
  const named = lines.map(([name = '', meaning = '']) => `  ${name.padEnd(width)}  ${meaning}`);
  return ['Uses the local cloud (`hilum local up`), or the deployment that these variables name:', ...named].join('\n');
}
