/** One tool: the Lambda that runs it, with a queue for each lane. */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { ToolManifest } from '../../core/tool-manifest.ts';
import { LANES, type Lane } from '../../pipeline/keys.ts';
import type { Config } from '../config.ts';
import { StepFunction, type Surroundings } from './step-function.ts';
import { WorkQueue } from './work-queue.ts';

export interface ToolLanesProps {
  readonly tool: ToolManifest;
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly undertaker: IFunction;
  /** Who sends it studies, and where its answers go. */
  readonly from: IFunction;
  readonly to: Readonly<Record<Lane, WorkQueue>>;
}

/** Added to what a tool may take: reading the message, storing the answer, telling that time ran out. */
const RESERVE = Duration.seconds(20);

export class ToolLanes extends Construct {
  constructor(scope: Construct, id: string, { tool, config, surroundings, undertaker, from, to }: ToolLanesProps) {
    super(scope, id);
    const toolTimeoutS = config.toolTimeoutS ?? tool.resources.timeoutS;
    const timeout = Duration.seconds(Math.ceil(toolTimeoutS)).plus(RESERVE);
    const infer = new StepFunction(this, 'Infer', {
      surroundings,
      name: 'infer',
      contents: { tool },
      packaging: config.packaging,
      description: `Runs the tool ${tool.id}`,
      memoryMb: tool.resources.memoryMb,
      timeout,
      environment: { HILUM_TOOL: tool.id, HILUM_TOOL_TIMEOUT_S: String(toolTimeoutS) },
      reads: ['chunks/*', '*/manifest.json'],
      writes: ['runs/*'],
    }).function;

    for (const lane of LANES) {
      const queue = new WorkQueue(this, lane, {
        role: { step: 'infer', tool: tool.id, lane },
        config,
        consumerTimeout: timeout,
        maxReceiveCount: config.maxReceiveCount,
        alarms: surroundings.alarms,
      });
      queue.consumedBy(infer, undertaker);
      queue.queue.grantSendMessages(from);
      to[lane].queue.grantSendMessages(infer);
    }
  }
}
