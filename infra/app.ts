/** The CDK app (`cdk synth`, `cdk deploy`). Settings are given as context, see `config.ts`. */
import { join } from 'node:path';
import { App, CliCredentialsStackSynthesizer } from 'aws-cdk-lib';
import { ConfigurationError } from '../core/errors.ts';
import { createBundler } from './bundle.ts';
import { parseConfig } from './config.ts';
import { withoutMissingModels } from './models.ts';
import { PipelineStack } from './pipeline-stack.ts';
import { discoverTools } from './tools.ts';

try {
  const app = new App();
  const config = parseConfig(app.node.getAllContext());
  const { root, assetsBucket } = config;
  const { tools, leftOut } = withoutMissingModels(discoverTools(root), root);
  for (const sentence of leftOut) process.stderr.write(`${sentence}\n`);
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
