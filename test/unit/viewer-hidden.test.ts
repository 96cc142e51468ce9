/** What a rejection note of ours names is not in the viewer; nothing else is missing there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createDicomWebClient } from '#adapters/dicomweb/client.ts';
import { rejectionNote } from '#core/results/rejection-note.ts';
import { readDicom } from '#dicom/read.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { createHidden } from '#viewer/hidden.ts';
import { startViewer, type Viewer } from '#viewer/server.ts';
import { type SupersededStudy, supersededStudy } from '../fixtures/replacing.ts';
import { ctCase } from '../fixtures/results.ts';
import { startWebPacs, type WebPacs } from '../fixtures/web-pacs.ts';

const folder = mkdtempSync(join(tmpdir(), 'hilum-viewer-hidden-'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');

let study: SupersededStudy;
let pacs: WebPacs;
let viewer: Viewer;
let refuse: (url: string) => boolean = () => false;

beforeAll(async () => {
  study = await supersededStudy(ctCase());
});
async function hold(...files: readonly Uint8Array[]): Promise<void> {
  pacs = await startWebPacs(({ url = '' }, response) => {
    if (refuse(url)) response.writeHead(503).end();
    return refuse(url);
  });
  pacs.files.push(...files);
  viewer = await startViewer({ folder, orthanc: { url: pacs.url, username: 'a', password: 'b' }, port: 0 });
}
afterEach(async () => {
  refuse = () => false;
  await viewer?.close();
  pacs?.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (objects: readonly { readonly bytes: Uint8Array }[]) => objects.map(({ bytes }) => bytes);
const uidsOf = (files: readonly Uint8Array[], keyword = 'SOPInstanceUID') =>
  [...new Set(files.map((bytes) => readDicom(bytes).dataset.text(keyword) ?? ''))].sort();
const ask = (path: string) => fetch(`${viewer.url}/dicom-web/studies/${study.StudyInstanceUID}${path}`);

/** The UIDs in a list. */
async function listed(path: string, tag = '00080018'): Promise<readonly unknown[]> {
  const list = (await (await ask(path)).json()) as Record<string, { Value: readonly unknown[] }>[];
  return list.map((entry) => entry[tag]?.Value[0]).sort();
}

/** The SOP Instance UIDs of the objects in a message. */
async function retrieved(path: string): Promise<readonly string[]> {
  const { origin } = new URL(viewer.url);
  const [, series] = /\/series\/([0-9.]+)/.exec(path) ?? [];
  const client = createDicomWebClient({ url: `${origin}/dicom-web/`, username: '', password: '' });
  const { StudyInstanceUID } = study;
  const files =
    series === undefined
      ? client.retrieveStudy({ StudyInstanceUID })
      : client.retrieveSeries({ StudyInstanceUID, SeriesInstanceUID: series });
  return uidsOf(await Array.fromAsync(files));
}

/** The note with other values. */
const noteWith = (change: Attributes): Uint8Array => {
  const { result, source } = ctCase();
  return encodeDicom({ ...rejectionNote(result, source, study.rejected, 'superseded').attributes, ...change });
};

it('leaves out the replaced objects and the note, in every list and message', async () => {
  const shown = [...study.images, ...bytesOf(study.newer)];
  await hold(...shown, ...bytesOf(study.older), study.note.bytes);

  expect(await listed('/series', '0020000E')).toEqual(uidsOf(shown, 'SeriesInstanceUID'));
  expect(await listed('/instances?includefield=00080005')).toEqual(uidsOf(shown));
  expect(await listed('/metadata')).toEqual(uidsOf(shown));
  expect(await retrieved('')).toEqual(uidsOf(shown));
});

it('has nothing below a hidden series or object, and all below the others', async () => {
  await hold(...study.images, ...bytesOf(study.newer), ...bytesOf(study.older), study.note.bytes);
  const below = (objects: readonly { SeriesInstanceUID: string; SOPInstanceUID: string }[]) =>
    objects.flatMap(({ SeriesInstanceUID, SOPInstanceUID }) => {
      const series = `/series/${SeriesInstanceUID}`;
      const instance = `${series}/instances/${SOPInstanceUID}`;
      return [
        ...['', '/metadata', '/instances', '/rendered'].map((end) => series + end),
        ...['', '/metadata', '/frames/1', '/bulk/00420011', '/rendered'].map((end) => instance + end),
      ];
    });
  const statuses = async (paths: readonly string[]) => {
    const found = new Set<number>();
    for (const path of paths) found.add((await ask(path)).status);
    return [...found];
  };

  expect(await statuses(below([...study.older, study.note]))).toEqual([404]);
  expect(await statuses(below(study.newer))).toEqual([200]);
  // A picture of the whole study would show what is hidden.
  expect(await statuses(['/rendered', '/bulkdata'])).toEqual([404]);
  expect(await (await ask(below(study.older)[0] ?? '')).text()).toContain('newer result');
});

it('numbers a list without what is hidden', async () => {
  const shown = [...study.images, ...bytesOf(study.newer)];
  await hold(...bytesOf(study.older), study.note.bytes, ...shown);

  const pages = [await listed('/instances?limit=3'), await listed('/instances?offset=3&limit=100')];

  expect(pages[0]).toHaveLength(3);
  expect(pages.flat().sort()).toEqual(uidsOf(shown));
});

it('keeps the other objects of a series of which one is hidden', async () => {
  const [older] = study.older;
  const { result, source } = ctCase();
  const uids = { SOPInstanceUID: '2.25.77', SeriesInstanceUID: older?.SeriesInstanceUID ?? '' };
  const stray = encodeDicom({ ...result.toDicom(source).at(-1)?.attributes, ...uids });
  await hold(...study.images, stray, ...bytesOf(study.older), study.note.bytes);
  const path = `/series/${older?.SeriesInstanceUID}`;

  expect(await listed('/series', '0020000E')).toContain(older?.SeriesInstanceUID);
  expect(await listed(`${path}/metadata`)).toEqual(['2.25.77']);
  expect(await retrieved(path)).toEqual(['2.25.77']);
});

it.each<[string, Attributes]>([
  ['somebody else’s', { Manufacturer: 'Elsewhere', ContributingEquipmentSequence: [] }],
  ['with a name like ours', { ContributingEquipmentSequence: [{ Manufacturer: 'Hilumina' }] }],
  [
    'with another title',
    {
      ConceptNameCodeSequence: [{ CodeValue: '113000', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Of Interest' }],
    },
  ],
  ['about another study', { CurrentRequestedProcedureEvidenceSequence: [] }],
])('shows all that a note names: %s', async (name, change) => {
  const note = noteWith(change);
  const files = [...study.images, ...bytesOf(study.older)];
  await hold(...files, note);

  const all = name === 'about another study' ? files : [...files, note];
  expect(await listed('/metadata')).toEqual(uidsOf(all));
  expect(await retrieved('')).toEqual(uidsOf(all));
});

it('shows images, whatever a note says about them', async () => {
  const { dataset } = readDicom(study.images[0] ?? new Uint8Array());
  const [evidence] = readDicom(study.note.bytes).dataset.items('CurrentRequestedProcedureEvidenceSequence');
  const note = noteWith({
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: evidence?.text('StudyInstanceUID') ?? '',
        ReferencedSeriesSequence: [
          {
            SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '',
            ReferencedSOPSequence: uidsOf(study.images).map((ReferencedSOPInstanceUID) => ({
              ReferencedSOPClassUID: dataset.text('SOPClassUID') ?? '',
              ReferencedSOPInstanceUID,
            })),
          },
        ],
      },
    ],
  });
  await hold(...study.images, note);

  expect(await listed('/metadata')).toEqual(uidsOf(study.images));
});

it('cannot be shown while the PACS does not answer which notes there are', async () => {
  await hold(...study.images, ...bytesOf(study.older), study.note.bytes);
  const [older] = study.older;
  refuse = (url) => url.includes(`${study.note.SeriesInstanceUID}/instances/`);

  expect((await ask(`/series/${older?.SeriesInstanceUID}/metadata`)).status).toBe(502);
  refuse = () => false;
  expect((await ask(`/series/${older?.SeriesInstanceUID}/metadata`)).status).toBe(404);
});

it('is not held up by a note that cannot be read', async () => {
  await hold(...study.images, ...bytesOf(study.older), study.note.bytes);
  const { SOPInstanceUID } = study.note;
  const client = createDicomWebClient({ url: `${pacs.url}/dicom-web/`, username: '', password: '' });
  const hiddenIn = createHidden({
    ...client,
    retrieveHeader: async (uids) =>
      uids.SOPInstanceUID === SOPInstanceUID ? (readDicom(new Uint8Array(200)) as never) : client.retrieveHeader(uids),
  });

  const { instances, series } = await hiddenIn(study.StudyInstanceUID, 'list');

  expect([instances.size, series.size]).toEqual([0, 0]);
});

it('asks seldom for notes where there are none', async () => {
  await hold(...study.images, ...bytesOf(study.older));
  let now = 0;
  const client = createDicomWebClient({ url: `${pacs.url}/dicom-web/`, username: '', password: '' });
  const hiddenIn = createHidden(client, () => now);
  const asked: number[] = [];
  for (const [ms, asking] of [
    ...([
      [0, 'list'],
      [0, 'object'],
      [999, 'list'],
      [1_000, 'object'],
    ] as const),
    ...([
      [1_000, 'list'],
      [10_999, 'object'],
      [11_000, 'object'],
    ] as const),
  ] as const) {
    now = ms;
    await Promise.all([hiddenIn(study.StudyInstanceUID, asking), hiddenIn(study.StudyInstanceUID, asking)]);
    asked.push(pacs.asked.length);
  }

  expect(asked).toEqual([1, 1, 1, 1, 2, 2, 3]);
});

it('finds a note that comes after the study was opened, and reads it once', async () => {
  await hold(...study.images, ...bytesOf(study.older).slice(1));
  let now = 0;
  const client = createDicomWebClient({ url: `${pacs.url}/dicom-web/`, username: '', password: '' });
  const hiddenIn = createHidden(client, () => now);
  const look = async (...arriving: readonly Uint8Array[]) => {
    const before = pacs.asked.length;
    pacs.files.push(...arriving);
    now += 1_000;
    const { instances } = await hiddenIn(study.StudyInstanceUID, 'list');
    return [instances.size, pacs.asked.length - before];
  };

  expect(await look()).toEqual([0, 1]);
  const [hidden, requests = 0] = await look(study.note.bytes);
  expect([hidden, requests > 5]).toEqual([study.older.length, true]);
  expect(await look()).toEqual([study.older.length, 2]);
  // What the note names may come after it.
  expect((await look(...bytesOf(study.older).slice(0, 1)))[0]).toBe(study.older.length + 1);
});
