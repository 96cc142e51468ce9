/** `layers/training/seal.ts`: a trained file's digest goes into the model's two cards. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hilum-seal-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('puts the digest of the file into model.json and CARD.md, and changes nothing else', () => {
  const before = 'ab'.repeat(32);
  const card = { id: 'some-model', version: '1.0.0', file: 'some.onnx', sha256: before, licence: 'MIT', summary: 'x' };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(card));
  writeFileSync(join(folder, 'CARD.md'), `# some-model 1.0.0\n\nSHA-256 \`${before}\`.\n`);
  writeFileSync(join(folder, 'some.onnx'), 'weights');

  execFileSync(process.execPath, [join(ROOT, 'layers', 'training', 'seal.ts'), folder]);

  const sha256 = createHash('sha256').update('weights').digest('hex');
  expect(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'))).toEqual({ ...card, sha256 });
  expect(readFileSync(join(folder, 'CARD.md'), 'utf8')).toBe(`# some-model 1.0.0\n\nSHA-256 \`${sha256}\`.\n`);
});
