import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RESULT_FORMAT } from '#core/tool-manifest.ts';
import { cases, encodedObjects } from '../fixtures/results.ts';

/**
 * The bytes of unchanged results must not change without a new RESULT_FORMAT, because versions, and thus UIDs, imply that they
 * are the same. `npm run golden` rewrites the file.
 */
it('writes unchanged bytes for the same results', () => {
  const golden = new URL('./golden/results.json', import.meta.url);
  const digests = cases().flatMap((one) =>
    encodedObjects(one).map(({ name, bytes }) => [
      `${one.name}/${name}`,
      createHash('sha256').update(bytes).digest('hex'),
    ]),
  );
  const current = { format: RESULT_FORMAT, digests: Object.fromEntries(digests) };
  const { HILUM_UPDATE_GOLDEN } = process.env;
  if (HILUM_UPDATE_GOLDEN === '1') writeFileSync(golden, `${JSON.stringify(current, null, 2)}\n`);

  expect(existsSync(golden)).toBe(true);
  expect(current).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
});
