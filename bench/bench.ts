/**
 * `npm run bench` runs all parts, `npm run bench -- PART` runs one: `pipeline` (a study from Orthanc to Orthanc), `dicom`
 * (reading, decoding and writing compared with other software), `models` (inference compared with Python, memory and CPU on
 * large CTs), `imports` (start-up of the functions), `status` (the status of many runs) or `viewer` (opening a study in OHIF). Each part writes its section of docs/benchmarks.md at its end.
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
  viewer: { repetitions: 3, measure: async (options) => (await import('./viewer/viewer.ts')).measureViewer(options) },
  status: { repetitions: 5, measure: async (options) => (await import('./status/status.ts')).measureStatus(options) },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** The default depends on the part. */
    repetitions: { type: 'string' },
    slices: { type: 'string', default: '300' },
    /** The page to write the sections to; empty to print them only. */
    out: { type: 'string', default: PAGE },
  },
});

for (const name of positionals.length === 0 ? Object.keys(PARTS) : positionals) {
  const part = PARTS[name];
  if (part === undefined)
    throw new RangeError(`There is no part ${name}; the parts are ${Object.keys(PARTS).join(', ')}`);
  const repetitions = Number(values.repetitions ?? part.repetitions);
  const section = await part.measure({ repetitions, slices: Number(values.slices) });
  console.log(section);
  if (values.out !== '') writeSection(values.out, section);
}
