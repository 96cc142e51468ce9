/** The part of Orthanc's REST interface that the edge uses, over the in-process archive. */
import { idOf, type MemoryArchive, orthancDate, type Study } from './dicomweb-archive.ts';

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
  const studies = [...archive.studies.values()];
  if (id === undefined) return page(studies, query).map(studyJson);
  const study = studies.find((candidate) => candidate.id === id);
  return study && (below === 'series' ? seriesJson(archive, study) : studyJson(study));
}

function changes({ changes: log }: MemoryArchive, query: URLSearchParams): object {
  const found = query.has('last') ? log.slice(-1) : page(log, query);
  const Last = found.at(-1)?.Seq ?? log.length;
  return { Changes: found, Done: Last === log.length, Last };
}

function find({ studies }: MemoryArchive, asked: unknown): readonly object[] {
  const { Query } = asked as { readonly Query: { readonly StudyInstanceUID: string } };
  const study = studies.get(Query.StudyInstanceUID);
  return study ? [studyJson(study)] : [];
}

function page<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
  const since = Number(query.get('since') ?? 0);
  return all.slice(since, since + Number(query.get('limit') ?? 100));
}

const studyJson = ({ id, StudyInstanceUID, stable, changedAt }: Study): object => ({
  ID: id,
  Type: 'Study',
  IsStable: stable,
  LastUpdate: orthancDate(changedAt),
  MainDicomTags: { StudyInstanceUID },
});

function seriesJson(archive: MemoryArchive, { StudyInstanceUID }: Study): readonly object[] {
  const bySeries = Map.groupBy(archive.of({ StudyInstanceUID }), (instance) => instance.SeriesInstanceUID);
  return [...bySeries].map(([SeriesInstanceUID, instances]) => ({
    ID: idOf(StudyInstanceUID, SeriesInstanceUID),
    Instances: instances.map(({ SOPInstanceUID }) => idOf(StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID)),
    LastUpdate: orthancDate(archive.seriesChangedAt.get(SeriesInstanceUID) ?? 0),
    MainDicomTags: {
      SeriesInstanceUID,
      Modality: instances[0]?.Modality ?? '',
      Manufacturer: instances[0]?.Manufacturer ?? '',
    },
  }));
}
