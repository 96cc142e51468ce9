/** The pipeline, in the order in which a study goes through it. */
import { CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type QueueRole, queueName, STACK_OUTPUTS } from '../core/environment.ts';
import { LANES, type Lane } from '../core/keys.ts';
import type { ToolManifest } from '../core/tool-manifest.ts';
import type { Bundler } from './bundle.ts';
import type { Config } from './config.ts';
import { RunsTable } from './constructs/runs-table.ts';
import { StepFunction } from './constructs/step-function.ts';
import { StudyBucket } from './constructs/study-bucket.ts';
import { WorkQueue } from './constructs/work-queue.ts';

export interface PipelineStackProps extends StackProps {
  readonly config: Config;
  readonly tools: readonly ToolManifest[];
  readonly bundle: Bundler;
}

type Lanes = Readonly<Record<Lane, WorkQueue>>;

const perLane = (make: (lane: Lane) => WorkQueue): Lanes => {
  const [live, backfill] = LANES;
  return { [live]: make(live), [backfill]: make(backfill) };
};

/** Added to what a tool may take: reading the message, storing the answer, telling that time ran out. */
const INFER_RESERVE = Duration.seconds(45);

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { config, tools, bundle, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const timeouts = {
      route: Duration.seconds(60),
      convert: Duration.minutes(3),
      return: Duration.minutes(5),
      deadLetter: Duration.seconds(60),
    };

    // What is shared
    const alarms = new Topic(this, 'Alarms', { enforceSSL: true });
    const key = new Key(this, 'Key', {
      enableKeyRotation: true,
      description: `${config.name}: studies, results and runs`,
    });
    const archiveSecret = new Secret(this, 'ArchiveSecret', {
      description: 'The archive\'s DICOMweb service: {"url": "https://…/dicom-web", "username": "…", "password": "…"}',
      encryptionKey: key,
    });
    const { table } = new RunsTable(this, 'Runs', { key });

    // Queues between the steps, for each lane
    const workQueue = (
      role: QueueRole,
      consumerTimeout: Duration,
      maxReceiveCount = config.maxReceiveCount,
    ): WorkQueue =>
      new WorkQueue(this, `Queue-${queueName(role)}`, { role, config, consumerTimeout, maxReceiveCount, alarms });
    const intake = perLane((lane) => workQueue({ step: 'intake', lane }, timeouts.route));
    const convertQueues = perLane((lane) => workQueue({ step: 'convert', lane }, timeouts.convert));
    const returnQueues = perLane((lane) =>
      workQueue({ step: 'return', lane }, timeouts.return, config.returnMaxReceiveCount),
    );

    // A study arrives
    const { bucket } = new StudyBucket(this, 'Studies', {
      key,
      intake: { live: intake.live.queue, backfill: intake.backfill.queue },
    });

    // The steps
    const queueUrlBase = Fn.select(
      0,
      Fn.split(queueName({ step: 'intake', lane: 'live' }), intake.live.queue.queueUrl),
    );
    const environment = {
      HILUM_BUCKET: bucket.bucketName,
      HILUM_RUNS_TABLE: table.tableName,
      HILUM_QUEUES: queueUrlBase,
      HILUM_LOG_LEVEL: config.logLevel,
      HILUM_RETRY_BASE_S: String(config.retryBaseS),
      HILUM_RETRY_CAP_S: String(config.retryCapS),
    };
    const shared = { environment, alarms };

    const deadLetter = new StepFunction(this, 'DeadLetter', {
      ...shared,
      ...{
        folder: bundle('dead-letter', { catalog: tools }),
        packaging: 'zip',
        memoryMb: 512,
        timeout: timeouts.deadLetter,
      },
      description: 'Keeps dead letters and marks their runs failed',
    }).function;
    bucket.grantRead(deadLetter, '*/manifest.json');
    bucket.grantReadWrite(deadLetter, 'runs/*');
    bucket.grantPut(deadLetter, 'dead-letters/*');

    const route = new StepFunction(this, 'Route', {
      ...shared,
      ...{ folder: bundle('route', { catalog: tools }), packaging: 'zip', memoryMb: 512, timeout: timeouts.route },
      description: 'Asks every tool whether it can use a study',
    }).function;
    bucket.grantRead(route, '*/manifest.json');
    for (const lane of LANES) intake[lane].consumedBy(route, deadLetter);

    for (const tool of tools) {
      const toolTimeoutS = config.toolTimeoutS ?? tool.resources.timeoutS;
      const timeout = Duration.seconds(Math.ceil(toolTimeoutS)).plus(INFER_RESERVE);
      const infer = new StepFunction(this, `Infer-${tool.id}`, {
        alarms,
        environment: { ...environment, HILUM_TOOL: tool.id, HILUM_TOOL_TIMEOUT_S: String(toolTimeoutS) },
        ...{
          folder: bundle('infer', { tool }),
          packaging: config.packaging,
          memoryMb: tool.resources.memoryMb,
          timeout,
        },
        description: `Runs the tool ${tool.id}`,
      }).function;
      bucket.grantRead(infer, 'chunks/*');
      bucket.grantRead(infer, '*/manifest.json');
      bucket.grantReadWrite(infer, 'runs/*');
      table.grantReadWriteData(infer);
      for (const lane of LANES) {
        const lanes = workQueue({ step: 'infer', tool: tool.id, lane }, timeout);
        lanes.consumedBy(infer, deadLetter);
        lanes.queue.grantSendMessages(route);
        convertQueues[lane].queue.grantSendMessages(infer);
      }
    }

    const convert = new StepFunction(this, 'Convert', {
      ...shared,
      ...{
        folder: bundle('convert'),
        packaging: config.packaging,
        memoryMb: 1769,
        timeout: timeouts.convert,
      },
      description: "Makes DICOM objects of tools' answers",
    }).function;
    bucket.grantRead(convert, 'chunks/*');
    bucket.grantRead(convert, '*/manifest.json');
    bucket.grantReadWrite(convert, 'runs/*');
    bucket.grantPut(convert, 'quarantine/*');

    const returning = new StepFunction(this, 'Return', {
      ...shared,
      environment: { ...environment, HILUM_ARCHIVE_SECRET: archiveSecret.secretArn },
      ...{ folder: bundle('return'), packaging: 'zip', memoryMb: 1024, timeout: timeouts.return },
      description: 'Stores results in the archive and reads them back',
    }).function;
    bucket.grantReadWrite(returning, 'runs/*');
    archiveSecret.grantRead(returning);

    for (const lane of LANES) {
      convertQueues[lane].consumedBy(convert, deadLetter);
      convertQueues[lane].queue.grantSendMessages(deadLetter);
      returnQueues[lane].consumedBy(returning, deadLetter);
      returnQueues[lane].queue.grantSendMessages(convert);
    }
    for (const step of [route, convert, returning, deadLetter]) table.grantReadWriteData(step);

    // What others find the deployment by
    const outputs = {
      bucket: bucket.bucketName,
      runsTable: table.tableName,
      archiveSecret: archiveSecret.secretArn,
      queueUrlBase,
      intakeQueue: intake.live.queue.queueUrl,
      alarmTopic: alarms.topicArn,
    } satisfies Record<keyof typeof STACK_OUTPUTS, string>;
    for (const name of Object.keys(outputs) as (keyof typeof outputs)[]) {
      new CfnOutput(this, STACK_OUTPUTS[name], { value: outputs[name] });
    }
  }
}
