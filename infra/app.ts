/** The CDK app (`cdk synth`, `cdk deploy`). `environments.ts` declares what is deployed. */
import { join } from 'node:path';
import { App, CliCredentialsStackSynthesizer } from 'aws-cdk-lib';
import { ConfigurationError } from '../core/errors.ts';
import { createBundler } from './bundle.ts';
import { parseConfig } from './config.ts';
import { deployedTools } from './declared-tools.ts';
import { ENVIRONMENTS } from './environments.ts';
import { PipelineStack } from './pipeline-stack.ts';

try {
  const app = new App();
  const config = parseConfig(app.node.getAllContext(), ENVIRONMENTS);
  const { root, assetsBucket } = config;
  const { told, ...tools } = deployedTools(config);
  for (const sentence of told) process.stderr.write(`${sentence}\n`);
  new PipelineStack(app, config.name, {
    config,
    tools,
    bundle: createBundler({ root, outdir: join(app.outdir, 'bundles') }),
    ...(assetsBucket === undefined
      ? {}
      : { synthesizer: new CliCredentialsStackSynthesizer({ fileAssetsBucketName: assetsBucket }) }),
  });
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
