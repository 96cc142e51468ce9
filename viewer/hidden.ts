/**
 * Finds what a rejection note of ours names in a study (`core/results/rejection-note.ts`). The viewer shows neither: the results that remain
 * are the current ones. Archives of IHE's profile Imaging Object Change Management do the same (RAD TF-3 4.66); Orthanc does not.
 */

import type { DicomWebClient, SeriesUids } from '#adapters/dicomweb/client.ts';
import { textOf } from '#adapters/dicomweb/dicom-json.ts';
import { rejectedBy } from '#core/results/rejection-note.ts';
import { isWrittenByHilum } from '#core/study/index-instance.ts';
import { DicomReadError } from '#dicom/error.ts';
import type { Dataset } from '#dicom/read.ts';
import { isKeyUid } from '#dicom/uid.ts';
import type { InstanceUids } from '#pipeline/ports.ts';

export interface Hidden {
  /** By SOP Instance UID, the Series Instance UID. */
  readonly instances: ReadonlyMap<string, string>;
  /** The series that have nothing else. */
  readonly series: ReadonlySet<string>;
}

export type HiddenArchive = Pick<DicomWebClient, 'searchSeries' | 'searchInstances' | 'retrieveHeader'>;

/** For so long, an answer holds: for lists, which are asked for rarely, and for single objects and frames, of which viewers ask hundreds. */
const FRESH_MS = { list: 1_000, object: 10_000 } as const;
/** More studies than somebody has open. */
const MOST_STUDIES = 50;

const NOTHING: Hidden = { instances: new Map(), series: new Set() };

interface Look {
  /** What the list of a study's series says: it changes with every object that comes or goes. Empty without Key Object Selections. */
  readonly sign: string;
  readonly hidden: Hidden;
}

interface Known {
  readonly askedMs: number;
  readonly answer: Promise<Look>;
}

const NOTHING_FOUND: Look = { sign: '', hidden: NOTHING };

/**
 * Makes the function that says what is hidden in a study, to those who ask for a list or for an object. A study without Key Object
 * Selections costs one search for them now and then, as quick as a frame. In others, what notes say is read again only if the list of
 * series has changed.
 *
 * @returns a function that throws the archive's errors: where it cannot be asked, nothing is shown as current
 */
export function createHidden(
  archive: HiddenArchive,
  now: () => number = Date.now,
): (StudyInstanceUID: string, asking: keyof typeof FRESH_MS) => Promise<Hidden> {
  const known = new Map<string, Known>();

  async function look(StudyInstanceUID: string, before: Known | undefined): Promise<Look> {
    const notes = await noteSeries(archive, StudyInstanceUID);
    if (notes.length === 0) return NOTHING_FOUND;
    const { sign, series } = await listSeries(archive, StudyInstanceUID);
    const earlier = await before?.answer.catch(() => undefined);
    if (earlier?.sign === sign) return earlier;
    return { sign, hidden: await hiddenBy(archive, StudyInstanceUID, { notes, series }) };
  }

  return async (StudyInstanceUID, asking) => {
    // Such a study has no results: the edge refuses it.
    if (!isKeyUid(StudyInstanceUID)) return NOTHING;
    const last = known.get(StudyInstanceUID);
    const isFresh = last !== undefined && now() - last.askedMs < FRESH_MS[asking];
    const one = isFresh ? last : { askedMs: now(), answer: look(StudyInstanceUID, last) };
    known.delete(StudyInstanceUID);
    known.set(StudyInstanceUID, one);
    const [oldest] = known.keys();
    if (known.size > MOST_STUDIES && oldest !== undefined) known.delete(oldest);
    try {
      return (await one.answer).hidden;
    } catch (error) {
      // A failure is not cached: the archive may answer the next request.
      if (known.get(StudyInstanceUID) === one) known.delete(StudyInstanceUID);
      throw error;
    }
  };
}

/** Series Instance UIDs of Key Object Selections. The match is looked at again: an archive may ignore it. */
async function noteSeries(archive: HiddenArchive, StudyInstanceUID: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const series of archive.searchSeries({ StudyInstanceUID }, { Modality: 'KO' })) {
    const SeriesInstanceUID = textOf(series, '0020000E') ?? '';
    if (textOf(series, '00080060') === 'KO' && isKeyUid(SeriesInstanceUID)) found.push(SeriesInstanceUID);
  }
  return found;
}

async function listSeries(
  archive: HiddenArchive,
  StudyInstanceUID: string,
): Promise<{ readonly sign: string; readonly series: ReadonlySet<string> }> {
  const signs: string[] = [];
  const listed = new Set<string>();
  for await (const series of archive.searchSeries({ StudyInstanceUID }, { includefield: '00201209' })) {
    const SeriesInstanceUID = textOf(series, '0020000E') ?? '';
    listed.add(SeriesInstanceUID);
    signs.push(JSON.stringify([SeriesInstanceUID, series['00201209']?.Value]));
  }
  return { sign: signs.sort().join('\n'), series: listed };
}

async function hiddenBy(
  archive: HiddenArchive,
  StudyInstanceUID: string,
  { notes, series: listed }: { readonly notes: readonly string[]; readonly series: ReadonlySet<string> },
): Promise<Hidden> {
  const instances = new Map<string, string>();
  const wanted = new Map<string, Set<string>>();
  for (const SeriesInstanceUID of notes)
    for (const uids of await instancesOf(archive, { StudyInstanceUID, SeriesInstanceUID })) {
      const rejected = await readHeader(archive, uids, rejectedBy);
      if (rejected === undefined) continue;
      instances.set(uids.SOPInstanceUID, SeriesInstanceUID);
      for (const one of rejected)
        if (one.StudyInstanceUID === StudyInstanceUID)
          wanted.set(one.SeriesInstanceUID, (wanted.get(one.SeriesInstanceUID) ?? new Set()).add(one.SOPInstanceUID));
    }
  const series = new Set<string>();
  // Mostly, what is rejected was deleted.
  const touched = new Set([...instances.values(), ...wanted.keys()]).intersection(listed);
  for (const SeriesInstanceUID of touched) {
    const all = await instancesOf(archive, { StudyInstanceUID, SeriesInstanceUID });
    for (const uids of all) {
      const isNamed = wanted.get(SeriesInstanceUID)?.has(uids.SOPInstanceUID) === true;
      // Only what Hilum wrote is hidden: a note that names an image, by whatever mistake or intention, hides nothing.
      if (isNamed && (await readHeader(archive, uids, isWrittenByHilum)) === true)
        instances.set(uids.SOPInstanceUID, SeriesInstanceUID);
    }
    if (all.length > 0 && all.every(({ SOPInstanceUID }) => instances.has(SOPInstanceUID)))
      series.add(SeriesInstanceUID);
  }
  return { instances, series };
}

async function instancesOf(archive: HiddenArchive, series: SeriesUids): Promise<readonly InstanceUids[]> {
  const found: InstanceUids[] = [];
  for await (const instance of archive.searchInstances(series)) {
    const SOPInstanceUID = textOf(instance, '00080018') ?? '';
    if (isKeyUid(SOPInstanceUID)) found.push({ ...series, SOPInstanceUID });
  }
  return found;
}

/** Undefined where the header cannot be read: such a note hides nothing, and such an object is not known to be ours. */
async function readHeader<T>(
  archive: HiddenArchive,
  uids: InstanceUids,
  read: (dataset: Dataset) => T,
): Promise<T | undefined> {
  try {
    const header = await archive.retrieveHeader(uids);
    return header && read(header.dataset);
  } catch (error) {
    if (error instanceof DicomReadError) return undefined;
    throw error;
  }
}
