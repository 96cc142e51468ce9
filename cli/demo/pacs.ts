/** Which PACS the demo has: Orthanc natively, Orthanc in Docker, or an archive in this process. */
import { startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { type LocalOptions, localDown } from '#localstack/local.ts';
import { hasDockerCompose, PARTS, type PartName } from '../../localstack/parts.mjs';

export interface DemoPacs {
  readonly name: string;
  /** Whether it is still there when the demo is over. */
  readonly lasts: boolean;
  /** For `localUp`. */
  readonly options: Pick<LocalOptions, 'docker' | 'pacs'>;
  /** Ends what lasts only as long as the demo. */
  close(): Promise<void>;
}

const ORTHANC: readonly PartName[] = ['orthanc', 'postgresql'];
const nothing = async (): Promise<void> => undefined;

/** Takes Orthanc where it can be had and says so where it cannot. */
export async function choosePacs(say: (line: string) => void): Promise<DemoPacs> {
  const missing = ORTHANC.filter((part) => !PARTS[part].present());
  if (missing.length === 0) return { name: 'Orthanc', lasts: true, options: {}, close: nothing };
  if (hasDockerCompose()) return { name: 'Orthanc in Docker', lasts: true, options: { docker: true }, close: nothing };
  for (const part of missing) say(`missing: ${PARTS[part].what}. To get it: ${PARTS[part].fix}`);
  say('The demo goes on with a DICOMweb archive in this process, which forgets all when it ends.');
  const pacs = await startDicomWebStore();
  return {
    name: 'the in-process archive',
    lasts: false,
    options: { pacs },
    async close() {
      await pacs.close();
      // The local cloud remembers what it delivered to an archive that is no more.
      await localDown();
    },
  };
}
