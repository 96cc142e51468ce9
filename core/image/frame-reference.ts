/** A source frame: an instance, and the 1-based frame in it where it has several (PS3.3 10.3 Image SOP Instance Reference). */
export interface FrameReference {
  readonly SOPInstanceUID: string;
  readonly frameNumber?: number;
}
