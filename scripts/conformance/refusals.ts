/** The meaning of each refusal's code. The types ensure that no code is missing. */
import type { GeometryErrorCode } from '#core/errors.ts';
import type { DicomReadErrorCode } from '#dicom/error.ts';

/** Refusals of files that cannot be read as DICOM or decoded (`DicomReadError`). */
export const READ_REFUSALS: Readonly<Record<DicomReadErrorCode, string>> = {
  'not-dicom': 'The file has no preamble and prefix (PS3.10 7.1). The encoding of a bare data set is not guessed.',
  truncated: 'The file ends before the end of an element that it declares.',
  'missing-uid': 'SOP Class, SOP Instance, Study Instance or Series Instance UID is absent or empty.',
  'invalid-uid':
    'One of these UIDs is not valid or longer than 64 characters. Components with leading zeros are accepted.',
  'unsupported-transfer-syntax':
    'The Transfer Syntax is private, refers to pixels elsewhere (JPIP), or has no decoder in Hilum.',
  'unsupported-pixel-format':
    'Attributes that describe the pixels are missing, or describe a format that is not supported.',
  'corrupt-pixel-data':
    'Pixel Data are shorter than described, a compressed frame is damaged, or its size or depth differs from the description.',
  'no-pixel-data': 'Pixels are needed, but the object has none.',
  'limit-exceeded':
    'A size, depth or count exceeds a limit, or decoding took too long. Limits are checked before allocation.',
  'not-hounsfield':
    'The Rescale Type of a CT slice is not HU, and slope and intercept are not those that scanners use for Hounsfield units.',
  malformed: 'The structure contradicts PS3.5 in a way that has no unambiguous reading.',
};

/** Refusals of series whose slices do not form a volume that can be measured (`GeometryError`). */
export const GEOMETRY_REFUSALS: Readonly<Record<GeometryErrorCode, string>> = {
  'missing-geometry':
    'A slice has no usable Image Position (Patient), Image Orientation (Patient) or Frame of Reference UID.',
  'mixed-orientation': 'The slices do not all have the same orientation.',
  'mixed-matrix': 'The slices do not all have the same Rows, Columns or Pixel Spacing.',
  'missing-slices': 'One or more slices are missing between others.',
  'variable-spacing': 'The distance between slices varies.',
  'duplicate-slices': 'Several slices have the same position.',
  'gantry-tilt': 'The slices are shifted against their normal, as with a tilted gantry.',
  'too-few-slices': 'There are fewer slices than a volume needs.',
  'pixel-spacing-unknown': 'The distance between pixels is not known, so nothing can be measured.',
  'functional-groups': 'The functional groups of a multi-frame instance do not describe each frame exactly once.',
  'incomplete-concatenation': 'A part of a concatenation is missing or occurs twice.',
};

/** Refusals of runs and of single images. */
export const OTHER_REFUSALS = {
  'not-suitable': "The image breaks a rule of the tool's selection; the reason names the rule.",
  'wrong-kind': 'The tool takes volumes and the image is a radiograph, or the other way round.',
  'not-preferred': 'The tool takes only one image of a study, and another image suits it better.',
  'duplicate-uid': 'Two instances of a study have the same SOP Instance UID but different bytes.',
  'invalid-dicom-object': 'A result object breaks a rule of the output gate or of its Value Representations.',
  'tool-failed': 'The tool ended with an error of its own.',
  'tool-timeout': 'The tool did not end before its deadline.',
  'archive-store-failed': 'The archive refused or failed to store an object.',
  'content-conflict': 'The archive holds an object of the same UID with different content.',
} as const;
