/** The transfer syntaxes of the bench, and the plugins of pydicom that read them. */

/** A decoding plugin of pydicom, available on PyPI. */
export type Plugin = 'gdcm' | 'pillow' | 'pyjpegls' | 'pylibjpeg';

export interface BenchSyntax {
  readonly TransferSyntaxUID: string;
  readonly name: string;
  /** Every reader must give the same samples. */
  readonly lossless: boolean;
  /** The plugins of pydicom that decode these files; empty if pydicom needs none, absent if no plugin decodes them. */
  readonly plugins?: readonly Plugin[];
}

const PREFIX = '1.2.840.10008.1.2';

/** The plugins that pydicom 3.0 lists, except those that refuse 12 bits (gdcm and pillow for JPEG extended). */
export const SYNTAXES: readonly BenchSyntax[] = [
  { TransferSyntaxUID: PREFIX, name: 'Implicit VR Little Endian', lossless: true, plugins: [] },
  { TransferSyntaxUID: `${PREFIX}.1`, name: 'Explicit VR Little Endian', lossless: true, plugins: [] },
  { TransferSyntaxUID: `${PREFIX}.2`, name: 'Explicit VR Big Endian', lossless: true, plugins: [] },
  { TransferSyntaxUID: `${PREFIX}.1.99`, name: 'Deflated Explicit VR Little Endian', lossless: true, plugins: [] },
  { TransferSyntaxUID: `${PREFIX}.8.1`, name: 'Deflated Image Frame', lossless: true },
  { TransferSyntaxUID: `${PREFIX}.5`, name: 'RLE Lossless', lossless: true, plugins: ['pylibjpeg'] },
  {
    TransferSyntaxUID: `${PREFIX}.4.50`,
    name: 'JPEG Baseline, 8 bits',
    lossless: false,
    plugins: ['pylibjpeg', 'gdcm', 'pillow'],
  },
  { TransferSyntaxUID: `${PREFIX}.4.51`, name: 'JPEG Extended, 12 bits', lossless: false, plugins: ['pylibjpeg'] },
  {
    TransferSyntaxUID: `${PREFIX}.4.57`,
    name: 'JPEG Lossless, predictor 6',
    lossless: true,
    plugins: ['pylibjpeg', 'gdcm'],
  },
  {
    TransferSyntaxUID: `${PREFIX}.4.70`,
    name: 'JPEG Lossless, predictor 1',
    lossless: true,
    plugins: ['pylibjpeg', 'gdcm'],
  },
  {
    TransferSyntaxUID: `${PREFIX}.4.80`,
    name: 'JPEG-LS Lossless',
    lossless: true,
    plugins: ['pyjpegls', 'pylibjpeg', 'gdcm'],
  },
  {
    TransferSyntaxUID: `${PREFIX}.4.81`,
    name: 'JPEG-LS Near-lossless',
    lossless: true,
    plugins: ['pyjpegls', 'pylibjpeg', 'gdcm'],
  },
  {
    TransferSyntaxUID: `${PREFIX}.4.90`,
    name: 'JPEG 2000 Lossless',
    lossless: true,
    plugins: ['pylibjpeg', 'gdcm', 'pillow'],
  },
  {
    TransferSyntaxUID: `${PREFIX}.4.91`,
    name: 'JPEG 2000, 10 : 1',
    lossless: false,
    plugins: ['pylibjpeg', 'gdcm', 'pillow'],
  },
  { TransferSyntaxUID: `${PREFIX}.4.201`, name: 'HTJ2K Lossless', lossless: true, plugins: ['pylibjpeg'] },
  { TransferSyntaxUID: `${PREFIX}.4.203`, name: 'HTJ2K', lossless: false, plugins: ['pylibjpeg'] },
];
