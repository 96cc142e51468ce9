/** From instances to images: what a tool can be asked about. */
import type { ImageIndex, InstanceIndex, StudyIndex } from './study-index.ts';

/** Single-frame cross-sectional images: CT, MR and PET Image Storage (PS3.4 B.5). */
export const CROSS_SECTIONAL: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.2',
  '1.2.840.10008.5.1.4.1.1.4',
  '1.2.840.10008.5.1.4.1.1.128',
]);
/** Projection radiographs: CR, and DX, mammography and intra-oral X-ray for presentation and for processing (PS3.4 B.5). */
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
 * The images of a study, by SeriesInstanceUID: a volume for the cross-sectional instances of each series, a radiograph for
 * each projection. Localizers, objects of other SOP Classes and what Hilum wrote itself are in none.
 *
 * A series whose slices lie on top of each other is taken apart by AcquisitionNumber where that explains it (a scan before
 * and after contrast in one series); otherwise it stays whole and loading says what is wrong with it.
 */
export function groupImages(study: StudyIndex): readonly ImageIndex[] {
  const sources = study.instances.filter((instance) => instance.writtenByHilum !== true).toSorted(bySopInstance);
  const series = Map.groupBy(sources, (instance) => instance.SeriesInstanceUID);
  return [...series.keys()].toSorted().flatMap((SeriesInstanceUID) => {
    const instances = series.get(SeriesInstanceUID) ?? [];
    const slices = instances.filter(isSlice);
    const volumes = splitAcquisitions(slices).map((members) => imageOf('volume', members));
    const radiographs = instances
      .filter((instance) => PROJECTION.has(instance.SOPClassUID))
      .map((instance) => imageOf('radiograph', [instance]));
    return [...volumes, ...radiographs].filter((image) => image !== undefined);
  });
}

function isSlice(instance: InstanceIndex): boolean {
  return CROSS_SECTIONAL.has(instance.SOPClassUID) && instance.ImageType?.includes('LOCALIZER') !== true;
}

function imageOf(kind: ImageIndex['kind'], instances: readonly InstanceIndex[]): ImageIndex | undefined {
  const [first] = instances;
  if (first === undefined) return undefined;
  const { StudyInstanceUID, SeriesInstanceUID, Modality = 'OT' } = first;
  return { kind, StudyInstanceUID, SeriesInstanceUID, Modality, instances };
}

function splitAcquisitions(slices: readonly InstanceIndex[]): readonly (readonly InstanceIndex[])[] {
  if (!hasDuplicates(slices)) return [slices];
  const acquisitions = Map.groupBy(slices, (instance) => instance.AcquisitionNumber ?? 0);
  const parts = [...acquisitions].toSorted(([a], [b]) => a - b).map(([, members]) => members);
  return parts.some(hasDuplicates) ? [slices] : parts;
}

/** Whether two slices have the same position and orientation, to a hundredth of a millimetre. */
function hasDuplicates(slices: readonly InstanceIndex[]): boolean {
  const places = slices
    .map(({ ImagePositionPatient, ImageOrientationPatient }) =>
      [...(ImagePositionPatient ?? []), ...(ImageOrientationPatient ?? [])].map((value) => value.toFixed(2)).join(),
    )
    .filter((place) => place !== '');
  return new Set(places).size < places.length;
}

function bySopInstance(a: InstanceIndex, b: InstanceIndex): number {
  return a.SOPInstanceUID < b.SOPInstanceUID ? -1 : Number(a.SOPInstanceUID > b.SOPInstanceUID);
}
