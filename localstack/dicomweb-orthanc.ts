/** The part of Orthanc's REST interface that the edge uses, over the in-process archive. */
import { idOf, type MemoryArchive, orthancDate, type StoredInstance, type Study } from './dicomweb-archive.ts';

/** The answer's JSON; undefined if there is no such resource. */
export function orthancAnswer(
  archive: MemoryArchive,
  path: readonly string[],
  query: URLSearchParams,
  body: () => unknown,
): unknown {
  const [kind, id, below] = path;
  if (kind === 'system') return { Version: '1.10.1', Name: 'Hilum in-process archive' };
  if (kind === 'changes') return changes(archive, query);
  if (kind === 'tools' && id === 'find') return find(archive, body());
  if (kind !== 'studies') return undefined;
  const studies = studiesIn(archive);
  if (id === undefined) return page(studies, query).map(studyJson);
  const study = studies.find((candidate) => candidate.id === id);
  if (study === undefined || below === undefined) return study && studyJson(study);
  return below === 'series' ? seriesJson(archive, study) : archive.of(namesOf(study)).map(instanceJson);
}

/** The file of `/instances/{id}/file`; undefined if the path is another, or there is none. */
export function orthancFile(archive: MemoryArchive, [kind, id, below]: readonly string[]): Uint8Array | undefined {
  if (kind !== 'instances' || below !== 'file') return undefined;
  return archive.of({}).find((instance) => instanceId(instance) === id)?.bytes;
}

const namesOf = ({ PatientID, StudyInstanceUID }: Study) => ({ PatientID, StudyInstanceUID });

const instanceId = ({ PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: StoredInstance): string =>
  idOf(PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID);

const instanceJson = (instance: StoredInstance): object => ({
  ID: instanceId(instance),
  MainDicomTags: { SOPInstanceUID: instance.SOPInstanceUID },
});

function changes({ changes: log }: MemoryArchive, query: URLSearchParams): object {
  const found = query.has('last') ? log.slice(-1) : page(log, query);
  const Last = found.at(-1)?.Seq ?? log.length;
  return { Changes: found, Done: Last === log.length, Last };
}

/** A study of which nothing is left is gone. */
const studiesIn = (archive: MemoryArchive): readonly Study[] =>
  [...archive.studies.values()].filter((study) => archive.of(namesOf(study)).length > 0);

function find(archive: MemoryArchive, asked: unknown): readonly object[] {
  const { Query } = asked as { readonly Query: { readonly StudyInstanceUID: string } };
  return studiesIn(archive)
    .filter(({ StudyInstanceUID }) => StudyInstanceUID === Query.StudyInstanceUID)
    .map(studyJson);
}

function page<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
  const since = Number(query.get('since') ?? 0);
  return all.slice(since, since + Number(query.get('limit') ?? 100));
}

const studyJson = ({ id, PatientID, StudyInstanceUID, stable, changedAt }: Study): object => ({
  ID: id,
  Type: 'Study',
  IsStable: stable,
  LastUpdate: orthancDate(changedAt),
  MainDicomTags: { StudyInstanceUID },
  PatientMainDicomTags: { PatientID },
});

function seriesJson(archive: MemoryArchive, study: Study): readonly object[] {
  const { PatientID, StudyInstanceUID } = study;
  const bySeries = Map.groupBy(archive.of(namesOf(study)), (instance) => instance.SeriesInstanceUID);
  return [...bySeries].map(([SeriesInstanceUID, instances]) => ({
    ID: idOf(PatientID, StudyInstanceUID, SeriesInstanceUID),
    Instances: instances.map(instanceId),
    LastUpdate: orthancDate(archive.seriesChangedAt.get(idOf(PatientID, StudyInstanceUID, SeriesInstanceUID)) ?? 0),
    MainDicomTags: {
      SeriesInstanceUID,
      Modality: instances[0]?.Modality ?? '',
      Manufacturer: instances[0]?.Manufacturer ?? '',
    },
  }));
}
