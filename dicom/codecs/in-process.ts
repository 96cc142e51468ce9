import type { FrameDecoder } from './codec.ts';
import { codecFor } from './registry.ts';

/**
 * Decodes on this thread, one frame after the other, without a limit of time: what a decoder's worker thread does, and
 * enough where the streams are known to be good.
 */
export const inProcessDecoder: FrameDecoder = {
  async decode(TransferSyntaxUID, encoded, layout) {
    const decode = await codecFor(TransferSyntaxUID).load();
    return encoded.map((frame) => decode(frame, layout));
  },
};
