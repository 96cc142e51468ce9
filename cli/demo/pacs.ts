/** Chooses the demo's PACS: a native Orthanc, Orthanc in Docker, or an archive in this process. */
import { startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { type LocalOptions, localDown } from '#localstack/local.ts';
import { hasDockerCompose, PARTS, type PartName } from '../../localstack/parts.mjs';

export interface DemoPacs {
  readonly name: string;
  /** Whether it still runs after the demo. */
  readonly lasts: boolean;
  /** For `localUp`. */
  readonly options: Pick<LocalOptions, 'docker' | 'pacs'>;
  /** Stops what must end with the demo. */
  close(): Promise<void>;
}

const ORTHANC: readonly PartName[] = ['orthanc', 'postgresql'];
const nothing = async (): Promise<void> => undefined;

/** Takes Orthanc if it is installed or Docker can run it, and otherwise says what is missing. */
export async function choosePacs(say: (line: string) => void): Promise<DemoPacs> {
  const missing = ORTHANC.filter((part) => !PARTS[part].present());
  if (missing.length === 0) return { name: 'Orthanc', lasts: true, options: {}, close: nothing };
  if (hasDockerCompose()) return { name: 'Orthanc in Docker', lasts: true, options: { docker: true }, close: nothing };
  for (const part of missing) say(`missing: ${PARTS[part].what}. To get it: ${PARTS[part].fix}`);
  say('The demo goes on with a DICOMweb archive in its own process. The contents are lost when the demo ends.');
  const pacs = await startDicomWebStore();
  return {
    name: 'the in-process archive',
    lasts: false,
    options: { pacs },
    async close() {
      await pacs.close();
      // The local cloud would remember deliveries to an archive that no longer exists.
      await localDown();
    },
  };
}
