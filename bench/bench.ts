/**
 * `npm run bench`: all parts; `npm run bench -- pipeline` (the way of a study), `npm run bench -- dicom` (reading, decoding and
 * writing beside other software), `npm run bench -- models` (inference beside Python, memory and CPU on large CTs) or
 * `npm run bench -- imports` (how functions start): one. Each writes its section of docs/benchmarks.md when it is done.
 */
import { parseArgs } from 'node:util';
import { PAGE, writeSection } from './page.ts';

interface Part {
  readonly repetitions: number;
  readonly measure: (options: { readonly repetitions: number; readonly slices: number }) => Promise<string>;
}

const PARTS: Readonly<Record<string, Part>> = {
  dicom: { repetitions: 5, measure: async (options) => (await import('./dicom/dicom.ts')).measureDicom(options) },
  pipeline: {
    repetitions: 3,
    measure: async (options) => (await import('./pipeline/pipeline.ts')).measurePipeline(options),
  },
  models: { repetitions: 5, measure: async (options) => (await import('./models/models.ts')).measureModels(options) },
  imports: {
    repetitions: 9,
    measure: async (options) => (await import('./imports/imports.ts')).measureImports(options),
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Each part has its own number of them where this is not given. */
    repetitions: { type: 'string' },
    slices: { type: 'string', default: '300' },
    /** The page that takes the sections; an empty one for none but the terminal. */
    out: { type: 'string', default: PAGE },
  },
});

for (const name of positionals.length === 0 ? Object.keys(PARTS) : positionals) {
  const part = PARTS[name];
  if (part === undefined) throw new RangeError(`There is no part ${name}: ${Object.keys(PARTS).join(', ')}`);
  const repetitions = Number(values.repetitions ?? part.repetitions);
  const section = await part.measure({ repetitions, slices: Number(values.slices) });
  console.log(section);
  if (values.out !== '') writeSection(values.out, section);
}
