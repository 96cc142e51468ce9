/** How the bytes after the File Meta Information are encoded (PS3.5 10, A). */
import { DicomReadError } from './error.ts';
import { isKeyUid } from './uid.ts';

export interface TransferSyntax {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  /** Pixel data lies in fragments (PS3.5 A.4). */
  readonly encapsulated: boolean;
}

const explicitLittleEndian: TransferSyntax = {
  explicitVr: true,
  littleEndian: true,
  deflated: false,
  encapsulated: false,
};

/** A Map, because the key comes from a file and may be `constructor`. */
const NATIVE: ReadonlyMap<string, TransferSyntax> = new Map([
  ['1.2.840.10008.1.2', { ...explicitLittleEndian, explicitVr: false }],
  ['1.2.840.10008.1.2.1', explicitLittleEndian],
  ['1.2.840.10008.1.2.1.99', { ...explicitLittleEndian, deflated: true }],
  ['1.2.840.10008.1.2.2', { ...explicitLittleEndian, littleEndian: false }],
]);

/** The Transfer Syntaxes with native pixel data, which need no decoder. */
export const NATIVE_TRANSFER_SYNTAXES: readonly string[] = [...NATIVE.keys()];

const STANDARD = /^1\.2\.840\.10008\.1\.2\.[0-9.]{1,40}$/;
/** JPIP with a deflated data set: unreadable here, and of no use because the pixels are elsewhere. */
const JPIP = /^1\.2\.840\.10008\.1\.2\.4\.(94|95|204|205)$/;

/**
 * Every encapsulated syntax of the standard is Explicit VR Little Endian outside the pixels. Headers can therefore be read
 * even without a decoder.
 *
 * @throws DicomReadError `unsupported-transfer-syntax` for private syntaxes and those that only point to pixels
 */
export function transferSyntax(uid: string): TransferSyntax {
  const native = NATIVE.get(uid);
  if (native !== undefined) return native;
  if (STANDARD.test(uid) && !JPIP.test(uid)) return { ...explicitLittleEndian, encapsulated: true };
  throw new DicomReadError('unsupported-transfer-syntax', 'The Transfer Syntax is private or not supported', {
    facts: isKeyUid(uid) ? { TransferSyntaxUID: uid } : {},
  });
}
