/** The meaning of each refusal's code. The types ensure that no code is missing. */
import type { GeometryErrorCode } from '#core/errors.ts';
import type { DicomReadErrorCode } from '#dicom/error.ts';

/** For files that cannot be read as DICOM or decoded (`DicomReadError`). */
export const READ_REFUSALS: Readonly<Record<DicomReadErrorCode, string>> = {
  'not-dicom': 'The file has no preamble and prefix (PS3.10 7.1). The encoding of a bare data set is not guessed.',
  truncated: 'The file ends before the end of an element that it declares.',
  'missing-uid': 'SOP Class, SOP Instance, Study Instance or Series Instance UID is absent or empty.',
  'invalid-uid':
    'One of these holds other characters than digits and dots, or more than 64. Any root, empty components and leading zeros are accepted.',
  'unsupported-transfer-syntax':
    'The Transfer Syntax is private, points to pixels elsewhere (JPIP), or has no decoder here.',
  'unsupported-pixel-format': 'The description of the pixels is incomplete, or Hilum cannot read pixels of this kind.',
  'corrupt-pixel-data':
    'The pixel data is shorter than described, or a compressed frame is broken or does not match the description.',
  'no-pixel-data': 'Pixels are requested from an object without pixels.',
  'limit-exceeded': 'A size, depth or count is beyond a limit, or decoding took too long. Nothing is allocated first.',
  'not-hounsfield':
    'The header of a CT slice neither says that the rescale gives Hounsfield units, nor matches what scanners write for Hounsfield units.',
  malformed: 'The structure violates PS3.5 and cannot be read with certainty.',
};

/** For series whose slices do not make a volume that may be measured (`GeometryError`). */
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
  'functional-groups': 'The functional groups of a multi-frame instance do not describe each frame once.',
  'incomplete-concatenation': 'A part of a concatenation is missing or duplicated.',
};

/** For whole runs and single images. */
export const OTHER_REFUSALS = {
  'not-suitable': "The image breaks a rule of the tool's selection; the reason says which, in words.",
  'not-the-scan':
    'By its header, the image is a projection, a material image, a map or of another kind that the tool does not accept (`core/study/kinds.ts`).',
  'unreadable-header':
    'An attribute that the voxels need is there and cannot be read; the reason names it and what is wrong.',
  'contradictory-header': 'Two attributes of the header cannot both be true; the reason names them.',
  'no-image': 'The study, series or file holds no image for tools; the reason says what it holds.',
  'wrong-kind': 'The tool takes volumes and the image is a radiograph, or vice versa.',
  'not-preferred': 'The tool takes one image of a study, and another one suits it better or as well.',
  interspaced: 'Thin slices are far apart, and another series of the study shows the tissue between them.',
  'not-tried':
    'The tool takes one image of a study. Those before it could not be evaluated, and there was no time for it.',
  'duplicate-uid':
    'Different images of a study have one SOP Instance UID. Series that hold any of them are not evaluated.',
  'copied-series': 'The series holds copies of images of another series, with the same SOP Instance UIDs.',
  'pixel-twin':
    'The image was sent twice: another one has the same place and the same pixels. One of them is evaluated.',
  'lossy-copy':
    'The image was sent twice, once compressed with loss. That copy is left out, and the image without loss is evaluated.',
  'odd-image':
    'One image, or one in fifty, differs from the others of its series in orientation, size, frame of reference or place. It is left out.',
  'invalid-dicom-object': 'An object to be written violates a rule of the output gate or of its Value Representations.',
  'tool-retired': 'The tool is retired and takes no new images; results that it delivered before stay.',
  'tool-failed': 'The tool failed with an error of its own.',
  'tool-timeout': 'The tool did not finish before its deadline.',
  'archive-store-failed': 'The archive refused an object or failed to store it.',
  'content-conflict': 'The archive holds an object of the same UID with other content.',
} as const;
