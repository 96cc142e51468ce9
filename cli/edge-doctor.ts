/** `hilum doctor --edge`: whether the edge's connections can be used, with what is wrong in plain words. */
import type { EdgeConfig } from '#edge/config.ts';
import type { TriedConnection } from '#edge/connections.ts';
import { edgeSettings } from './edge-settings.ts';

/** As the doctor of the set-up tells a part. */
export interface Finding {
  readonly part: string;
  readonly what: string;
  readonly present: boolean;
  readonly needed: true;
  /** The code of what is wrong; absent if nothing is. */
  readonly code?: string;
  readonly fix?: string;
}

/** @throws ConfigurationError if the settings themselves are wrong, before a connection is made */
export async function examineEdge(file: string | undefined): Promise<readonly Finding[]> {
  const settings = await edgeSettings(file);
  const config = settings.read();
  settings.useCloud(config);
  const [dicomWeb, orthancs, objectStore, deployedTools, { tryConnections }] = await Promise.all([
    import('#adapters/dicomweb/client.ts'),
    import('#adapters/orthanc/client.ts'),
    import('#adapters/aws/object-store.ts'),
    import('#adapters/aws/deployed-tools.ts'),
    import('#edge/connections.ts'),
  ]);
  const { url, dicomWebUrl, ...access } = config.orthanc;
  const connections = {
    orthanc: orthancs.createOrthancClient({ url, ...access }),
    archive: dicomWeb.createDicomWebClient({ url: dicomWebUrl, ...access }),
    store: objectStore.createS3ObjectStore({ bucket: config.bucket }),
    deployed: deployedTools.createSsmDeployedTools({ parameter: config.toolsParameter }),
  };
  const tried = await tryConnections(connections, Date.now());
  return tried.map((each) => findingOf(each, config));
}

function findingOf({ connection, reason }: TriedConnection, config: EdgeConfig): Finding {
  const finding = { part: `edge-${connection}`, what: WHAT[connection](config), needed: true } as const;
  return reason === undefined
    ? { ...finding, present: true }
    : { ...finding, present: false, code: reason.code, fix: reason.message };
}

const WHAT: Readonly<Record<TriedConnection['connection'], (config: EdgeConfig) => string>> = {
  orthanc: ({ orthanc }) => `Orthanc at ${orthanc.url} (${checked(orthanc)})`,
  dicomweb: ({ orthanc }) => `its DICOMweb at ${orthanc.dicomWebUrl}`,
  bucket: ({ bucket }) => `the bucket ${bucket}`,
  tools: ({ toolsParameter }) => `the list of deployed tools ${toolsParameter}`,
};

/** How the connection is checked. */
function checked({ url, ca, certificate, plainHttpHost }: EdgeConfig['orthanc']): string {
  if (url.startsWith('http:'))
    return new URL(url).hostname === plainHttpHost ? 'without TLS, to a container' : 'without TLS, on this machine';
  const by = ca === undefined ? 'a public authority' : 'an authority of HILUM_CA_FILE';
  return `TLS, certificate of ${by}${certificate === undefined ? '' : ', with a client certificate'}`;
}

export const lineOf = ({ what, present, fix, code }: Finding): string =>
  present ? `ok       ${what}` : `WRONG    ${what}\n         ${fix} (${code})`;
