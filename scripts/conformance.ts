/**
 * Writes the generated parts of docs/conformance.md (`npm run conformance`). Parts from the code's registries are always
 * written; the table of the test data only where the data (HILUM_DATA) and the judges' Python are there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder, PARTS, ROOT } from '../localstack/parts.mjs';
import { dataPart } from './conformance/data-part.ts';
import { withParts } from './conformance/document.ts';
import { registryParts } from './conformance/parts.ts';
import { judgeTestData } from './conformance/test-data.ts';

const DOCUMENT = join(ROOT, 'docs/conformance.md');

const missing = (['data', 'judges'] as const).filter((part) => !PARTS[part].present());
for (const part of missing) {
  console.error(`The table of the test data is not updated: ${PARTS[part].what} is missing (${PARTS[part].fix})`);
}
const data = missing.length > 0 ? {} : { 'test-data': dataPart(await judgeTestData(dataFolder())) };
const document = readFileSync(DOCUMENT, 'utf8');
writeFileSync(DOCUMENT, withParts(document, { ...registryParts(document), ...data }));
