/** What a production keeps, tells and refuses to lose; and what becomes of a tool that is retired. */
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DeployedToolsSchema, parseQueueName } from '#pipeline/environment.ts';
import { LANES } from '#pipeline/keys.ts';
import { makeStack, PRODUCTION, type Resource, resourcesOf, synthesise } from './stack.ts';

const TOOLS = { 'first-tool': { models: {} }, 'second-tool': { state: 'retired', models: {} } } as const;
const stack = makeStack({}, { ...PRODUCTION, tools: TOOLS, tags: { ward: 'radiology' } });
const production = Template.fromStack(stack);
const all = (type: string, template = production): readonly (Resource & Policies)[] =>
  Object.values(resourcesOf(template, type)) as readonly (Resource & Policies)[];
interface Policies {
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

describe('a production', () => {
  it('is where it was declared, has the declared tags, and is protected against deletion', () => {
    expect(stack).toMatchObject({ account: '111122223333', region: 'eu-central-1', terminationProtection: true });
    expect(stack.tags.tagValues()).toEqual({ ward: 'radiology' });
    expect(makeStack().terminationProtection).toBe(false);
  });

  it('keeps queues, bucket, table, key and logs, whatever is taken out of the stack', () => {
    const types = [
      'AWS::SQS::Queue',
      'AWS::S3::Bucket',
      'AWS::DynamoDB::Table',
      'AWS::KMS::Key',
      'AWS::Logs::LogGroup',
    ];
    for (const type of types) {
      expect(all(type).length, type).toBeGreaterThan(0);
      for (const { DeletionPolicy, UpdateReplacePolicy } of all(type)) {
        expect(UpdateReplacePolicy, type).toBe('Retain');
        // A queue that a failed first deployment left would be in the way of the next, by its name.
        expect(DeletionPolicy, type).toBe(type === 'AWS::SQS::Queue' ? 'RetainExceptOnCreate' : 'Retain');
      }
    }
  });

  it('sends its alarms to every declared address', () => {
    const subscriptions = all('AWS::SNS::Subscription').map(({ Properties }) => Properties);
    expect(subscriptions).toMatchObject([
      { Protocol: 'email', Endpoint: 'ops@hospital.example' },
      { Protocol: 'https', Endpoint: 'https://pager.example/hilum' },
    ]);
    expect(all('AWS::SNS::Subscription', synthesise())).toEqual([]);
  });

  it('encrypts the logs with its key, which only the logs of this stack may use', () => {
    const [keyId] = Object.keys(resourcesOf(production, 'AWS::KMS::Key'));
    for (const { Properties } of all('AWS::Logs::LogGroup'))
      expect(Properties).toMatchObject({ RetentionInDays: 365, KmsKeyId: { 'Fn::GetAtt': [keyId, 'Arn'] } });
    const key = JSON.stringify(all('AWS::KMS::Key')[0]?.Properties['KeyPolicy']);
    expect(key).toContain('"Principal":{"Service":"logs.eu-central-1.amazonaws.com"}');
    expect(key).toContain(':logs:eu-central-1:111122223333:log-group:hilum-*"]]}}}');
  });

  it('keeps overwritten and deleted objects for the declared time', () => {
    const [bucket] = all('AWS::S3::Bucket');
    expect(bucket?.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: expect.arrayContaining([
          expect.objectContaining({
            NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            ExpiredObjectDeleteMarker: true,
          }),
        ]),
      },
    });
    expect(all('AWS::S3::Bucket', synthesise())[0]?.Properties).not.toHaveProperty('VersioningConfiguration');
  });
});

describe('a retired tool', () => {
  it('is not in the list that the edge reads', () => {
    const [parameter] = all('AWS::SSM::Parameter');
    const { tools } = DeployedToolsSchema.parse(JSON.parse(String(parameter?.Properties['Value'])));
    expect(Object.keys(tools)).toEqual(['first-tool']);
  });

  it('begins no run: routing knows that it is retired', () => {
    const told = all('AWS::Lambda::Function').flatMap(({ Properties }) => {
      const { Variables } = Properties['Environment'] as { readonly Variables: Readonly<Record<string, unknown>> };
      return Variables['HILUM_RETIRED_TOOLS'] === 'second-tool' ? [Properties['Description']] : [];
    });
    expect(told).toEqual(['Routes a study to the tools that can use it']);
    expect(JSON.stringify(synthesise().toJSON())).not.toContain('HILUM_RETIRED_TOOLS');
  });

  it('has its function and its queues, which the function consumes, until it is deleted', () => {
    const consumed = (template: Template) => {
      const queues = resourcesOf(template, 'AWS::SQS::Queue');
      return all('AWS::Lambda::EventSourceMapping', template).flatMap(({ Properties }) => {
        const id = (Properties['EventSourceArn'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0];
        const role = parseQueueName(String(queues[id]?.Properties['QueueName']).replace('hilum-', ''));
        return role?.step === 'infer' && role.tool === 'second-tool' ? [role.lane] : [];
      });
    };
    const { 'first-tool': first } = TOOLS;
    const without = Template.fromStack(makeStack({}, { ...PRODUCTION, tools: { 'first-tool': first } }));

    expect(consumed(production).sort()).toEqual([...LANES].sort());
    expect(consumed(without)).toEqual([]);
  });
});
