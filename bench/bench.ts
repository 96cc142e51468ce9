/**
 * `npm run bench`: both parts; `npm run bench -- pipeline` (the way of a study) or `npm run bench -- dicom` (reading,
 * decoding and writing beside other software): one. Each writes its section of docs/benchmarks.md when it is done.
 */
import { parseArgs } from 'node:util';
import { PAGE, writeSection } from './page.ts';

const PARTS: Readonly<Record<string, (options: { repetitions: number; slices: number }) => Promise<string>>> = {
  dicom: async (options) => (await import('./dicom/dicom.ts')).measureDicom(options),
  pipeline: async (options) => (await import('./pipeline/pipeline.ts')).measurePipeline(options),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repetitions: { type: 'string', default: '3' },
    slices: { type: 'string', default: '300' },
    /** The page that takes the sections; an empty one for none but the terminal. */
    out: { type: 'string', default: PAGE },
  },
});

for (const name of positionals.length === 0 ? Object.keys(PARTS) : positionals) {
  const measure = PARTS[name];
  if (measure === undefined) throw new RangeError(`There is no part ${name}: ${Object.keys(PARTS).join(', ')}`);
  const section = await measure({ repetitions: Number(values.repetitions), slices: Number(values.slices) });
  console.log(section);
  if (values.out !== '') writeSection(values.out, section);
}
