import type { FrameDecoder } from './codec.ts';
import { codecFor } from './registry.ts';

/**
 * Decodes on the calling thread, one frame after the other, without a time limit. A decoder's worker thread uses it, and it
 * is enough for streams that are known to be good.
 */
export const inProcessDecoder: FrameDecoder = {
  async decode(TransferSyntaxUID, encoded, layout) {
    const decode = await codecFor(TransferSyntaxUID).load();
    return encoded.map((frame) => decode(frame, layout));
  },
};
