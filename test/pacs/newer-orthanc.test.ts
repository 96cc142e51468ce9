/** Hilum with the Orthanc of Debian trixie; this machine's own Orthanc may be older. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrthancClient } from '#adapters/orthanc/client.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { makeBitewing } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { objectKey } from '#pipeline/keys.ts';
import { ROOT } from '../../localstack/parts.mjs';
import { type DeployedCloud, ended, startDeployedCloud } from '../fixtures/deployed-cloud.ts';
import { dicomWebContract } from '../fixtures/dicomweb-contract.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { type NewerOrthanc, startNewerOrthanc } from '../fixtures/newer-orthanc.ts';
import { momentsOf } from '../fixtures/object-times.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import { setOf } from '../fixtures/pipeline.ts';

/** The fields of the output of `hilum run --json` that these tests check. */
type RunReport = readonly {
  readonly objects: readonly { readonly path: string; readonly SOPInstanceUID: string }[];
}[];

describeWith(['newerOrthanc'], 'the Orthanc of Debian trixie', () => {
  let pacs: NewerOrthanc;
  beforeAll(async () => {
    pacs = await startNewerOrthanc();
  });
  afterAll(() => pacs?.close());

  it('is the one that the documents name', async () => {
    const { url, dicomWebUrl: _, ...access } = pacs.orthanc;
    const authorization = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString('base64')}`;

    const { version } = await createOrthancClient({ url, ...access }).system();
    const plugin = (await (await fetch(`${url}/plugins/dicom-web`, { headers: { authorization } })).json()) as {
      readonly Version: string;
    };

    expect(readFileSync(join(ROOT, 'localstack/README.md'), 'utf8')).toContain(
      `Orthanc ${version} with DICOMweb ${plugin.Version}`,
    );
  });

  describeWith(['cloud'], 'and the deployed pipeline', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-newer-orthanc-'));
    let cloud: DeployedCloud;
    let edge: ChildProcess;
    beforeAll(async () => {
      cloud = await startDeployedCloud({ context: { retryBaseS: '1', retryCapS: '2' }, pacs: pacs.orthanc });
      const settings = {
        HILUM_HOME: cloud.environment.home,
        HILUM_EDGE_FOLDER: join(folder, 'edge'),
        HILUM_EDGE_START: 'all',
        HILUM_EDGE_HOLD_MINUTES: '0',
      };
      edge = spawn(process.execPath, [join(ROOT, 'cli/hilum.ts'), 'edge'], {
        env: { ...process.env, ...settings },
        stdio: 'ignore',
      });
    }, 180_000);
    afterAll(async () => {
      edge?.kill('SIGTERM');
      if (edge?.exitCode === null) await once(edge, 'exit');
      await cloud?.close();
      rmSync(folder, { recursive: true });
    });

    const send = async (files: readonly Uint8Array[]): Promise<string> => {
      const indexed = files.map((bytes) => ({ ...indexInstance(bytes), bytes }));
      const answers = await cloud.archive.store(indexed);
      expect(answers.every(({ stored }) => stored)).toBe(true);
      return indexed[0]?.StudyInstanceUID ?? '';
    };
    /** What Orthanc holds of a study, by SOP Instance UID. */
    const storedOf = async (StudyInstanceUID: string): Promise<ReadonlyMap<string, Buffer>> => {
      const stored = await Array.fromAsync(cloud.archive.retrieveStudy({ StudyInstanceUID }));
      return new Map(stored.map((bytes) => [indexInstance(bytes).SOPInstanceUID, Buffer.from(bytes)]));
    };
    /** The same of what `hilum run` makes of files at the pipeline's time. */
    const madeLocally = async (
      files: readonly Uint8Array[],
      tool: string,
      at: string,
    ): Promise<ReadonlyMap<string, Buffer>> => {
      const input = mkdtempSync(join(folder, 'input-'));
      for (const [index, bytes] of files.entries()) writeFileSync(join(input, `${index}.dcm`), bytes);
      const printed = await cloud.hilum('run', input, '--tool', tool, '--out', `${input}-out`, '--at', at, '--json');
      const objects = (JSON.parse(printed) as RunReport).flatMap((report) => report.objects);
      return new Map(objects.map(({ path, SOPInstanceUID }) => [SOPInstanceUID, readFileSync(path)]));
    };
    const sortedByUid = (objects: ReadonlyMap<string, Buffer>) => [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1));

    it.each([
      ['spine-ct', 'vertebral-fracture'],
      ['bitewing', 'caries'],
    ])('bring %s to %s and its results back, the same that `hilum run` writes', async (name, tool) => {
      const { files = [] } = PHANTOM_STUDIES[name]?.() ?? {};

      const study = await send(files);
      const run = await cloud.runOf(study, tool, ended);

      expect(run.state).toBe('delivered');
      const stored = await storedOf(study);
      const results = new Map([...stored].filter(([uid]) => run.objects?.includes(uid)));
      const isOurs = (bytes: Buffer): boolean => indexInstance(bytes).writtenByHilum === true;
      expect(results.size).toBeGreaterThanOrEqual(3);
      const at = momentsOf(results.values().next().value ?? new Uint8Array());
      expect(sortedByUid(results)).toEqual(sortedByUid(await madeLocally(files, tool, at)));
      expect([...results.values()].every(isOurs)).toBe(true);
      expect([...stored.values()].filter((bytes) => !isOurs(bytes))).toHaveLength(files.length);
    });

    // Hilum's own Orthancs do not set `OverwriteInstances: true`, but a hospital's may.
    it('answer new pixels under an old UID again if Orthanc overwrites, and replace the first answer', async () => {
      const { seed, ...image } = { seed: 31, spacingMm: 0.08 };
      const [before = new Uint8Array()] = radiographPhantomToDicom(makeBitewing({ seed, ...image }), { seed });
      const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = indexInstance(before);
      const attributes = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID };
      const repeated = makeBitewing({ seed: 32, ...image });
      const [after = new Uint8Array()] = radiographPhantomToDicom(repeated, { seed, attributes });
      await pacs.stop();
      await pacs.start({ OverwriteInstances: true });

      await send([before]);
      const first = await cloud.runOf(StudyInstanceUID, 'caries', ended);
      await send([after]);
      const second = await cloud.runOf(StudyInstanceUID, 'caries', (run) => run.runId !== first.runId && ended(run));
      const replaced = await cloud.runOf(StudyInstanceUID, 'caries', ({ state }) => state === 'superseded');
      const stored = await storedOf(StudyInstanceUID);
      await pacs.stop();
      await pacs.start();

      expect([first.state, second.state, replaced.runId]).toEqual(['delivered', 'delivered', first.runId]);
      expect(stored.get(SOPInstanceUID)).toEqual(Buffer.from(after));
      expect([...stored.keys()].filter((uid) => first.objects?.includes(uid))).toEqual([]);
      for (const uid of second.objects ?? []) {
        const made = await cloud.objects.get(objectKey(setOf(second), uid));
        expect(stored.get(uid)).toEqual(made && Buffer.from(made));
      }
      // The image, and the note that rejects the first answer.
      expect(stored.size).toBe((second.objects?.length ?? 0) + 2);
    });
  });

  dicomWebContract(() => pacs);
});
