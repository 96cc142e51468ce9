/** Writes the SHA-256 of the trained file into `model.json`: `node seal.ts`. The card's figures are written by hand. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..');
const path = join(folder, 'model.json');
const card = JSON.parse(readFileSync(path, 'utf8'));
card.sha256 = createHash('sha256')
  .update(readFileSync(join(folder, card.file)))
  .digest('hex');
writeFileSync(path, `${JSON.stringify(card, null, 2)}\n`);
