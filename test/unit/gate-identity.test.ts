import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pdfText } from '#core/gate/pdf-text.ts';
import { encodePdf } from '#core/results/pdf-file.ts';
import type { ResultContent } from '#core/tool.ts';
import { DicomWriteError } from '#dicom/error.ts';
import { ctCase } from '../fixtures/results.ts';

/** A PDF with these streams, complete enough to be searched. */
const pdf = (...streams: readonly { readonly dictionary?: string; readonly data: string | Uint8Array }[]): Uint8Array =>
  Buffer.concat([
    Buffer.from('%PDF-1.7\n'),
    ...streams.flatMap(({ dictionary = '', data }, index) => [
      Buffer.from(`${index + 1} 0 obj\n<< ${dictionary} /Length ${data.length} >>\nstream\n`),
      Buffer.from(data),
      Buffer.from('\nendstream\nendobj\n'),
    ]),
    Buffer.from('trailer << >>\n%%EOF\n'),
  ]);
const flate = (content: string) => ({ dictionary: '/Filter /FlateDecode', data: deflateSync(content) });
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16().toString('hex');

const withPdf = (bytes: Uint8Array): Partial<ResultContent> => ({ report: { kind: 'pdf', title: 'Report', bytes } });
const convert = (content: Partial<ResultContent>) => {
  const { result, source } = ctCase(content);
  return () => result.toDicom(source);
};

describe('text that a tool writes for people', () => {
  it.each([
    ['name in a title', { report: { kind: 'pdf', title: 'Report on phantom hilum', bytes: Buffer.from('%PDF-') } }],
    [
      'ID in a picture’s title',
      { keyImages: ctCase().result.keyImages.map((one) => ({ ...one, title: 'Of HILUM-PHANTOM-1.' })) },
    ],
    [
      'birth date in a sentence',
      { findings: ctCase().result.findings.map((one) => ({ ...one, summary: 'Born 19600229' })) },
    ],
    [
      'ID in a label',
      { findings: ctCase().result.findings.map((one) => ({ ...one, label: 'L2 of HILUM-PHANTOM-1' })) },
    ],
    ['name on a page of its PDF', withPdf(pdf({ data: 'BT (Patient: Phantom Hilum) Tj ET' }))],
    ['name on a compressed page', withPdf(pdf(flate('BT (Patient: Phantom Hilum) Tj ET')))],
    ['name in pieces with kerning', withPdf(pdf(flate('BT [(Phan) -20 (tom H) 3 (ilum)] TJ ET')))],
    ['ID with escapes', withPdf(pdf(flate('BT (HILUM\\055PHANTOM\\\n-1) Tj ET')))],
    ['name in UTF-16', withPdf(pdf(flate(`<< /Title <${utf16('Phantom Hilum')}> >>`)))],
    ['name in XMP', withPdf(pdf({ data: '<x:xmpmeta><dc:title>Phantom Hilum</dc:title></x:xmpmeta>' }))],
    ['name in the information of the file', withPdf(Buffer.from('%PDF-1.4\n<< /Subject (Phantom Hilum) >>'))],
    ['ID after a stream that says no end', withPdf(Buffer.from('%PDF-1.4\n(HILUM-PHANTOM-1)\nstream\n\0\0'))],
  ] satisfies [string, Partial<ResultContent>][])('is refused with the patient’s %s', (_what, content) => {
    expect(convert(content)).toThrow(DicomWriteError);
  });

  it('does not mistake a part of a number for an identity', () => {
    expect(convert({ summary: 'Measured on HILUM-PHANTOM-12, 119600229 times.' })).not.toThrow();
  });

  it('pass with a PDF that names nobody', () => {
    const pages = [[{ kind: 'text', x: 50, y: 50, size: 10, text: 'Height of L3: 25 mm' }]] as const;
    const bytes = encodePdf({ title: 'Report', id: 'ab'.repeat(16), pages });

    expect(convert(withPdf(bytes))).not.toThrow();
    expect(pdfText(bytes)).toContain('Height of L3: 25 mm');
  });
});

describe('the text of a PDF', () => {
  it('is not searched in pictures and font files, behind other filters, or in streams that inflate to more than 4 MiB', () => {
    const text = '(Phantom Hilum)';
    const bytes = pdf(
      { dictionary: '/Subtype /Image', data: text },
      { dictionary: '/Filter [/FlateDecode /DCTDecode]', data: deflateSync(text) },
      flate(text.padEnd(5 * 2 ** 20)),
      { dictionary: '/Filter /FlateDecode', data: text },
      { dictionary: '/Length1 15', data: text },
    );

    expect(pdfText(bytes)).toEqual([]);
  });

  it('ends with the limit on all streams together', () => {
    const bytes = pdf(...Array.from({ length: 10 }, () => flate(' '.repeat(4 * 2 ** 20 - 1))), flate('(late)'));

    expect(pdfText(bytes)).toEqual([]);
  });
});
