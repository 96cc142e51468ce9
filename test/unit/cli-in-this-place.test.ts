import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asTyped, hilumIn } from '#cli/in-this-place.ts';
import { ROOT } from '../../localstack/parts.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'hilum-place-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A folder with files that have nothing in them. */
function folderWith(...files: readonly string[]): string {
  const folder = mkdtempSync(join(scratch, 'of a person '));
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

describe('what a person types', () => {
  it('is the launcher of a checkout: from its folder, from one in it, and from elsewhere', () => {
    const root = folderWith('bin/hilum');
    const from = (folder: string) => hilumIn({ root, folder, entry: 'cli/hilum.ts' });

    expect([from(root), from(join(root, 'docs')), from('/')]).toEqual([
      'bin/hilum',
      '../bin/hilum',
      `'${root}/bin/hilum'`,
    ]);
  });

  it('is npx in a project that has the package installed, and a path where npx would ask a registry', () => {
    const project = folderWith('node_modules/.bin/hilum', 'node_modules/hilum/dist/cli/hilum.js');
    const from = (folder: string) =>
      hilumIn({ root: join(project, 'node_modules/hilum/dist'), folder, entry: 'hilum.js' });

    expect([from(project), from(join(project, 'src')), from('/')]).toEqual([
      'npx hilum',
      'npx hilum',
      `'${project}/node_modules/.bin/hilum'`,
    ]);
  });

  it('is the file that Node was started with, if there is no launcher', () => {
    const root = folderWith('cli/hilum.ts');

    expect(hilumIn({ root, folder: '/', entry: '/opt/hilum.ts' })).toBe('node /opt/hilum.ts');
  });

  it('replaces the command between backquotes and nothing else', () => {
    expect(asTyped('run `hilum local up`, or `hilum`; `hilum-edge` and hilum stay', '/a$&/hilum')).toBe(
      'run `/a$&/hilum local up`, or `/a$&/hilum`; `hilum-edge` and hilum stay',
    );
  });
});

describe('bin/hilum', () => {
  const launcher = join(ROOT, 'bin/hilum');
  const version = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string })
    .version;

  it('runs from another folder and through a link, with its own Node and not the one of the PATH', async () => {
    const folder = folderWith();
    symlinkSync(launcher, join(folder, 'h'));
    const program = spawn(join(folder, 'h'), ['--version'], { cwd: folder, env: { PATH: '/usr/bin:/bin' } });
    const text = (await program.stdout.toArray()).join('');

    expect(text).toContain(version);
  });

  it('names itself as its reader reaches it', async () => {
    const program = spawn(launcher, ['status'], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HILUM_HOME: '/no/such/home' },
    });
    const [text] = await Promise.all([program.stderr.toArray(), once(program, 'exit')]);

    expect(text.join('')).toContain(`\`${launcher} local up\``);
  });
});
