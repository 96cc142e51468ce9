/** Whether slices make one regular grid, as far as headers tell. */
import { GeometryError } from '../errors.ts';
import { volumeGeometry } from '../image/volume-geometry.ts';
import type { FrameHeader } from './frames.ts';

/** The fewest slices whose regular grid shows that they are one scan, and that others do not belong to it. */
export const LEAST_REGULAR = 8;
/** Slices farther apart than this multiple of their thickness leave tissue out between them. */
export const INTERSPACED = 1.5;

/** Distance between the slices, mm; undefined where they make no regular grid. */
export function regularSpacing(slices: readonly FrameHeader[]): number | undefined {
  try {
    return volumeGeometry(slices).spacingMm[2];
  } catch (error) {
    if (error instanceof GeometryError) return undefined;
    throw error;
  }
}

export const isRegular = (slices: readonly FrameHeader[]): boolean => regularSpacing(slices) !== undefined;
