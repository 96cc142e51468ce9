import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../core/errors.ts';
import { parseConfig } from '../../infra/config.ts';
import { discoverTools } from '../../infra/tools.ts';

describe('settings', () => {
  it('has defaults for all, and takes text as the command line gives it', () => {
    expect(parseConfig({})).toMatchObject({ packaging: 'image', name: 'hilum', retryCapS: 1800 });
    expect(parseConfig({ packaging: 'zip', retryCapS: '5' })).toMatchObject({ packaging: 'zip', retryCapS: 5 });
  });

  it('ignores the CDK’s own context', () => {
    const context = {
      '@aws-cdk/core:enablePartitionLiterals': true,
      'aws:cdk:bundling-stacks': ['**'],
      'cli-telemetry': false,
    };
    expect(() => parseConfig(context)).not.toThrow();
  });

  it.each([
    [{ packging: 'zip' }, /There is no setting packging; the settings are packaging, name/],
    [{ packaging: 'tar' }, /The setting packaging is "tar": .*"image"\|"zip"/],
    [{ retryCapS: 'soon' }, /The setting retryCapS is "soon"/],
    [{ maxReceiveCount: 0 }, /The setting maxReceiveCount is 0/],
    [{ timeZone: 'Berlin' }, /The setting timeZone is "Berlin": is no time zone, such as Europe\/Berlin/],
    [{ name: 'Über' }, /The setting name is "Über"/],
  ])('answers %j with a sentence that names the setting', (context, sentence) => {
    expect(() => parseConfig(context)).toThrow(ConfigurationError);
    expect(() => parseConfig(context)).toThrow(sentence);
  });

  it('shows the sentence and no stack trace on the command line', () => {
    const app = resolve(import.meta.dirname, '../../infra/app.ts');
    const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ packging: 'zip' }) };
    const run = () => execFileSync(process.execPath, [app], { env, encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(
      expect.objectContaining({ status: 2, stderr: expect.stringMatching(/^There is no setting packging;[^\n]*\n$/) }),
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
