/**
 * Finds what a rejection note of ours names in a study (`core/results/rejection-note.ts`). The viewer shows neither: the results that remain
 * are the current ones. Archives of IHE's profile Imaging Object Change Management do the same (RAD TF-2 4.66); Orthanc does not.
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

/** For so long, a study's list of series is not requested again: viewers request hundreds of frames in that time. */
const FRESH_MS = 1_000;
/** More studies than somebody has open. */
const MOST_STUDIES = 50;

const NOTHING: Hidden = { instances: new Map(), series: new Set() };

/** What the list of a study's series says: it changes with every note and every object that comes or goes. */
interface Listed {
  readonly sign: string;
  /** Series Instance UIDs of Key Object Selections. */
  readonly notes: readonly string[];
}

interface Known {
  readonly askedMs: number;
  readonly answer: Promise<{ readonly sign: string; readonly hidden: Hidden }>;
}

/**
 * Makes the function that says what is hidden in a study. A study without Key Object Selections costs one list of its series, which is
 * requested at most once a second; what notes say is read again only if that list has changed.
 *
 * @returns a function that throws the archive's errors: where it cannot be asked, nothing is shown as current
 */
export function createHidden(
  archive: HiddenArchive,
  now: () => number = Date.now,
): (StudyInstanceUID: string) => Promise<Hidden> {
  const known = new Map<string, Known>();

  async function look(StudyInstanceUID: string, before: Known | undefined) {
    const { sign, notes } = await listSeries(archive, StudyInstanceUID);
    const earlier = await before?.answer.catch(() => undefined);
    if (earlier?.sign === sign) return earlier;
    return { sign, hidden: notes.length === 0 ? NOTHING : await hiddenBy(archive, StudyInstanceUID, notes) };
  }

  return async (StudyInstanceUID) => {
    // Such a study has no results: the edge refuses it.
    if (!isKeyUid(StudyInstanceUID)) return NOTHING;
    const last = known.get(StudyInstanceUID);
    const isFresh = last !== undefined && now() - last.askedMs < FRESH_MS;
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

async function listSeries(archive: HiddenArchive, StudyInstanceUID: string): Promise<Listed> {
  const signs: string[] = [];
  const notes: string[] = [];
  for await (const series of archive.searchSeries({ StudyInstanceUID }, { includefield: '00201209' })) {
    const SeriesInstanceUID = textOf(series, '0020000E') ?? '';
    signs.push(JSON.stringify([SeriesInstanceUID, series['00201209']?.Value]));
    if (textOf(series, '00080060') === 'KO' && isKeyUid(SeriesInstanceUID)) notes.push(SeriesInstanceUID);
  }
  return { sign: signs.sort().join('\n'), notes };
}

async function hiddenBy(
  archive: HiddenArchive,
  StudyInstanceUID: string,
  noteSeries: readonly string[],
): Promise<Hidden> {
  const instances = new Map<string, string>();
  const wanted = new Map<string, Set<string>>();
  for (const SeriesInstanceUID of noteSeries)
    for (const uids of await instancesOf(archive, { StudyInstanceUID, SeriesInstanceUID })) {
      const rejected = await readNote(archive, uids);
      if (rejected === undefined) continue;
      instances.set(uids.SOPInstanceUID, SeriesInstanceUID);
      for (const one of rejected)
        if (one.StudyInstanceUID === StudyInstanceUID && isKeyUid(one.SeriesInstanceUID))
          wanted.set(one.SeriesInstanceUID, (wanted.get(one.SeriesInstanceUID) ?? new Set()).add(one.SOPInstanceUID));
    }
  const series = new Set<string>();
  for (const SeriesInstanceUID of new Set([...instances.values(), ...wanted.keys()])) {
    const all = await instancesOf(archive, { StudyInstanceUID, SeriesInstanceUID });
    for (const uids of all) {
      const isNamed = wanted.get(SeriesInstanceUID)?.has(uids.SOPInstanceUID) === true;
      if (isNamed && (await isOurs(archive, uids))) instances.set(uids.SOPInstanceUID, SeriesInstanceUID);
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

const readNote = (archive: HiddenArchive, uids: InstanceUids) => readHeader(archive, uids, rejectedBy);

/** Only what Hilum wrote is hidden: a note that names an image, by whatever mistake or intention, hides nothing. */
const isOurs = async (archive: HiddenArchive, uids: InstanceUids): Promise<boolean> =>
  (await readHeader(archive, uids, isWrittenByHilum)) === true;

/** Undefined where the header cannot be read: what cannot be read is shown not to be ours by nobody, and hides or is hidden by nothing. */
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
