import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PARTS, ROOT } from '../../localstack/parts.mjs';
import { runHilum } from '../fixtures/hilum.ts';

/** The set-up's files in a fresh clone, without packages. */
const clone = mkdtempSync(join(tmpdir(), 'hilum-doctor-'));
beforeAll(() => {
  for (const part of ['package.json', 'package-lock.json', 'setup', 'localstack'])
    cpSync(join(ROOT, part), join(clone, part), { recursive: true });
});
afterAll(() => rmSync(clone, { recursive: true }));

const ask = (folder: string, ...options: readonly string[]) =>
  spawnSync(process.execPath, [join(folder, 'setup/setup.mjs'), 'doctor', ...options], { encoding: 'utf8' });

it('lists in a fresh clone without packages what is missing, and the command to get it', () => {
  const { status, stdout, stderr } = ask(clone);

  expect(stderr).toBe('');
  expect(status).toBe(1);
  expect(stdout).toContain(`MISSING  ${PARTS.packages.what}\n         npm ci --ignore-scripts\n`);
  for (const { what } of Object.values(PARTS)) expect(stdout).toContain(what);
});

it('gives the same as an array for scripts', () => {
  const findings = JSON.parse(ask(clone, '--json').stdout) as readonly { readonly part: string }[];

  expect(findings.map(({ part }) => part)).toEqual([...Object.keys(PARTS), 'docker']);
  expect(findings).toContainEqual({
    part: 'packages',
    what: PARTS.packages.what,
    present: false,
    needed: true,
    fix: PARTS.packages.fix,
  });
});

it('is the same doctor as the command’s', async () => {
  const { code, stdout } = await runHilum(['doctor'], {});
  const direct = ask(ROOT);

  expect([code, stdout]).toEqual([direct.status, direct.stdout]);
});

it('reads nothing that needs packages or a Node that knows TypeScript', () => {
  const imports = [...readFileSync(join(ROOT, 'setup/doctor.mjs'), 'utf8').matchAll(/from '([^']+)'/g)];

  expect(imports.map(([, name]) => name)).toEqual(
    ['package-parts', 'parts', 'place'].map((name) => `../localstack/${name}.mjs`),
  );
});
