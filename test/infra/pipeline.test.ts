import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import {
  DeployedToolsSchema,
  deadLetterQueueOf,
  parseQueueName,
  STACK_OUTPUTS,
  STEPS,
  TELEMETRY_OFF,
} from '#pipeline/environment.ts';
import { LANES, toolRuns } from '#pipeline/keys.ts';
import { METRICS } from '../../adapters/aws/observe.ts';
import { ToolsParameter } from '../../infra/constructs/tools-parameter.ts';
import { discoverTools } from '../../infra/tools.ts';
import { makeRoot, policiesOf, type Resource, type Resources, resourcesOf, synthesise, TOOL_IDS } from './stack.ts';

const MODEL = { id: 'm', version: '1.0.0', file: 'm.onnx', licence: 'MIT', summary: 's' };

const zip = synthesise();
const image = synthesise({ packaging: 'image' });
const find = (type: string, template = zip): Resources => resourcesOf(template, type);
const queues = find('AWS::SQS::Queue');
const nameOf = (queue: Resource): string => String(queue.Properties['QueueName']);
const workQueues = Object.entries(queues).filter(([, queue]) => !nameOf(queue).endsWith('-dead'));

describe('queues', () => {
  it('has intake, convert and return queues for each lane, and one for each tool found by its folder', () => {
    const names = workQueues.map(([, queue]) => nameOf(queue)).sort();
    const steps = ['intake', 'convert', 'return', ...TOOL_IDS.map((id) => `infer-${id}`)];
    expect(names).toEqual(steps.flatMap((step) => LANES.map((lane) => `hilum-${step}-${lane}`)).sort());
  });

  it('has one dead-letter queue for each step and lane, which all tools share', () => {
    const names = Object.values(queues)
      .map(nameOf)
      .filter((name) => name.endsWith('-dead'));
    expect(names.sort()).toEqual(STEPS.flatMap((step) => LANES.map((lane) => `hilum-${step}-${lane}-dead`)).sort());
  });

  it.each(workQueues)('%s has a dead-letter queue that the dead-letter function consumes, and alarms', (id, queue) => {
    const redrive = queue.Properties['RedrivePolicy'] as { deadLetterTargetArn: { 'Fn::GetAtt': [string, string] } };
    const dead = redrive.deadLetterTargetArn['Fn::GetAtt'][0];
    expect(queues[dead]).toBeDefined();
    expect(nameOf(queues[dead] as Resource)).toBe(`hilum-${deadLetterQueueOf(nameOf(queue).replace('hilum-', ''))}`);
    const mappings = Object.values(find('AWS::Lambda::EventSourceMapping'));
    const consumerOf = (queueId: string) =>
      mappings.filter((mapping) => JSON.stringify(mapping.Properties['EventSourceArn']).includes(`"${queueId}"`));
    expect(consumerOf(id)).toHaveLength(1);
    const [consumer] = consumerOf(dead);
    expect(JSON.stringify(consumer?.Properties['FunctionName'])).toContain('DeadLetter');
    expect(consumer?.Properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    const alarmOf = (queueId: string, metric: string) =>
      Object.values(find('AWS::CloudWatch::Alarm')).filter(
        ({ Properties }) =>
          Properties['MetricName'] === metric && JSON.stringify(Properties['Dimensions']).includes(`"${queueId}"`),
      );
    const alarms = [
      ...alarmOf(dead, 'ApproximateNumberOfMessagesVisible'),
      ...alarmOf(id, 'ApproximateAgeOfOldestMessage'),
    ];
    expect(alarms).toHaveLength(2);
    const [, age] = alarms;
    expect(age?.Properties['Threshold']).toBe(nameOf(queue).endsWith('-live') ? 3600 : 11 * 86_400);
    for (const alarm of alarms) expect(alarm.Properties['AlarmActions']).toHaveLength(1);
  });

  it.each([METRICS.halted, METRICS.quarantined, METRICS.deadLetters, METRICS.stuck])(
    'raises one alarm for all functions when one counts %s',
    (metric) => {
      const [alarm, ...others] = Object.values(find('AWS::CloudWatch::Alarm')).filter(
        ({ Properties }) => Properties['MetricName'] === metric,
      );

      expect(others).toEqual([]);
      expect(alarm?.Properties).toMatchObject({ Namespace: 'Hilum', Threshold: 1, EvaluationPeriods: 1 });
      expect(alarm?.Properties['Dimensions']).toEqual([{ Name: 'Deployment', Value: 'hilum' }]);
      expect(alarm?.Properties['AlarmActions']).toHaveLength(1);
    },
  );

  it('encrypts every queue and accepts messages only over TLS', () => {
    for (const queue of Object.values(queues)) expect(queue.Properties['SqsManagedSseEnabled']).toBe(true);
    const policies = Object.values(find('AWS::SQS::QueuePolicy'));
    for (const id of Object.keys(queues)) {
      const own = policies.filter(({ Properties }) => JSON.stringify(Properties['Queues']).includes(`"${id}"`));
      // A queue has one policy: of two resources, CloudFormation would leave the one that it applies last.
      expect(own, id).toHaveLength(1);
      expect(JSON.stringify(own[0])).toContain('"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"');
    }
  });

  it('has visibility timeouts longer than the functions’ timeouts', () => {
    const functions = find('AWS::Lambda::Function');
    for (const mapping of Object.values(find('AWS::Lambda::EventSourceMapping'))) {
      const queueId = (mapping.Properties['EventSourceArn'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0];
      const functionId = (mapping.Properties['FunctionName'] as { Ref: string }).Ref;
      expect(queues[queueId]?.Properties['VisibilityTimeout']).toBeGreaterThan(
        Number(functions[functionId]?.Properties['Timeout']),
      );
    }
  });

  it('gives backfill its own concurrency', () => {
    const concurrency = (step: string): unknown[] =>
      Object.entries(find('AWS::Lambda::EventSourceMapping'))
        .filter(([, mapping]) => JSON.stringify(mapping.Properties['EventSourceArn']).includes(step))
        .map(([, mapping]) => mapping.Properties['ScalingConfig']);
    expect(concurrency('convertbackfill')).toContainEqual({ MaximumConcurrency: 4 });
    expect(concurrency('convertlive')).toContainEqual({ MaximumConcurrency: 10 });
  });
});

describe('the bucket', () => {
  const [bucketId, bucket] = Object.entries(find('AWS::S3::Bucket'))[0] ?? [];

  it('notifies the intake queue of the lane, natively, after the queue’s policy permits it', () => {
    const { QueueConfigurations } = (bucket?.Properties['NotificationConfiguration'] ?? {}) as {
      QueueConfigurations?: object[];
    };
    expect(QueueConfigurations).toHaveLength(LANES.length);
    for (const lane of LANES) {
      const rules = [
        { Name: 'prefix', Value: `${lane}/` },
        { Name: 'suffix', Value: '/manifest.json' },
      ];
      expect(QueueConfigurations).toContainEqual(
        expect.objectContaining({ Event: 's3:ObjectCreated:*', Filter: { S3Key: { Rules: rules } } }),
      );
    }
    const policies = Object.keys(find('AWS::SQS::QueuePolicy')).filter(
      (id) => id.includes('intake') && !id.includes('DeadLetters'),
    );
    expect(policies).toHaveLength(LANES.length);
    expect(bucket?.DependsOn).toEqual(expect.arrayContaining(policies));
  });

  it('is encrypted and private, and accessible only over TLS', () => {
    zip.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
      PublicAccessBlockConfiguration: {
        ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      },
    });
    zip.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: bucketId },
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      }),
    });
  });
});

describe('access', () => {
  it('allows no access from outside the account', () => {
    const documents = [
      ...Object.values(find('AWS::SQS::QueuePolicy')),
      ...Object.values(find('AWS::S3::BucketPolicy')),
      ...Object.values(find('AWS::SNS::TopicPolicy')),
    ].flatMap((policy) => (policy.Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] }).Statement);
    expect(documents.length).toBeGreaterThan(0);
    for (const statement of documents) {
      if (statement['Effect'] !== 'Allow') continue;
      expect(statement['Principal']).toEqual({ Service: 's3.amazonaws.com' });
      expect(statement['Condition']).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
    }
  });

  it('gives functions least privilege: no action on all resources, no wildcard actions', () => {
    for (const [id, statements] of policiesOf(zip)) {
      for (const statement of statements) {
        expect(
          [statement.Action].flat().filter((action) => /^\*|:\*$/.test(action)),
          id,
        ).toEqual([]);
        expect([statement.Resource].flat(), id).not.toContain('*');
      }
    }
  });

  it.each(TOOL_IDS)('lets the function of %s read and write the runs of no other tool', (id) => {
    const own = policiesOf(zip).filter(([name]) => name.startsWith(`Tool${id.replaceAll('-', '')}Infer`));
    expect(own).toHaveLength(1);
    const keys = JSON.stringify(own).match(/"\/runs\/[^"]*"/g) ?? [];
    expect([...new Set(keys)]).toEqual([`"/${toolRuns(id)}*"`]);
  });

  it('lets route answer that a study is not for a tool any more', () => {
    const [[, own = []] = []] = policiesOf(zip).filter(([name]) => name.startsWith('Route'));
    const writes = own.filter(({ Action }) => [Action].flat().includes('s3:PutObject'));
    expect(JSON.stringify(writes)).toContain('"/runs/*"');
  });

  it('lets every function store messages that it cannot parse', () => {
    const policies = policiesOf(zip);
    expect(find('AWS::IAM::Policy')).toEqual({});
    expect(policies).toHaveLength(Object.keys(find('AWS::Lambda::Function')).length);
    const others = policies.filter(([, statements]) => !JSON.stringify(statements).includes('/dead-letters/*'));
    expect(others.map(([id]) => id)).toEqual([expect.stringMatching(/^Reconciler/)]);
  });

  it('encrypts the runs table and the secret with the deployment’s own key', () => {
    zip.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
    });
    zip.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: Match.anyValue() });
    zip.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });
});

describe('functions', () => {
  it('gives every tool a Lambda with its memory and time', () => {
    for (const [index, id] of TOOL_IDS.entries()) {
      zip.hasResourceProperties('AWS::Lambda::Function', {
        MemorySize: 2048 + index,
        Timeout: 120 + index,
        Environment: { Variables: Match.objectLike({ HILUM_TOOL: id, HILUM_TOOL_TIMEOUT_S: String(100 + index) }) },
      });
    }
  });

  it('packages infer and convert as container images, and everything as zip if there is no Docker', () => {
    const packed = (template: Template) =>
      Object.values(find('AWS::Lambda::Function', template)).map((each) => each.Properties['PackageType'] ?? 'Zip');
    expect(packed(zip).filter((type) => type === 'Image')).toEqual([]);
    expect(packed(image).filter((type) => type === 'Image')).toHaveLength(TOOL_IDS.length + 1);
  });

  it.each([
    ['zip archives', zip],
    ['container images', image],
  ])('turns off ONNX Runtime’s telemetry in every function, as %s', (_, template) => {
    const told = Object.values(find('AWS::Lambda::Function', template)).map(
      ({ Properties }) => Properties['Environment'] as { readonly Variables: Readonly<Record<string, unknown>> },
    );
    expect(told.length).toBe(5 + TOOL_IDS.length);
    for (const { Variables } of told) expect(Variables).toMatchObject(TELEMETRY_OFF);
  });

  it('tells every function the site’s time zone', () => {
    const zones = (template: Template) =>
      Object.values(find('AWS::Lambda::Function', template)).map(({ Properties }) => {
        const { Variables } = Properties['Environment'] as { readonly Variables: Readonly<Record<string, unknown>> };
        return Variables['HILUM_TIME_ZONE'];
      });

    expect(new Set(zones(zip))).toEqual(new Set(['UTC']));
    expect(new Set(zones(synthesise({ timeZone: 'Europe/Berlin' })))).toEqual(new Set(['Europe/Berlin']));
  });

  it('runs zip functions on Node 24', () => {
    zip.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'nodejs24.x', Handler: 'index.handler' });
  });
});

describe('the template', () => {
  it('has room for 40 tools in one stack, and for what an account adds to it', () => {
    const ids = Array.from({ length: 40 }, (_, index) => `tool-${index + 10}`);
    const forty = synthesise({}, ids);
    const resources = Object.keys((forty.toJSON() as { Resources: Resources }).Resources);
    const two = Object.keys((zip.toJSON() as { Resources: Resources }).Resources);

    // docs/deploy.md says both numbers; CloudFormation takes 500. The nine of a tool are its function, role and log, and queue, mapping and alarm of each lane.
    expect([two.length, resources.length]).toEqual([74 + 2 * 9, 74 + 40 * 9]);
    // An inline policy of a role has at most 10,240 characters; an ARN that CloudFormation fills in has at most about 130.
    for (const [id, statements] of policiesOf(forty))
      expect(JSON.stringify(statements).length, id).toBeLessThan(10_240);
  });

  it.each([
    ['zip', zip],
    ['image', image],
  ])('holds no custom resource (%s)', (_, template) => {
    const types = Object.values((template.toJSON() as { Resources: Resources }).Resources).map(
      (resource) => resource.Type,
    );
    expect(
      types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'),
    ).toEqual([]);
  });

  it('has outputs by which it can be found', () => {
    for (const name of Object.values(STACK_OUTPUTS)) zip.hasOutput(name, {});
  });

  it('tells the edge which tools it has, in a parameter of the deployment’s name', () => {
    for (const [template, name] of [
      [zip, '/hilum/tools'],
      [synthesise({ name: 'trial' }), '/trial/tools'],
    ] as const) {
      const [parameter, ...others] = Object.values(find('AWS::SSM::Parameter', template));
      expect(others).toEqual([]);
      expect(parameter?.Properties).toMatchObject({ Name: name, Type: 'String' });
      expect(DeployedToolsSchema.parse(JSON.parse(String(parameter?.Properties['Value']))).tools).toEqual(
        Object.fromEntries(TOOL_IDS.map((id) => [id, expect.stringMatching(/^1\.0\.0\+r\d+$/)])),
      );
    }
  });

  it('has room for 40 tools with long names and two models each in a standard parameter', () => {
    const stack = new Stack(new App(), 'forty');
    const models = ['a', 'b'].map((digit) => ({ ...MODEL, sha256: digit.repeat(64) }));
    const tools = discoverTools(makeRoot(Array.from({ length: 40 }, (_, index) => `${'t'.repeat(38)}${index + 10}`)));
    new ToolsParameter(stack, 'Tools', { deployment: 'hilum', tools: tools.map((manifest) => ({ manifest, models })) });

    const [parameter] = Object.values(find('AWS::SSM::Parameter', Template.fromStack(stack)));

    expect(Object.keys(JSON.parse(String(parameter?.Properties['Value'])).tools)).toHaveLength(40);
    expect(Buffer.byteLength(String(parameter?.Properties['Value']))).toBeLessThanOrEqual(4096);
  });

  it('adds a tool’s queues and function by its folder alone', () => {
    const more = synthesise({}, [...TOOL_IDS, 'third-tool']);
    const added = Object.values(find('AWS::SQS::Queue', more))
      .map((queue) => nameOf(queue).replace('hilum-', ''))
      .flatMap((name) => parseQueueName(name) ?? [])
      .filter((role) => role.step === 'infer' && role.tool === 'third-tool');
    expect(added).toHaveLength(LANES.length);
    more.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ HILUM_TOOL: 'third-tool' }) },
    });
  });

  it('can have another name, so that two deployments can coexist', () => {
    const names = Object.values(find('AWS::SQS::Queue', synthesise({ name: 'trial' }))).map(nameOf);
    expect(names.every((name) => name.startsWith('trial-'))).toBe(true);
  });
});
