import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../core/errors.ts';
import { type Environment, parseConfig } from '../../infra/config.ts';
import { ENVIRONMENTS } from '../../infra/environments.ts';
import { discoverTools } from '../../infra/tools.ts';
import { PRODUCTION } from './stack.ts';

const DIGEST = 'a'.repeat(64);

/** The settings of an environment, with what the command line gives. */
const settings = (declared: Environment, given: Readonly<Record<string, unknown>> = {}) =>
  parseConfig({ environment: 'own', ...given }, { own: declared });

describe('settings', () => {
  const dev: Environment = { stage: 'dev', tools: 'found' };

  it('have defaults for most, and are taken as text from the command line', () => {
    expect(settings(dev)).toMatchObject({ environment: 'own', packaging: 'image', name: 'hilum-own', retryCapS: 1800 });
    expect(settings({ ...dev, retryBaseS: 3 }, { packaging: 'zip', retryCapS: '5' })).toMatchObject({
      ...{ packaging: 'zip', retryBaseS: 3, retryCapS: 5 },
    });
  });

  it('take tools from the command line as JSON', () => {
    const tools = { caries: { state: 'retired', models: { 'caries-lesion': DIGEST } } };
    expect(settings(dev, { tools: JSON.stringify(tools) }).tools).toEqual(tools);
    expect(settings({ ...dev, tools: { caries: { models: {} } } }).tools).toMatchObject({
      caries: { state: 'active' },
    });
  });

  it('take addresses and tags from the command line as JSON', () => {
    const given = { alarmAddresses: '["ops@hospital.example"]', tags: '{"cost":"radiology"}' };
    expect(settings(dev, given)).toMatchObject({
      ...{ alarmAddresses: ['ops@hospital.example'], tags: { cost: 'radiology' } },
    });
    expect(() => settings(dev, { tags: '{"cost"' })).toThrow(/^The setting tags is /);
  });

  it('give no two environments one stack', () => {
    const prod: Environment = { ...PRODUCTION, account: '111122223333' };
    const named = (environment: string, given: object, declared: Environment) =>
      parseConfig({ environment, ...given }, { prod, local: dev, own: declared }).name;

    expect(named('prod', {}, dev)).toBe('hilum');
    expect(named('local', {}, dev)).toBe('hilum');
    expect(named('own', {}, dev)).toBe('hilum-own');
    expect(named('own', {}, { ...dev, account: '444455556666', name: 'hilum' })).toBe('hilum');
    expect(() => named('own', { name: 'hilum' }, dev)).toThrow(/^The environments own and prod have the name hilum, /);
    expect(() => named('prod', {}, { ...dev, name: 'hilum' })).toThrow(/^The environments prod and own /);
    expect(() => parseConfig({ environment: 'A_b' }, { A_b: dev })).toThrow(/"hilum-A_b": is no name of 2 to 24/);
  });

  it.each(['prod', 'dev'])('take no stage (%s) from the command line', (stage) => {
    expect(() => settings(dev, { stage })).toThrow(/^The stage is declared in infra\/environments\.ts/);
  });

  it('leave the CDK’s own context aside', () => {
    const context = {
      '@aws-cdk/core:enablePartitionLiterals': true,
      'aws:cdk:bundling-stacks': ['**'],
      'cli-telemetry': false,
    };
    expect(() => settings(dev, context)).not.toThrow();
  });

  it.each([
    [{ packging: 'zip' }, /There is no setting packging; the settings are environment, stage, .*packaging, name/],
    [{ packaging: 'tar' }, /The setting packaging is "tar": .*"image"\|"zip"/],
    [{ retryCapS: 'soon' }, /The setting retryCapS is "soon"/],
    [{ maxReceiveCount: 0 }, /The setting maxReceiveCount is 0/],
    [{ timeZone: 'Berlin' }, /The setting timeZone is "Berlin": is no time zone, such as Europe\/Berlin/],
    [{ name: 'Über' }, /The setting name is "Über"/],
    [{ logRetentionDays: '184' }, /The setting logRetentionDays is "184": is none of CloudWatch's: 1, 3, .* 180, 365/],
    [{ tools: '{"caries"' }, /The setting tools is "{\\"caries\\"": Invalid input/],
    [{ tools: '{"caries":{"models":{"m":"x"}}}' }, /^The setting tools\.caries\.models\.m is "x": is no SHA-256\.$/],
    [
      { tools: '{"caries":{"models":{},"state":"gone"}}' },
      /^The setting tools\.caries\.state is "gone": .*"active"\|"retired"/,
    ],
  ])('answer %j with a sentence that names the setting', (given, sentence) => {
    expect(() => settings(dev, given)).toThrow(ConfigurationError);
    expect(() => settings(dev, given)).toThrow(sentence);
  });

  it.each([
    [{}, /^No environment is named: say `-c environment=NAME`\. infra\/environments\.ts declares local, dev, prod\.$/],
    [{ environment: 'porduction' }, /^There is no environment porduction: .* declares local, dev, prod\.$/],
    [{ environment: 'constructor' }, /^There is no environment constructor: /],
  ])('are those of a declared environment: %j', (context, sentence) => {
    expect(() => parseConfig(context, ENVIRONMENTS)).toThrow(sentence);
  });

  it('are shown with the sentence alone on the command line', () => {
    const app = resolve(import.meta.dirname, '../../infra/app.ts');
    const context = { environment: 'local', packging: 'zip' };
    const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context) };
    const run = () => execFileSync(process.execPath, [app], { env, encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(
      expect.objectContaining({ status: 2, stderr: expect.stringMatching(/^There is no setting packging;[^\n]*\n$/) }),
    );
  });
});

describe('a production', () => {
  it('needs all that makes it one, and says it at once', () => {
    const bare = () => settings({ stage: 'prod', tools: 'found', logRetentionDays: 180 });

    expect(bare).toThrow(ConfigurationError);
    expect(bare).toThrow(
      /^The environment own is a production\. It needs account, .*; region, .*; alarmAddresses, .*; tools by their ids .*; logRetentionDays .*; noncurrentVersionDays, /,
    );
    expect(settings(PRODUCTION)).toMatchObject({ stage: 'prod', logRetentionDays: 365 });
  });

  it.each(['account', 'region', 'noncurrentVersionDays', 'alarmAddresses'] as const)(
    'is refused without %s',
    (setting) => {
      const { [setting]: _, ...rest } = PRODUCTION;
      expect(() => settings(rest)).toThrow(
        new RegExp(`^The environment own is a production\\. It needs ${setting}[^;]*\\.$`),
      );
    },
  );

  it('keeps its logs for six months, of which 180 days are less', () => {
    expect(() => settings({ ...PRODUCTION, logRetentionDays: 180 })).toThrow(/needs logRetentionDays of at least six/);
    expect(settings({ ...PRODUCTION, logRetentionDays: 400 }).logRetentionDays).toBe(400);
  });

  it('takes an address that is e-mail or https alone', () => {
    const to = (address: string) => () => settings({ ...PRODUCTION, alarmAddresses: [address] });
    for (const address of ['http://pager.example/x', 'somebody', 'sms:+4912345'])
      expect(to(address)).toThrow(/The setting alarmAddresses\.0 is ".*": is no e-mail address and no https URL/);
  });

  it('takes no setting from the command line', () => {
    expect(() => settings(PRODUCTION, { retryBaseS: '1', name: 'other' })).toThrow(
      /^The environment own is a production and takes no setting from the command line\. Declare retryBaseS, name in infra\/environments\.ts\.$/,
    );
  });
});

describe('tools', () => {
  it('names the searched folder if there is no tool', () => {
    const root = mkdtempSync(join(tmpdir(), 'hilum-none-'));
    expect(() => discoverTools(root)).toThrow(/There is no tool in .*tools: set `root`/);
  });

  it('names the wrong manifest and field', () => {
    const root = mkdtempSync(join(tmpdir(), 'hilum-bad-'));
    mkdirSync(join(root, 'tools', 'odd'), { recursive: true });
    writeFileSync(join(root, 'tools', 'odd', 'manifest.json'), '{"id": "odd"}');
    expect(() => discoverTools(root)).toThrow(/odd\/manifest\.json is not a valid tool manifest: .*version/);
  });
});
