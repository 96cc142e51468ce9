/** The image digest of real files, as DCMTK encodes them anew. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { imageDigestOf } from '#core/study/image-digest.ts';
import { differencesOf } from '#dicom/compare.ts';
import { pixelDigestOf } from '#dicom/digest.ts';
import { readElements } from '#dicom/read.ts';
import { transferSyntax } from '#dicom/transfer-syntax.ts';
import { dcmconv, folderOf } from '../fixtures/judges.ts';
import { dataFolder, describeWith } from '../fixtures/lanes.ts';

/** One file of each kind: sequences, private groups, fragments, frames, character sets. */
const FILES = [
  'broken/pydicom__UN_sequence.dcm',
  'charset/pydicom__chrH32.dcm',
  'charset/pydicom__chrKoreanMulti.dcm',
  'charset/pydicom__chrX1.dcm',
  'ct-abdomen-20/267.dcm',
  'ct-head-28/ge-hispeed/01.dcm',
  'deident/deid__MR.dcm',
  'dental/panoramic.dcm',
  'enhanced/dcm_qa_enh__IM_0027_fMAP.dcm',
  'enhanced/pydicom-data__emri_small_big_endian.dcm',
  'sr-pdf/pydicom__reportsi.dcm',
  'transfer-syntaxes/dicomParser__CT0012.fragmented_no_bot_jpeg_ls.81.dcm',
  'transfer-syntaxes/dicomParser__CT1_UNC.explicit_big_endian.dcm',
  'transfer-syntaxes/pydicom-data__OBXXXX1A_rle.dcm',
  'transfer-syntaxes/pydicom__SC_rgb_small_odd.dcm',
  'xray/pydicom-data__RG3_J2KR.dcm',
];

const elementsOf = (bytes: Uint8Array) => readElements(bytes).elements;
const digestOf = (bytes: Uint8Array): string => {
  const elements = elementsOf(bytes);
  return imageDigestOf(elements, pixelDigestOf(elements));
};

describeWith(['judges', 'data'], 'the image digest of real files', () => {
  it.each(FILES)('stays the same after every re-encoding of %s', (path) => {
    const original = readFileSync(join(dataFolder(), path));
    const copy = join(folderOf([{ name: 'a.dcm', bytes: original }]), 'a.dcm');

    const isNative = !transferSyntax(readElements(original).TransferSyntaxUID).encapsulated;
    for (const options of [['-e'], ['+e', '+g'], ['+ti'], ['+tb'], ['+td']]) {
      const encoded = dcmconv(copy, isNative ? options : options.filter((each) => !each.startsWith('+t')));

      expect(digestOf(encoded), options.join(' ')).toBe(digestOf(original));
      expect(differencesOf(elementsOf(original), elementsOf(encoded)), options.join(' ')).toEqual([]);
    }
  });
});
