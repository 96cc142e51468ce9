/** Why an object is refused: the name of a rule, and the place in the object that breaks it. Never a value. */
import type { DicomError } from '#dicom/error.ts';
import { RefusedObjectError } from '../errors.ts';
import type { DicomObject } from '../results/dicom-object.ts';

/** Every rule of the gate, in words. The names are stable, and scripts may rely on them. */
export const RULES = {
  'sop-class-not-of-kind': 'the SOP Class does not belong to this kind of object',
  'uid-differs': 'a UID differs from the UID under which the object is listed',
  'uid-repeated': 'the UID of another object, or of a series of the source, is used again',
  'other-study': 'the object belongs to another study than its source',
  'type-1-missing': 'an attribute of Type 1 has no value',
  'type-1c-missing': 'an attribute of Type 1C has no value although its condition holds',
  'type-2-missing': 'an attribute of Type 2 is absent',
  'type-2c-missing': 'an attribute of Type 2C is absent although its condition holds',
  'not-in-iod': 'the IOD does not have the attribute at this place',
  'not-enumerated': 'a value is not one of the Enumerated Values',
  'code-ambiguous': 'a code has more than one of Code Value, Long Code Value and URN Code Value',
  'pixel-length': 'the length of the pixel data differs from its description',
  'pixel-description': 'the attributes that describe the pixels contradict each other',
  'frame-count': 'Number of Frames differs from the number of described frames',
  'functional-group-place': 'a functional group is neither shared nor in every frame, or it is both',
  'dimension-index': 'the dimension indices do not fit the frames',
  'segment-number': 'segments are not numbered from 1, or a number refers to no segment',
  'frame-position': 'a frame of a mask does not lie on its source frame',
  'document-length': 'the encapsulated document is not a PDF, or its declared length is wrong',
  'value-type': 'the IOD does not have the value type of a content item',
  relationship: 'the IOD does not allow the relationship between two content items',
  'template-content': 'the content lacks something that its template requires',
  'graphic-data': 'the graphic data does not fit its graphic type or its image',
  'unresolved-reference': 'the object refers to an instance that is neither in the source nor in the result',
  'reference-sop-class': 'a reference gives another SOP Class than the instance has',
  'reference-hierarchy': 'a reference gives another series or study than the instance belongs to',
  'reference-frame': 'a reference names a missing frame or segment, or no frame where there are several',
  'not-in-evidence': 'the content refers to an instance that the evidence does not list',
  'replaced-not-named': 'the object does not name what it replaces, or names something that it does not replace',
  'viewer-segmentation-type': 'viewers show BINARY segmentations only',
  'viewer-mixed-groups': 'viewers show nothing of a report that mixes planar regions with other groups',
  'sound-with-findings': 'a report mixes sound findings with others, and readers take everything drawn for a finding',
  'viewer-polygon': 'viewers cannot draw a POLYGON in space',
  'viewer-document-title': 'the document has no title, and viewers list documents by title',
  'not-marked-ours': 'the object does not say that Hilum made it',
  'research-only-missing': 'the object does not say that it is for research use only',
  'value-representation': 'a value violates its Value Representation',
  unreadable: "Hilum's own reader refuses the file",
} as const;
export type Rule = keyof typeof RULES;

/** An item of a sequence on the path to an attribute. `number` is 1-based. */
export interface Place {
  readonly within: Place | undefined;
  readonly sequence: string;
  readonly number: number;
}

/** Ends the checks of an object. `keyword` is the attribute that breaks the rule, in the item at `place`. */
export type Refuse = (rule: Rule, keyword?: string, place?: Place) => never;

/** @returns a function that throws `RefusedObjectError` about `object`; its message includes the sentence of our own `cause` */
export function refuseObject(object: DicomObject, cause?: DicomError): Refuse {
  return (rule, keyword, place) => {
    const { kind, SOPInstanceUID } = object;
    const path = [...pathOf(place), ...(keyword === undefined ? [] : [keyword])].join('.');
    const what = `${RULES[rule]} (${path === '' ? rule : `${rule}: ${path}`})${cause ? `; ${cause.message}` : ''}`;
    throw new RefusedObjectError(object, `The ${kind} object fails the output gate: ${what}`, {
      cause,
      facts: { kind, SOPInstanceUID, rule, ...(keyword !== undefined && { keyword }), ...(path !== '' && { path }) },
    });
  };
}

function pathOf(place: Place | undefined): readonly string[] {
  return place === undefined ? [] : [...pathOf(place.within), `${place.sequence}[${place.number}]`];
}
