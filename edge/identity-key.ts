/** The key under which an edge names the identities of studies. It never leaves the edge's folder. */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '#core/errors.ts';

const BYTES = 32;

/**
 * The key in an edge's folder, which is made at the edge's first start and readable by its owner only. With a lost one, identities only have
 * other names.
 *
 * @throws ConfigurationError if the file holds something else
 */
export function openIdentityKey(folder: string): Uint8Array {
  const path = join(folder, 'identity.key');
  const text = readKey(path) ?? madeKey(path);
  if (!/^[0-9a-f]{64}\n?$/.test(text))
    throw new ConfigurationError(`${path} does not hold a key. Remove it: the edge makes another at its next start.`);
  return Buffer.from(text.trim(), 'hex');
}

function readKey(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written beside and renamed, so that an interruption leaves no half of a key. */
function madeKey(path: string): string {
  const text = `${randomBytes(BYTES).toString('hex')}\n`;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return text;
}
