/** UIDs as devices write them, against PS3.5 9.1: the source is read, results refer to it, and an archive takes both. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { convertResult } from '#core/convert-result.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import { readDicom } from '#dicom/read.ts';
import { isUid } from '#dicom/uid.ts';
import { type DicomWebStore, startDicomWebStore } from '#localstack/dicomweb-store.ts';
import { runHilum } from '../fixtures/hilum.ts';
import { type Case, ctCase, spineCase } from '../fixtures/results.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';
import { readTree, writeTree } from '../fuzz/tree.ts';

/** A root that nobody owns, leading zeros, an empty component, a dot at the end, and the longest that PS3.5 allows. */
const FOREIGN: Readonly<Record<number, (index: number) => string>> = {
  2097165: () => '999.1.020060102.00.',
  2097166: () => '0999..7',
  2097234: () => `3.${'0'.repeat(62)}`,
  524312: (index) => `999.0.${String(index).padStart(3, '0')}`,
};
const TOO_LONG = `1.2.${'3'.repeat(66)}`;

function withUids(bytes: Uint8Array, index: number, uids = FOREIGN): Uint8Array {
  const tree = readTree(bytes);
  for (const node of tree.nodes) {
    const uid = uids[node.tag]?.(index);
    // Padded with more than the one zero byte of PS3.5 6.2.
    if (uid !== undefined) node.value = Buffer.from(`${uid}${uid.length % 2 === 0 ? '\0\0' : ' \0\0'}`, 'latin1');
  }
  return writeTree(tree);
}

const foreignCase = (): Case =>
  spineCase(
    'foreign UIDs',
    ctCase().files.map((bytes, index) => withUids(bytes, index)),
  );

describe('foreign UIDs', () => {
  let pacs: DicomWebStore;
  beforeAll(async () => {
    pacs = await startDicomWebStore();
  });
  afterAll(() => pacs.close());

  it('are indexed without their padding', () => {
    const [first] = foreignCase().files.map(indexInstance);

    expect(first).toMatchObject({
      StudyInstanceUID: '999.1.020060102.00.',
      SeriesInstanceUID: '0999..7',
      FrameOfReferenceUID: `3.${'0'.repeat(62)}`,
      SOPInstanceUID: '999.0.000',
    });
  });

  it('stand unchanged in results, whose own UIDs obey PS3.5, and pass the gate and an archive', async () => {
    const { files, result } = foreignCase();
    const instances = files.map(indexInstance);
    const fileOf = new Map(files.map((bytes) => [indexInstance(bytes).SOPInstanceUID, bytes]));

    const objects = await convertResult({
      result,
      instances,
      read: async ({ SOPInstanceUID }) => fileOf.get(SOPInstanceUID) ?? new Uint8Array(),
    });

    const client = createDicomWebClient({
      url: pacs.dicomWebUrl,
      username: pacs.username,
      password: pacs.password,
      timeoutMs: 5000,
    });
    const sources = instances.map(({ SOPInstanceUID }) => ({
      SOPInstanceUID,
      bytes: fileOf.get(SOPInstanceUID) ?? new Uint8Array(),
    }));
    const stored = await client.store([...sources, ...objects]);
    expect(stored.filter((one) => !one.stored)).toEqual([]);
    expect(objects.length).toBeGreaterThan(1);
    for (const { bytes, SOPInstanceUID } of objects) {
      const { dataset } = readDicom(bytes);
      const SeriesInstanceUID = dataset.text('SeriesInstanceUID') ?? '';
      expect(isUid(SOPInstanceUID) && isUid(SeriesInstanceUID)).toBe(true);
      expect(dataset.text('StudyInstanceUID')).toBe('999.1.020060102.00.');
      const back = await client.retrieveInstance({
        StudyInstanceUID: '999.1.020060102.00.',
        SeriesInstanceUID,
        SOPInstanceUID,
      });
      expect(Buffer.from(back ?? []).equals(bytes)).toBe(true);
    }
    const [mask] = objects.map(({ bytes }) => readDicom(bytes).dataset).filter((one) => one.text('Modality') === 'SEG');
    expect(mask?.text('FrameOfReferenceUID')).toBe(`3.${'0'.repeat(62)}`);
    const [series] = mask?.items('ReferencedSeriesSequence') ?? [];
    expect(series?.text('SeriesInstanceUID')).toBe('0999..7');
    expect(series?.items('ReferencedInstanceSequence')[0]?.text('ReferencedSOPInstanceUID')).toMatch(/^999\.0\.00\d$/);
  });

  it('are accepted by hilum run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-uids-'));
    writeFileSync(join(folder, 'a.dcm'), withUids(makeRadiographFile(), 0));
    const out = mkdtempSync(join(tmpdir(), 'hilum-uids-out-'));

    const { code, stdout } = await runHilum(['run', folder, '--tool', 'caries', '--out', out, '--json']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { StudyInstanceUID: '999.1.020060102.00.', outcome: 'not-applicable', refused: [] },
    ]);
  });

  it('of more than 64 characters are told by hilum inspect, with the pixels, and refused by tools with that reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-uids-'));
    writeFileSync(join(folder, 'a.dcm'), withUids(makeRadiographFile(), 0, { ...FOREIGN, 524312: () => TOO_LONG }));

    const { code, stdout } = await runHilum(['inspect', folder, '--json']);

    const message =
      'The SOPInstanceUID has 70 characters; the standard allows 64 (PS3.5 9.1), and no result could refer to it';
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        ok: false,
        ...{ code: 'invalid-uid', message, SOPInstanceUID: TOO_LONG, Modality: 'DX', Rows: 4, Columns: 4 },
        pixelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        tools: expect.arrayContaining([{ id: 'caries', suitable: false, reason: { code: 'invalid-uid', message } }]),
      },
    ]);
  });
});
