/** Single frames of a study: how they are named, and what is known of each. */
import type { FrameReference } from '../tool.ts';
import type { InstanceIndex } from './study-index.ts';

/** The header of one frame: of a single-frame instance its own, of a multi-frame one what holds for this frame. */
export interface FrameHeader extends Omit<InstanceIndex, 'frames'> {
  /** 1-based, where the instance has several. */
  readonly frameNumber?: number;
}

/** A frame's name as one string, for maps and sets. */
export function frameKey({ SOPInstanceUID, frameNumber }: FrameReference): string {
  return frameNumber === undefined ? SOPInstanceUID : `${SOPInstanceUID}#${frameNumber}`;
}

/** The headers of an instance's frames, in order; one where it has no functional groups. */
export function frameHeaders({ frames, ...header }: InstanceIndex): readonly FrameHeader[] {
  return frames === undefined
    ? [header]
    : frames.map((frame, index) => ({ ...header, ...frame, frameNumber: index + 1 }));
}
