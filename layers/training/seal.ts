/**
 * Writes the SHA-256 of a model's file into its `model.json`, and replaces the previous one in its `CARD.md`:
 * `node seal.ts MODEL_FOLDER`. Raise the version by hand first.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelCardSchema } from '#core/tool-manifest.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: node seal.ts MODEL_FOLDER');
const path = join(folder, 'model.json');
const card = ModelCardSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
const sha256 = createHash('sha256')
  .update(readFileSync(join(folder, card.file)))
  .digest('hex');
writeFileSync(path, `${JSON.stringify({ ...card, sha256 }, undefined, 2)}\n`);
const page = join(folder, 'CARD.md');
if (existsSync(page)) writeFileSync(page, readFileSync(page, 'utf8').replaceAll(card.sha256, sha256));
