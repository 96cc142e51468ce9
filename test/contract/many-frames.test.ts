/** A Segmentation of more frames than a study has slices: one per slice and segment. Its file must be readable by Hilum itself. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SegmentationMemory } from '../fixtures/segmentation-memory.ts';

const PROGRAM = join(import.meta.dirname, '..', 'fixtures', 'segmentation-memory.ts');

it('converts a result of 30,000 frames, which the gate reads back', () => {
  const output = execFileSync(process.execPath, [PROGRAM, '30000', '16'], { encoding: 'utf8' });

  const { kinds, bytes } = JSON.parse(output) as SegmentationMemory;

  expect(kinds).toEqual(['segmentation', 'secondary-capture', 'pdf']);
  expect(bytes).toBeGreaterThan(30_000 * 500);
});
