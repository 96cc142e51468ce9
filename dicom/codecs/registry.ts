import { DicomReadError } from '../error.ts';
import type { Codec } from './codec.ts';
import { deflatedFrame } from './deflated-frame.ts';
import { htj2k } from './htj2k.ts';
import { jpeg2000 } from './jpeg-2000.ts';
import { jpegBaseline } from './jpeg-baseline.ts';
import { jpegExtended } from './jpeg-extended.ts';
import { jpegLossless } from './jpeg-lossless.ts';
import { jpegLs } from './jpeg-ls.ts';
import { rle } from './rle.ts';

const CODECS: ReadonlyMap<string, Codec> = new Map(
  [rle, deflatedFrame, jpegLossless, jpegLs, jpeg2000, htj2k, jpegBaseline, jpegExtended].flatMap((codec) =>
    codec.transferSyntaxes.map((uid) => [uid, codec]),
  ),
);

/** The encapsulated Transfer Syntaxes whose pixels can be decoded. */
export const DECODED_TRANSFER_SYNTAXES: readonly string[] = [...CODECS.keys()];

/** @throws DicomReadError `unsupported-transfer-syntax` where there is no decoder for the syntax */
export function codecFor(TransferSyntaxUID: string): Codec {
  const codec = CODECS.get(TransferSyntaxUID);
  if (codec === undefined) {
    throw new DicomReadError('unsupported-transfer-syntax', 'There is no decoder for the Transfer Syntax', {
      facts: { TransferSyntaxUID },
    });
  }
  return codec;
}
