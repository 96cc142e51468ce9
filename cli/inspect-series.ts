/** The text that `hilum inspect` prints: one line per series, with UIDs, numbers and codes only. */
import { GeometryError } from '#core/errors.ts';
import { volumeGeometry } from '#core/image/volume-geometry.ts';
import { imageFrames } from '#core/study/frames.ts';
import { groupImages } from '#core/study/images.ts';
import { objectKind } from '#core/study/no-image.ts';
import type { ImageIndex, InstanceIndex } from '#core/study/study-index.ts';
import { counted } from './counted.ts';
import type { InspectedFile } from './inspect-files.ts';

/** Short names of Transfer Syntaxes (PS3.6 A). Any other is shown by its UID. */
const TRANSFER_SYNTAXES: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': 'Implicit VR Little Endian',
  '1.2.840.10008.1.2.1': 'Explicit VR Little Endian',
  '1.2.840.10008.1.2.1.99': 'Deflated Explicit VR Little Endian',
  '1.2.840.10008.1.2.2': 'Explicit VR Big Endian',
  '1.2.840.10008.1.2.4.50': 'JPEG Baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG Extended',
  '1.2.840.10008.1.2.4.57': 'JPEG Lossless (Process 14)',
  '1.2.840.10008.1.2.4.70': 'JPEG Lossless',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS Lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS Near-Lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 Lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'HTJ2K Lossless',
  '1.2.840.10008.1.2.4.202': 'HTJ2K Lossless RPCL',
  '1.2.840.10008.1.2.4.203': 'HTJ2K',
  '1.2.840.10008.1.2.5': 'RLE Lossless',
};

type IndexedFile = InspectedFile & InstanceIndex;

/** One line per study with its UID, and below it one line per series. Files without a readable header are left out. */
export function describeSeries(inspected: readonly InspectedFile[]): readonly string[] {
  const studies = Map.groupBy(inspected.filter(isIndexed), ({ StudyInstanceUID }) => StudyInstanceUID);
  return [...studies].flatMap(([study, files]) => {
    const series = [...Map.groupBy(files, ({ SeriesInstanceUID }) => SeriesInstanceUID).values()];
    const sorted = series.toSorted((a, b) => (a[0]?.SeriesNumber ?? 0) - (b[0]?.SeriesNumber ?? 0));
    return [`study ${study}`, ...sorted.map((members) => `  ${seriesLine(members)}`)];
  });
}

const isIndexed = (file: InspectedFile): file is IndexedFile =>
  'sha256' in file && 'StudyInstanceUID' in file && 'SeriesInstanceUID' in file;

/** `series 3: MR, 192 instances, 256 × 256, JPEG Lossless; volume of 192 slices, 1 mm apart; brain-tissue takes it` */
function seriesLine(files: readonly IndexedFile[]): string {
  const [{ SeriesNumber, SeriesInstanceUID = '', Modality = 'no modality' } = {}] = files;
  const name = SeriesNumber === undefined ? SeriesInstanceUID : String(SeriesNumber);
  const instances = distinct(files.map(({ SOPInstanceUID }) => SOPInstanceUID)).length;
  const facts = [
    Modality,
    counted(instances, 'instance'),
    fewOf(files.map(matrixOf), 'matrices'),
    fewOf(
      files.map(({ TransferSyntaxUID: uid }) => TRANSFER_SYNTAXES[uid] ?? uid),
      'transfer syntaxes',
    ),
  ];
  return [`series ${name}: ${facts.join(', ')}`, geometryOf(files), takenBy(files)].join('; ');
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** The value that all files share, or the first value and the number of different values. */
function fewOf(values: readonly string[], plural: string): string {
  const [first = '', ...others] = distinct(values);
  return others.length === 0 ? first : `${first} (one of ${others.length + 1} ${plural})`;
}

function matrixOf({ Rows, Columns, NumberOfFrames = 1 }: IndexedFile): string {
  if (Rows === undefined || Columns === undefined) return 'no pixels';
  return `${Rows} × ${Columns}${NumberOfFrames === 1 ? '' : ` × ${NumberOfFrames} frames`}`;
}

/** The images in the series, and whether the slices of its first volume form a regular grid. */
function geometryOf(files: readonly IndexedFile[]): string {
  const [{ StudyInstanceUID = '' } = {}] = files;
  const images = groupImages({ StudyInstanceUID, instances: uniqueInstances(files) });
  if (files.every(({ writtenByHilum }) => writtenByHilum === true)) return 'written by Hilum';
  if (images.length === 0) return `no image for a tool: ${fewOf(files.map(objectKind), 'kinds')}`;
  const volumes = images.filter(({ kind }) => kind === 'volume');
  const radiographs = images.length - volumes.length;
  return [
    ...(radiographs === 0 ? [] : [radiographs === 1 ? 'a radiograph' : `${radiographs} radiographs`]),
    ...(volumes.length > 1 ? [`${volumes.length} volumes, the first:`] : []),
    ...volumes.slice(0, 1).map(verdictOn),
  ].join(' ');
}

const uniqueInstances = (files: readonly IndexedFile[]): readonly InstanceIndex[] => [
  ...new Map(files.map((file) => [file.SOPInstanceUID, file])).values(),
];

function verdictOn(volume: ImageIndex): string {
  try {
    const { frames, spacingMm } = volumeGeometry(imageFrames(volume));
    const apart = (volume.aside ?? []).map(
      ({ instances, reason }) => `; ${instances.length} left out (${reason.code})`,
    );
    return `volume of ${frames.length} slices, ${Number(spacingMm[2].toFixed(2))} mm apart${apart.join('')}`;
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    return `no volume: ${error.message} (${error.code})`;
  }
}

const MOST_REASONS = 3;

/** `brain-tissue: only MR is read by this tool`. Empty if the series holds no image, because the line already says so. */
const reasonIn = ({ id, reason }: IndexedFile['tools'][number]): readonly string[] =>
  reason === undefined || reason.code === 'no-image' ? [] : [`${id}: ${reason.message.replace(/\.$/, '')}`];

/** The tools that take an image of the series, or else the reasons why none does. */
function takenBy(files: readonly IndexedFile[]): string {
  const judgements = files.flatMap(({ tools }) => tools);
  const takers = distinct(judgements.filter(({ suitable }) => suitable).map(({ id }) => id));
  if (takers.length > 0) return `${takers.join(' and ')} ${takers.length === 1 ? 'takes' : 'take'} it`;
  const refusals = judgements.filter(({ reason }) => reason !== undefined);
  // Tools for this kind of image give better reasons than tools for another kind.
  const near = refusals.filter(({ reason }) => reason?.code !== 'wrong-kind');
  const reasons = distinct((near.length > 0 ? near : refusals).flatMap(reasonIn));
  return reasons.length === 0 ? 'no tool takes it' : `no tool takes it (${reasons.slice(0, MOST_REASONS).join('; ')})`;
}
