/** One tool: the Lambda that runs it, and its queue in each lane. */
import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ToolManifest } from '../../core/tool-manifest.ts';
import { LANES, type Lane, toolRuns } from '../../pipeline/keys.ts';
import type { DeadLetterQueues } from './dead-letter-queues.ts';
import { StepFunction, type Surroundings } from './step-function.ts';
import { WorkQueue } from './work-queue.ts';

export interface ToolLanesProps {
  readonly tool: ToolManifest;
  readonly surroundings: Surroundings;
  readonly deadLetters: DeadLetterQueues;
  readonly alarms: ITopic;
  /** The queues that receive the tool's answers. */
  readonly to: Readonly<Record<Lane, WorkQueue>>;
}

/** Added to the tool's time limit, for reading the message and for storing the answer or recording a timeout. */
const RESERVE = Duration.seconds(20);

export class ToolLanes extends Construct {
  readonly queues: readonly Queue[];

  constructor(scope: Construct, id: string, props: ToolLanesProps) {
    super(scope, id);
    const { tool, surroundings, deadLetters, alarms, to } = props;
    const { config } = surroundings;
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
      writes: [`${toolRuns(tool.id)}*`],
    }).function;

    this.queues = LANES.map((lane) => {
      const queue = new WorkQueue(this, lane, {
        role: { step: 'infer', tool: tool.id, lane },
        config,
        consumerTimeout: timeout,
        deadLetters: deadLetters.of({ step: 'infer', lane }),
        alarms,
      });
      queue.consumedBy(infer);
      to[lane].queue.grantSendMessages(infer);
      return queue.queue;
    });
  }
}
