import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../fixtures/lanes.ts';

describeWith(['judges'], 'the tables of the output gate', () => {
  it('are those that highdicom has', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-iods-'));
    const made = join(folder, 'iod-tables.json');

    execFileSync(join('.venv', 'judges', 'bin', 'python'), [join('scripts', 'iod-tables.py'), made]);

    expect(readFileSync(made, 'utf8')).toBe(readFileSync(join('core', 'gate', 'iod-tables.json'), 'utf8'));
    rmSync(folder, { recursive: true });
  });
});
