/** What a study holds that holds no image for tools, in words: a reason must say what was found. */
import type { Reason } from '../errors.ts';
import { CROSS_SECTIONAL, PROJECTION } from './images.ts';
import type { InstanceIndex } from './study-index.ts';

type Described = Partial<Pick<InstanceIndex, 'SOPClassUID' | 'ImageType' | 'writtenByHilum'>>;

/**
 * What objects are, by their SOP Class (PS3.6 A), the beginning of which a family shares; with the words for several. A
 * Secondary Capture is a picture of an image: what its grey values and millimetres are, nobody knows.
 */
const FAMILIES: readonly (readonly [sopClass: string, kind: string, many: string])[] = [
  ['1.2.840.10008.5.1.4.1.1.7', 'Secondary Capture', 'Secondary Captures'],
  ['1.2.840.10008.5.1.4.1.1.3', 'ultrasound', 'ultrasound images'],
  ['1.2.840.10008.5.1.4.1.1.3.1', 'ultrasound', 'ultrasound images'],
  ['1.2.840.10008.5.1.4.1.1.6', 'ultrasound', 'ultrasound images'],
  ['1.2.840.10008.5.1.4.1.1.9', 'waveform', 'waveforms'],
  ['1.2.840.10008.5.1.4.1.1.11', 'presentation state', 'presentation states'],
  ['1.2.840.10008.5.1.4.1.1.12', 'X-ray angiography or fluoroscopy', 'images of X-ray angiography or fluoroscopy'],
  ['1.2.840.10008.5.1.4.1.1.13', 'X-ray 3D image', 'X-ray 3D images'],
  ['1.2.840.10008.5.1.4.1.1.30', 'parametric map', 'parametric maps'],
  ['1.2.840.10008.5.1.4.1.1.66.1', 'spatial registration', 'spatial registrations'],
  ['1.2.840.10008.5.1.4.1.1.66.3', 'spatial registration', 'spatial registrations'],
  ['1.2.840.10008.5.1.4.1.1.66.4', 'segmentation', 'segmentations'],
  ['1.2.840.10008.5.1.4.1.1.66.5', 'segmentation', 'segmentations'],
  ['1.2.840.10008.5.1.4.1.1.66.7', 'segmentation', 'segmentations'],
  ['1.2.840.10008.5.1.4.1.1.66', 'raw data', 'raw data objects'],
  ['1.2.840.10008.5.1.4.1.1.67', 'real world value mapping', 'real world value mappings'],
  ['1.2.840.10008.5.1.4.1.1.77.1', 'visible light', 'visible light images or videos'],
  ['1.2.840.10008.5.1.4.1.1.88.59', 'key object selection', 'key object selections'],
  ['1.2.840.10008.5.1.4.1.1.88', 'structured report', 'structured reports'],
  ['1.2.840.10008.5.1.4.1.1.104', 'encapsulated document', 'encapsulated documents'],
  ['1.2.840.10008.5.1.4.1.1.481', 'radiotherapy object', 'radiotherapy objects'],
  ['1.2.840.10008.5.1.4.1.1.501', 'tomographic image of industry', 'tomographic images of industry'],
];

/** What an object is that makes no image for tools, in the singular. */
export function objectKind(instance: Described): string {
  return familyOf(instance)[0];
}

function familyOf({ SOPClassUID = '', ImageType, writtenByHilum }: Described): readonly [one: string, many: string] {
  if (writtenByHilum === true) return ['written by Hilum', 'objects written by Hilum'];
  const [, kind, many] = FAMILIES.find(([uid]) => `${SOPClassUID}.`.startsWith(`${uid}.`)) ?? [];
  if (kind !== undefined && many !== undefined) return [kind, many];
  if (ImageType?.includes('LOCALIZER') === true) return ['localizer', 'localizers'];
  if (CROSS_SECTIONAL.has(SOPClassUID) || PROJECTION.has(SOPClassUID)) return ['image', 'images'];
  const unknown = `Hilum does not read the SOP Class ${SOPClassUID}`;
  return [unknown, `objects of the SOP Class ${SOPClassUID}, which Hilum does not read`];
}

/** The most kinds that a reason lists. */
const MOST_KINDS = 4;

/**
 * The reason for instances that make no image.
 *
 * @param what what holds them, e.g. `The study`
 */
export function noImage(what: string, instances: readonly Described[]): Reason {
  const families = Map.groupBy(instances, (instance) => familyOf(instance)[1]);
  const kinds = [...families].toSorted(([, a], [, b]) => b.length - a.length);
  const listed = kinds.slice(0, MOST_KINDS).map(([many, members]) => `${many} (${members.length})`);
  const more = kinds.length > MOST_KINDS ? [`${kinds.length - MOST_KINDS} other kinds`] : [];
  const only = kinds.length === 0 ? '' : `, only ${[...listed, ...more].join(', ')}`;
  const units = families.has('Secondary Captures')
    ? '; what the pixels of a Secondary Capture measure is not known'
    : '';
  return { code: 'no-image', message: `${what} holds no image that a tool could take${only}${units}.` };
}
