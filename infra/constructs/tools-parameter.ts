/** Publishes the deployment's tools for the edge. */
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type ToolEntry, toolVersion } from '../../core/tool-manifest.ts';
import { type DeployedToolsValue, toolsParameterName } from '../../pipeline/environment.ts';

export interface ToolsParameterProps {
  /** The deployment's name. */
  readonly deployment: string;
  readonly tools: readonly ToolEntry[];
}

/** One SSM parameter with the id and the version of every deployed tool. The edge forwards only images that one of them takes. */
export class ToolsParameter extends Construct {
  readonly parameterName: string;

  constructor(scope: Construct, id: string, { deployment, tools }: ToolsParameterProps) {
    super(scope, id);
    const value: DeployedToolsValue = {
      format: 'hilum.tools/1',
      tools: Object.fromEntries(tools.map((entry) => [entry.manifest.id, toolVersion(entry)])),
    };
    const parameter = new CfnParameter(this, 'Parameter', {
      name: toolsParameterName(deployment),
      type: 'String',
      // Above 4 KB (more than 50 tools), it automatically becomes an advanced parameter.
      tier: 'Intelligent-Tiering',
      description: `${deployment}: the tools that are deployed, for the edge`,
      value: JSON.stringify(value),
    });
    this.parameterName = parameter.ref;
  }
}
