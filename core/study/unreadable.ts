/** Sentences about header values that cannot be read. They name the attribute and the fault, and never the value. */
import { lookup } from '#dicom/dictionary.ts';
import type { Reason } from '../errors.ts';
import type { FrameHeader } from './frames.ts';
import type { ImageIndex } from './study-index.ts';

/** PS3.6's names, where they are not the words of the keyword. */
const NAMES: Readonly<Record<string, string>> = {
  ImagePositionPatient: 'Image Position (Patient)',
  ImageOrientationPatient: 'Image Orientation (Patient)',
  GantryDetectorTilt: 'Gantry/Detector Tilt',
  FrameOfReferenceUID: 'Frame of Reference UID',
  NumberOfFrames: 'Number of Frames',
  RescaleSlope: 'Rescale Slope',
  KVP: 'KVP',
};
/** Attributes of the index that single-frame images say elsewhere. Those of frames are binary numbers, which can always be read. */
const SAID_AS: Readonly<Record<string, string>> = {
  EffectiveEchoTime: 'EchoTime',
  TemporalPositionIndex: 'TemporalPositionIdentifier',
};

/** `Pixel Spacing (0028,0030)`. */
export function attributeName(name: string): string {
  const keyword = SAID_AS[name] ?? name;
  const words = NAMES[keyword] ?? keyword.replace(/([a-z])([A-Z])/g, '$1 $2');
  const { tag } = lookup(keyword) ?? {};
  return tag === undefined ? words : `${words} (${tag.slice(0, 4)},${tag.slice(4)})`;
}

/** Why the attribute of a header cannot be read, as a sentence without a full stop; undefined where it can, or says nothing. */
export function unreadable(frame: Pick<FrameHeader, 'unreadable'>, name: string): string | undefined {
  const fault = frame.unreadable?.[name];
  return fault === undefined ? undefined : `${attributeName(name)} cannot be read: ${wordsOf(fault, name)}`;
}

function wordsOf(fault: string, name: string): string {
  const [, count] = /^count-(\d+)$/.exec(fault) ?? [];
  if (count !== undefined) {
    const { vm = '1' } = lookup(SAID_AS[name] ?? name) ?? {};
    return `it has ${count === '1' ? '1 value' : `${count} values`} instead of ${vm}`;
  }
  return FAULTS[fault] ?? 'it breaks its Value Representation';
}

const FAULTS: Readonly<Record<string, string>> = {
  'not-a-number': 'it is not a number',
  'ambiguous-comma': 'its comma may be a decimal comma or separate thousands',
  negative: 'it is below zero',
  'not-a-uid': 'it is not a UID',
  'unknown-words': 'it has none of the terms in use for it',
};

/** Attributes by which pixels are measured. How they were read is told with the result. */
const MEASURING = [
  ...['PixelSpacing', 'ImagerPixelSpacing', 'SliceThickness', 'ImagePositionPatient', 'ImageOrientationPatient'],
  ...['RescaleSlope', 'RescaleIntercept'],
];
const ODDITIES: Readonly<Record<string, string>> = {
  'decimal-comma': 'is written with a decimal comma, and was read so',
  'other-vr': 'has a Value Representation for text, and was read as a number',
};

/** What was read although it breaks PS3.5, of the attributes by which the image is measured. */
export function readingNotes({ instances }: Pick<ImageIndex, 'instances'>): readonly Reason[] {
  return MEASURING.flatMap((name) => {
    const oddity = instances.map(({ odd }) => odd?.[name]).find((found) => found !== undefined);
    const words = ODDITIES[oddity ?? ''];
    return words === undefined ? [] : [{ code: 'odd-header', message: `${attributeName(name)} ${words}` }];
  });
}
