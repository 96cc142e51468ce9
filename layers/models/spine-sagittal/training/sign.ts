/** Writes the digest of a model's file into its card: node sign.ts MODEL_FOLDER. Raise the version by hand before. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelCardSchema } from '#core/tool-manifest.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: node sign.ts MODEL_FOLDER');
const path = join(folder, 'model.json');
const card = ModelCardSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
const sha256 = createHash('sha256')
  .update(readFileSync(join(folder, card.file)))
  .digest('hex');
writeFileSync(path, `${JSON.stringify({ ...card, sha256 }, undefined, 2)}\n`);
