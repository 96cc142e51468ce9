import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { skipUnless } from '../fixtures/lanes.ts';
import type { SegmentationMemory } from '../fixtures/segmentation-memory.ts';

const PROGRAM = join(import.meta.dirname, '..', 'fixtures', 'segmentation-memory.ts');
const MASKS_MB = (300 * 512 * 512) / 8 / 1e6;

it.skipIf(skipUnless(process.platform === 'linux', 'only Linux tells the peak of a process'))(
  'writes a large segmentation with no more than a few copies of its masks in memory',
  () => {
    const output = execFileSync(process.execPath, [PROGRAM], { encoding: 'utf8' });
    const { kinds, bytes, grownMb } = JSON.parse(output) as SegmentationMemory;

    expect(kinds).toEqual(['segmentation', 'secondary-capture', 'pdf']);
    expect(bytes).toBeGreaterThan(MASKS_MB * 1e6);
    // One for the frames side by side, one for the file, and as much again for what is garbage-collected late.
    expect(grownMb).toBeLessThan(4 * MASKS_MB);
  },
);
