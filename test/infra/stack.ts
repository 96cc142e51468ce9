/** The stack of two small tools, synthesised without bundles. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Bundler } from '../../infra/bundle.ts';
import { type Environment, parseConfig } from '../../infra/config.ts';
import { deployedTools } from '../../infra/declared-tools.ts';
import { PipelineStack } from '../../infra/pipeline-stack.ts';

export const TOOL_IDS = ['first-tool', 'second-tool'];

export type Resource = {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string[];
};
export type Resources = Record<string, Resource>;

export const resourcesOf = (template: Template, type: string): Resources => template.findResources(type) as Resources;

export interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What each function may do, by the logical id of its role. */
export function policiesOf(template: Template): readonly (readonly [string, readonly Statement[]])[] {
  return Object.entries(resourcesOf(template, 'AWS::IAM::Role')).map(([id, { Properties }]) => {
    const policies = Properties['Policies'] as readonly {
      readonly PolicyDocument: { readonly Statement: Statement[] };
    }[];
    return [id, policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)];
  });
}

/** A folder with tools, as in a checkout. */
export function makeRoot(ids: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'hilum-infra-'));
  for (const [index, id] of ids.entries()) {
    mkdirSync(join(root, 'tools', id), { recursive: true });
    const manifest = {
      ...{ id, version: '1.0.0', label: id, purpose: 'p', inputs: 'i', outputs: 'o', limits: 'l', models: [] },
      seriesNumber: 10_000 * (index + 1),
      selection: {
        image: 'volume',
        alternatives: [[{ attribute: 'Modality', in: ['CT'], reason: 'r' }]],
        take: 'best',
      },
      resources: { memoryMb: 2048 + index, timeoutS: 100 + index },
    };
    writeFileSync(join(root, 'tools', id, 'manifest.json'), JSON.stringify(manifest));
  }
  return root;
}

/** Empty folders instead of bundles, to save time. */
function stubBundler(): Bundler {
  const out = mkdtempSync(join(tmpdir(), 'hilum-bundle-'));
  return (name, { tool } = {}) => {
    const folder = join(out, `${name}-${tool?.id ?? ''}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.mjs'), 'export const handler = async () => {};');
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch');
    return folder;
  };
}

/** A production that lacks nothing. */
export const PRODUCTION: Environment = {
  ...{ stage: 'prod', account: '111122223333', region: 'eu-central-1', tools: {}, noncurrentVersionDays: 30 },
  alarmAddresses: ['ops@hospital.example', 'https://pager.example/hilum'],
};

/** The stack of an environment that declares what `tools` says, or else finds the tools with these ids. */
export function makeStack(
  context: Readonly<Record<string, unknown>> = {},
  { ids = TOOL_IDS, ...declared }: Partial<Environment> & { readonly ids?: readonly string[] } = {},
): PipelineStack {
  const root = makeRoot(ids);
  const local: Environment = { stage: 'dev', packaging: 'zip', tools: 'found', name: 'hilum' };
  const config = parseConfig({ environment: 'test', ...context }, { test: { ...local, ...declared, root } });
  return new PipelineStack(new App(), config.name, { config, tools: deployedTools(config), bundle: stubBundler() });
}

export const synthesise = (context: Readonly<Record<string, unknown>> = {}, ids = TOOL_IDS): Template =>
  Template.fromStack(makeStack(context, { ids }));
