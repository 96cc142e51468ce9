/** An edge that forwards what is there, in a process of its own: tells what became of it and how much memory it took. */
import { join } from 'node:path';
import { createS3ObjectStore } from '#adapters/aws/object-store.ts';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { toolVersion } from '#core/tool-manifest.ts';
import { createForwarder } from '#edge/forwarder.ts';
import { Journal } from '#edge/journal.ts';
import { createLog } from '#edge/log.ts';
import { collectOften } from '#edge/memory.ts';
import { peakMb } from '../../bench/dicom/peak.ts';

collectOften();
const [url = '', folder = ''] = process.argv.slice(2);
const catalog = await loadCatalog(join(import.meta.dirname, '..', '..'));
const journal = new Journal(join(folder, 'journal.sqlite'));
const forwarder = createForwarder({
  ...{ catalog, journal, clock: Date, log: createLog(Date, () => undefined), start: 'all' },
  archive: createDicomWebClient({ url: `${url}/dicom-web/` }),
  orthanc: createOrthancClient({ url }),
  store: createS3ObjectStore({ bucket: 'studies' }),
  deployed: { versions: async () => new Map(catalog.map((entry) => [entry.manifest.id, toolVersion(entry)])) },
  spoolFolder: join(folder, 'spool'),
});
const outcomes = await forwarder.runOnce();
const refused = journal.studies().map((study) => study.refused);
journal.close();
process.stdout.write(JSON.stringify({ outcomes, refused, peakMb: peakMb() }));
