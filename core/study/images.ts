/** From instances to images. A tool is asked about images. */
import { apartByKind } from './claims.ts';
import { distinctInstances } from './distinct-instances.ts';
import { type FrameHeader, frameHeaders, frameReference } from './frames.ts';
import { ENHANCED } from './functional-groups.ts';
import { joinPieces } from './join-pieces.ts';
import { seriesVolumes } from './series-volumes.ts';
import { splitFrames } from './split-frames.ts';
import type { ImageIndex, InstanceIndex, StudyIndex } from './study-index.ts';

/**
 * Raised when the same instances give other images: earlier judgements must then be made again (`edge/wanted.ts`).
 */
export const IMAGES_VERSION = 5;

/** Single-frame cross-sectional images: CT, MR and PET Image Storage (PS3.4 B.5). */
export const CROSS_SECTIONAL: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.2',
  '1.2.840.10008.5.1.4.1.1.4',
  '1.2.840.10008.5.1.4.1.1.128',
]);
/** Projection radiographs: CR; DX, mammography and intra-oral X-ray, for presentation and for processing (PS3.4 B.5). */
export const PROJECTION: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.2',
  '1.2.840.10008.5.1.4.1.1.1.2.1',
  '1.2.840.10008.5.1.4.1.1.1.3',
  '1.2.840.10008.5.1.4.1.1.1.3.1',
]);

/**
 * Multi-frame images whose frames are placed by vectors and not by functional groups (PS3.3 C.8.4): Nuclear Medicine. They
 * count as images, so a tool can be asked about them and the run says why they make no volume.
 */
const PLACED_BY_VECTORS = new Set(['1.2.840.10008.5.1.4.1.1.20']);

/**
 * The images of a study, by SeriesInstanceUID: a volume for the cross-sectional instances of each series, volumes for the
 * frames of each enhanced image, a radiograph for each projection. No image contains localizers, objects that Hilum wrote, or
 * objects of other SOP Classes (e.g. Secondary Captures of slices, whose units nobody knows).
 *
 * A series whose slices lie on top of each other or alternate is split by AcquisitionNumber, by what the slices show, or by time,
 * where that explains it (scans before and after contrast, the echoes of an MR). Slices of different kinds by their header (a MIP filed
 * with its source) are never together. The rotations of one sweep stay together. Otherwise the series stays whole, and loading
 * reports the fault. `split-frames.ts` splits the frames of enhanced images, `series-volumes.ts` leaves out pixel twins and the
 * odd image, `join-pieces.ts` joins what was one scan, and `distinct-instances.ts` marks series whose SOP Instance UIDs are not
 * unique.
 */
export function groupImages(study: StudyIndex): readonly ImageIndex[] {
  const sources = study.instances.filter((instance) => instance.writtenByHilum !== true);
  const { instances: distinct, faults, notes } = distinctInstances(sources);
  const series = Map.groupBy(distinct, (instance) => instance.SeriesInstanceUID);
  const images = [...series.keys()].toSorted().flatMap((SeriesInstanceUID) => {
    const instances = series.get(SeriesInstanceUID) ?? [];
    const objects = Map.groupBy(
      instances.filter(({ SOPClassUID }) => ENHANCED.has(SOPClassUID) || PLACED_BY_VECTORS.has(SOPClassUID)),
      ({ ConcatenationUID, SOPInstanceUID }) => ConcatenationUID ?? SOPInstanceUID,
    );
    const enhanced = [...objects.values()].flatMap(imagesOfObject);
    const radiographs = instances
      .filter((instance) => PROJECTION.has(instance.SOPClassUID))
      .map((instance) => imageOf('radiograph', [instance]));
    const found = [...apartByKind(instances.filter(isSlice)).flatMap(volumesOf), ...enhanced, ...radiographs];
    const [fault, note] = [faults.get(SeriesInstanceUID), notes.get(SeriesInstanceUID)];
    return found.flatMap((image): readonly ImageIndex[] => {
      if (image === undefined) return [];
      const said = note === undefined ? image : { ...image, notes: [...(image.notes ?? []), note] };
      return [fault === undefined ? said : { ...said, fault }];
    });
  });
  const [sound, faulty] = [images.filter(({ fault }) => !fault), images.filter(({ fault }) => fault)];
  return [...joinPieces(sound), ...faulty];
}

/** The volumes of a series' single-frame slices of one kind. What was set aside is told with the largest of them. */
function volumesOf(slices: readonly InstanceIndex[]): readonly (ImageIndex | undefined)[] {
  const { volumes, aside, notes } = seriesVolumes(slices);
  const sizes = volumes.map(({ length }) => length);
  const largest = sizes.indexOf(Math.max(...sizes));
  return volumes.map((members, i) => {
    const volume = imageOf('volume', members);
    return (
      volume && {
        ...volume,
        ...(aside.length > 0 && i === largest && { aside }),
        ...(notes.length > 0 && { notes }),
      }
    );
  });
}

/** SOP Instance UIDs of the images' instances, each once: several volumes may be frames of one instance. */
export function instanceUidsOf(images: readonly ImageIndex[]): readonly string[] {
  return [...new Set(images.flatMap((image) => image.instances.map(({ SOPInstanceUID }) => SOPInstanceUID)))];
}

function isSlice(instance: InstanceIndex): boolean {
  return CROSS_SECTIONAL.has(instance.SOPClassUID) && instance.ImageType?.includes('LOCALIZER') !== true;
}

/**
 * The images of one enhanced object: an instance, or the instances of a concatenation in order (PS3.3 C.7.6.16). Without an
 * index of its frames the object stays whole, and loading says why it makes no volume.
 */
function imagesOfObject(parts: readonly InstanceIndex[]): readonly (ImageIndex | undefined)[] {
  const ordered = parts.toSorted((a, b) => (a.InConcatenationNumber ?? 0) - (b.InConcatenationNumber ?? 0));
  if (ordered.some(({ frames }) => frames === undefined)) return [imageOf('volume', ordered)];
  return splitFrames(ordered.flatMap(frameHeaders)).map((frames) => imageOfFrames(ordered, frames));
}

function imageOfFrames(parts: readonly InstanceIndex[], frames: readonly FrameHeader[]): ImageIndex | undefined {
  const image = imageOf('volume', parts);
  return image === undefined ? undefined : { ...image, frames: frames.map(frameReference) };
}

function imageOf(kind: ImageIndex['kind'], instances: readonly InstanceIndex[]): ImageIndex | undefined {
  const [first] = instances;
  if (first === undefined) return undefined;
  const { StudyInstanceUID, SeriesInstanceUID, Modality = 'OT' } = first;
  return { kind, StudyInstanceUID, SeriesInstanceUID, Modality, instances };
}
