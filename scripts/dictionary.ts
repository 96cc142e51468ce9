/** Writes dicom/dictionary-table.json, the data dictionary (PS3.6) from dcmjs. Run by `npm run dictionary`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dictionaryTable } from './dictionary/table.ts';

writeFileSync(join(import.meta.dirname, '..', 'dicom', 'dictionary-table.json'), dictionaryTable());
