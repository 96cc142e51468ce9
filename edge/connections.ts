/** Whether the edge's connections can be used: each is tried once, changes nothing, and is told by itself. */
import type { DicomWebClient } from '#adapters/dicomweb/client.ts';
import type { OrthancClient } from '#adapters/orthanc/client.ts';
import { type Reason, reasonOf } from '#core/errors.ts';
import { chunkKey } from '#pipeline/keys.ts';
import type { CallOptions, DeployedTools, ObjectStore } from '#pipeline/ports.ts';
import { NO_STUDY } from './probe.ts';

export interface Connections {
  readonly orthanc: Pick<OrthancClient, 'system'>;
  readonly archive: Pick<DicomWebClient, 'searchStudies'>;
  readonly store: Pick<ObjectStore, 'exists'>;
  readonly deployed: DeployedTools;
}

export interface TriedConnection {
  readonly connection: 'orthanc' | 'dicomweb' | 'bucket' | 'tools';
  /** Undefined if it can be used. */
  readonly reason?: Reason;
}

/** No connection is tried for longer. */
const LONGEST_MS = 20_000;

export function tryConnections(connections: Connections, nowMs: number): Promise<readonly TriedConnection[]> {
  const { orthanc, archive, store, deployed } = connections;
  const tries: Readonly<Record<TriedConnection['connection'], (options: CallOptions) => Promise<unknown>>> = {
    orthanc: (options) => orthanc.system(options),
    dicomweb: (options) => Array.fromAsync(archive.searchStudies(NO_STUDY, options)),
    bucket: (options) => store.exists(chunkKey('0'.repeat(64)), options),
    tools: (options) => deployed.versions(options),
  };
  const names = Object.keys(tries) as readonly TriedConnection['connection'][];
  return Promise.all(
    names.map((connection) =>
      tries[connection]({ deadlineMs: nowMs + LONGEST_MS }).then(
        () => ({ connection }),
        (error: unknown) => ({ connection, reason: reasonOf(error) }),
      ),
    ),
  );
}
