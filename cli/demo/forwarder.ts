/** The demo's forwarder: that of `hilum edge`, in this process, until the demo ends. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { openEdgeFolder } from '#edge/folder.ts';
import { createForwarder } from '#edge/forwarder.ts';
import { createLog } from '#edge/log.ts';
import { edgeFolder } from '#localstack/home.ts';
import type { LocalEnvironment } from '#localstack/local.ts';
import { manifestKey } from '#pipeline/keys.ts';
import type { DeployedTools, ObjectListing, ObjectStore } from '#pipeline/ports.ts';

export interface ForwarderSetting {
  readonly environment: LocalEnvironment;
  readonly catalog: readonly ToolEntry[];
  readonly objects: ObjectStore & ObjectListing;
  readonly deployed: DeployedTools;
}

export interface RunningForwarder {
  /** Why a study was left out; undefined if it was not, or not yet. */
  skipped(StudyInstanceUID: string): string | undefined;
  /** The manifest's key of a forwarded study; undefined if the study was not forwarded. */
  manifestKey(StudyInstanceUID: string): string | undefined;
  /** The forwarder's state of a study, for people. */
  state(StudyInstanceUID: string): string;
  stop(): Promise<void>;
}

/** Starts to follow Orthanc. Every study that is stored after it returns will be noticed. */
export async function startForwarder({
  environment,
  catalog,
  objects,
  deployed,
}: ForwarderSetting): Promise<RunningForwarder> {
  const { home, orthanc } = environment;
  const { username, password } = orthanc;
  const { journal, spoolFolder, identityKey, close } = openEdgeFolder(edgeFolder(home), 'all');
  const logFile = createWriteStream(join(home, 'logs', 'edge.log'), { flags: 'a', mode: 0o600 });
  const forwarder = createForwarder({
    archive: createDicomWebClient({ url: orthanc.dicomWebUrl, username, password }),
    orthanc: createOrthancClient({ url: orthanc.url, username, password }),
    store: objects,
    catalog,
    deployed,
    journal,
    clock: Date,
    log: createLog(Date, (line) => logFile.write(`${line}\n`)),
    spoolFolder,
    identityKey,
    // Orthanc does not report an earlier demo's study as stable again, and the local cloud may have lost it.
    start: 'all',
    // The local cloud may be new, whatever the studies' age.
    checkedForMs: Number.MAX_SAFE_INTEGER,
  });
  const controller = new AbortController();
  await forwarder.runOnce(controller.signal);
  const ended = forwarder.run(controller.signal);
  return {
    skipped(StudyInstanceUID) {
      const study = journal.study(StudyInstanceUID);
      return study?.state === 'skipped' ? (study.reason?.message ?? 'no reason recorded') : undefined;
    },
    manifestKey(StudyInstanceUID) {
      const { state, revision } = journal.study(StudyInstanceUID) ?? {};
      if (state !== 'uploaded' || revision === undefined) return undefined;
      return manifestKey('live', StudyInstanceUID, revision);
    },
    state(StudyInstanceUID) {
      const study = journal.study(StudyInstanceUID);
      return study === undefined ? 'not noticed yet' : [study.state, study.reason?.message ?? []].flat().join(': ');
    },
    async stop() {
      controller.abort();
      await ended.finally(close);
      logFile.end();
    },
  };
}
