import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBundler } from '../../infra/bundle.ts';
import { discoverTools } from '../../infra/tools.ts';

const root = resolve(import.meta.dirname, '../..');
const outdir = mkdtempSync(join(tmpdir(), 'hilum-bundles-'));
const bundle = createBundler({ root, outdir });
const tools = discoverTools(root);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(folder, file)).isFile());
const bytesOf = (folder: string): number =>
  filesOf(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

/** Loads a bundle as Lambda does, away from the checkout and its packages, and says what its handler is. */
function load(folder: string, environment: Record<string, string> = {}): string {
  const program = `import(${JSON.stringify(join(folder, 'index.mjs'))}).then(({ handler }) => process.stdout.write(typeof handler))`;
  const env = {
    ...{ HILUM_BUCKET: 'studies', HILUM_RUNS_TABLE: 'runs', HILUM_QUEUES: 'http://127.0.0.1:1/0/hilum-' },
    ...{ AWS_REGION: 'eu-central-1', PATH: '/usr/bin:/bin' },
    ...environment,
  };
  return execFileSync(process.execPath, ['-e', program], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

describe('bundles', () => {
  it.each(['route', 'dead-letter'])('%s loads by itself and knows every tool', (name) => {
    const folder = bundle(name, { catalog: tools });
    expect(load(folder)).toBe('function');
    for (const { id } of tools) expect(existsSync(join(folder, 'tools', id, 'manifest.json'))).toBe(true);
    expect(filesOf(folder).filter((file) => file.endsWith('.onnx'))).toEqual([]);
  });

  it.each(['convert', 'return'])('%s loads by itself', (name) => {
    expect(load(bundle(name), { HILUM_ARCHIVE_SECRET: 'arn' })).toBe('function');
  });

  it.each(tools.map((tool) => [tool.id, tool] as const))(
    'infer of %s loads by itself, with its own tool and models alone',
    (id, tool) => {
      const folder = bundle('infer', { tool });
      expect(load(folder, { HILUM_TOOL: id, HILUM_TOOL_TIMEOUT_S: '60' })).toBe('function');
      expect(readdirSync(join(folder, 'tools'))).toEqual([id]);
      expect(readdirSync(join(folder, 'layers', 'models')).sort()).toEqual([...tool.models].sort());
      // Lambda takes 250 MB unpacked; onnxruntime for one platform is 46 of them.
      expect(bytesOf(folder)).toBeLessThan(150e6);
      // An error's class must be the same for the tool that throws it and the handler that tells it by its class.
      const code = filesOf(folder).filter((file) => file.endsWith('.mjs') && !file.startsWith('node_modules'));
      const defining = code.filter((file) =>
        /class HilumError extends|HilumError = class/.test(readFileSync(join(folder, file), 'utf8')),
      );
      expect(defining).toHaveLength(1);
    },
  );

  it('infer of another tool than it was made for says which setting is wrong', () => {
    const [tool] = tools;
    if (tool === undefined) throw new Error('No tool');
    const folder = bundle('infer', { tool });
    expect(() => load(folder, { HILUM_TOOL: 'other', HILUM_TOOL_TIMEOUT_S: '60' })).toThrow(/HILUM_TOOL names other/);
  });

  it('infer and convert bring a Dockerfile on Lambda’s Node image', () => {
    for (const name of ['infer', 'convert']) {
      const dockerfile = readFileSync(join(root, 'functions', name, 'Dockerfile'), 'utf8');
      expect(dockerfile).toMatch(/^ARG BASE_IMAGE=public\.ecr\.aws\/lambda\/nodejs:24$/m);
      expect(dockerfile).toMatch(/^CMD \["index\.handler"\]$/m);
    }
  });
});
