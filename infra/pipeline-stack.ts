/** The pipeline, in the order in which a study passes through it. */
import { ArnFormat, CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { QueuePolicy } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { queueName, STACK_OUTPUTS } from '../pipeline/environment.ts';
import { LANES, type Lane } from '../pipeline/keys.ts';
import type { Bundler } from './bundle.ts';
import type { Config } from './config.ts';
import { DeadLetterQueues } from './constructs/dead-letter-queues.ts';
import { MetricAlarms } from './constructs/metric-alarms.ts';
import { Reconciler } from './constructs/reconciler.ts';
import { RunsTable } from './constructs/runs-table.ts';
import { StepFunction, type Surroundings } from './constructs/step-function.ts';
import { StudyBucket } from './constructs/study-bucket.ts';
import { ToolLanes } from './constructs/tool-lanes.ts';
import { ToolsParameter } from './constructs/tools-parameter.ts';
import { onlyOverTls, WorkQueue } from './constructs/work-queue.ts';
import type { DeployedTools } from './declared-tools.ts';
import { modelsOf } from './models.ts';

export interface PipelineStackProps extends StackProps {
  readonly config: Config;
  readonly tools: DeployedTools;
  readonly bundle: Bundler;
}

const TIMEOUTS = {
  intake: Duration.minutes(1),
  convert: Duration.minutes(3),
  return: Duration.minutes(5),
  deadLetter: Duration.minutes(1),
};

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { config, tools, bundle, ...props }: PipelineStackProps) {
    const { account, region, tags, stage } = config;
    super(scope, id, { ...props, env: { account, region }, tags, terminationProtection: stage === 'prod' });
    // A retired tool has all that it needs to end what it began.
    const catalog = [...tools.active, ...tools.retired];

    // Shared resources
    const alarms = new Topic(this, 'Alarms', { enforceSSL: true });
    for (const address of config.alarmAddresses)
      alarms.addSubscription(address.includes('://') ? new UrlSubscription(address) : new EmailSubscription(address));
    const key = new Key(this, 'Key', {
      description: `${config.name}: studies, results and runs`,
      enableKeyRotation: true,
    });
    key.addToResourcePolicy(this.#encryptionOfLogs());
    const archiveSecret = new Secret(this, 'ArchiveSecret', {
      description: 'The archive: {"url": "https://…/dicom-web", "username": "…", "password": "…"}',
      encryptionKey: key,
    });
    const { table } = new RunsTable(this, 'Runs', { key });

    const deployment = config.name;
    new MetricAlarms(this, 'MetricAlarms', { deployment, alarms });

    // Queues between the steps, for each lane
    const deadLetters = new DeadLetterQueues(this, 'DeadLetterQueues', { deployment, alarms });
    const queues = (step: 'intake' | 'convert' | 'return') => {
      const queue = (lane: Lane): WorkQueue =>
        new WorkQueue(this, `${step}-${lane}`, {
          role: { step, lane },
          config,
          consumerTimeout: TIMEOUTS[step],
          deadLetters: deadLetters.of({ step, lane }),
          alarms,
        });
      return { live: queue('live'), backfill: queue('backfill') };
    };
    const intakeQueues = queues('intake');
    const convertQueues = queues('convert');
    const returnQueues = queues('return');
    const { queueUrl } = intakeQueues.live.queue;
    const queueUrlBase = Fn.select(0, Fn.split(queueName({ step: 'intake', lane: 'live' }), queueUrl));

    // A study arrives
    const { bucket } = new StudyBucket(this, 'Studies', { config, key, intake: intakeQueues });

    // The steps
    const surroundings: Surroundings = {
      config,
      key,
      bundle,
      bucket,
      table,
      environment: {
        HILUM_BUCKET: bucket.bucketName,
        HILUM_RUNS_TABLE: table.tableName,
        HILUM_QUEUES: queueUrlBase,
        HILUM_LOG_LEVEL: config.logLevel,
        HILUM_TIME_ZONE: config.timeZone,
        HILUM_WHOLE_BYTE_MASKS: String(config.wholeByteMasks),
        HILUM_RETRY_BASE_S: String(config.retryBaseS),
        HILUM_RETRY_CAP_S: String(config.retryCapS),
        HILUM_LEASE_S: String(config.leaseS),
      },
    };
    const deadLetter = new StepFunction(this, 'DeadLetter', {
      surroundings,
      name: 'dead-letter',
      contents: { catalog },
      packaging: 'zip',
      description: 'Keeps dead letters and marks their runs failed',
      memoryMb: 512,
      timeout: TIMEOUTS.deadLetter,
      reads: ['*/manifest.json'],
      writes: ['runs/*'],
    }).function;
    const route = new StepFunction(this, 'Route', {
      surroundings,
      name: 'route',
      contents: { catalog },
      ...(tools.retired.length > 0 && {
        environment: { HILUM_RETIRED_TOOLS: tools.retired.map(({ id }) => id).join(',') },
      }),
      packaging: 'zip',
      description: 'Routes a study to the tools that can use it',
      memoryMb: 512,
      timeout: TIMEOUTS.intake,
      reads: ['*/manifest.json'],
      // That a study is not for the tool any more.
      writes: ['runs/*'],
    }).function;
    const toolQueues = catalog.flatMap((tool) => {
      const neighbours = { deadLetters, alarms, to: convertQueues };
      return new ToolLanes(this, `Tool-${tool.id}`, { tool, surroundings, ...neighbours }).queues;
    });
    const convert = new StepFunction(this, 'Convert', {
      surroundings,
      name: 'convert',
      packaging: config.packaging,
      description: "Converts tools' answers to DICOM objects",
      memoryMb: 1769,
      timeout: TIMEOUTS.convert,
      reads: ['chunks/*', '*/manifest.json', 'identities/*'],
      writes: ['runs/*', 'quarantine/*'],
    }).function;
    const returning = new StepFunction(this, 'Return', {
      surroundings,
      name: 'return',
      packaging: 'zip',
      description: 'Stores results in the archive and reads them back',
      memoryMb: 1024,
      timeout: TIMEOUTS.return,
      environment: { HILUM_ARCHIVE_SECRET: archiveSecret.secretArn },
      writes: ['runs/*', 'identities/*'],
    }).function;
    // `grantRead` would name the role in the key's policy, which is a cycle. The account's roles may use the key by their own policies.
    returning.addToRolePolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [archiveSecret.secretArn] }),
    );

    // The consumers and senders of the queues
    deadLetters.consumedBy(deadLetter);
    for (const lane of LANES) {
      intakeQueues[lane].consumedBy(route);
      convertQueues[lane].consumedBy(convert);
      // If what a step stored is gone, the run goes back to it.
      convertQueues[lane].queue.grantSendMessages(returning);
      returnQueues[lane].consumedBy(returning);
      returnQueues[lane].queue.grantSendMessages(convert);
      // A letter that was not given up goes back to its queue; what was given up is told by convert.
      for (const queues of [intakeQueues, convertQueues, returnQueues])
        queues[lane].queue.grantSendMessages(deadLetter);
    }
    // If a run's result is gone, convert sends it back to its tool.
    for (const sender of [route, convert, deadLetter]) this.#sendsToTools(sender, deployment);
    const others = [convertQueues, returnQueues].flatMap((queues) => LANES.map((lane) => queues[lane].queue));
    // The intake queues have a policy of their own (`StudyBucket`).
    new QueuePolicy(this, 'QueuePolicy', {
      queues: [...deadLetters.all, ...others, ...toolQueues],
    }).document.addStatements(onlyOverTls());

    // What was lost on the way
    new Reconciler(this, 'Reconciler', { tools: catalog, surroundings });

    // The outputs, and the list of tools for the edge
    const entries = tools.active.map((manifest) => ({
      manifest,
      models: modelsOf(manifest, config.root).map(({ card }) => card),
    }));
    const toolsParameter = new ToolsParameter(this, 'Tools', { deployment: config.name, tools: entries });
    const output = (name: keyof typeof STACK_OUTPUTS, value: string) =>
      new CfnOutput(this, STACK_OUTPUTS[name], { value });
    output('bucket', bucket.bucketName);
    output('runsTable', table.tableName);
    output('archiveSecret', archiveSecret.secretArn);
    output('queueUrlBase', queueUrlBase);
    output('intakeQueue', queueUrl);
    output('alarmTopic', alarms.topicArn);
    output('toolsParameter', toolsParameter.parameterName);
  }

  /** Lets CloudWatch Logs use the key for the logs of this stack ("Encrypt log data using AWS KMS"). */
  #encryptionOfLogs(): PolicyStatement {
    const resourceName = `${this.stackName}-*`;
    const logs = this.formatArn({
      ...{ service: 'logs', resource: 'log-group', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME },
    });
    return new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logs } },
    });
  }

  /** One statement for all tools, since a policy has a greatest length. */
  #sendsToTools(sender: IFunction, deployment: string): void {
    const resources = [this.formatArn({ service: 'sqs', resource: `${deployment}-infer-*` })];
    sender.addToRolePolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources }));
  }
}
