/** Makes the pictures of the viewer in the docs from the screenshots of the browser tests: `npm run screenshots`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { ROOT } from '../localstack/parts.mjs';

const PICTURES = [
  'spine-mpr-real',
  'spine-mpr-phantom',
  'spine-3d',
  'abdomen-first-view',
  'brain-first-view',
  'bitewing-first-view',
  'panoramic-first-view',
  'picture-first-view',
  'two-tools-first-view',
  'worklist',
  'drawn-report',
  'report-as-text',
  'non-result',
  'superseded-before',
  'superseded-after',
  'superseded-orthanc',
];
const MOST_BYTES = 300_000;

const from = join(process.env['HILUM_ARTEFACTS'] ?? join(ROOT, 'artefacts'), 'browser');
const to = join(ROOT, 'docs/viewer');
mkdirSync(to, { recursive: true });
for (const name of PICTURES) {
  const bytes = small(readFileSync(join(from, `${name}.png`)));
  writeFileSync(join(to, `${name}.png`), bytes);
  console.log(`docs/viewer/${name}.png: ${bytes.length} bytes`);
}

/** The same picture with as many bits per colour as the size allows. Invisible noise takes up most of the space. */
function small(bytes: Buffer): Buffer {
  const { width, height, data } = PNG.sync.read(bytes);
  for (let bits = 8; bits > 2; bits--) {
    const png = new PNG({ width, height });
    const mask = 0x100 - 2 ** (8 - bits);
    for (const [index, value] of data.entries()) png.data[index] = index % 4 === 3 ? value : value & mask;
    const smaller = PNG.sync.write(png, { colorType: 2, deflateLevel: 9, deflateStrategy: 0 });
    if (smaller.length <= MOST_BYTES) return smaller;
  }
  throw new Error('A screenshot cannot be reduced to the allowed size');
}
