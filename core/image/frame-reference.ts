/** A source frame: an instance and, where it has several frames, the 1-based number (PS3.3 10.3 Image SOP Instance Reference). */
export interface FrameReference {
  readonly SOPInstanceUID: string;
  readonly frameNumber?: number;
}
