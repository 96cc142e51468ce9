/** Why an object may not leave: a rule by name, and where in the object it is broken. Never a value. */
import type { DicomWriteError } from '#dicom/error.ts';
import { RefusedObjectError } from '../errors.ts';
import type { DicomObject } from '../results/dicom-object.ts';

/** Every rule of the gate, as people read it. The names are stable; scripts may rely on them. */
export const RULES = {
  'sop-class-not-of-kind': 'not a SOP Class of its kind',
  'uid-differs': 'a UID differs from the one that the object is known by',
  'uid-repeated': 'an object has the UID of another, or a series that of a series of the source',
  'other-study': 'it belongs to another study than its source',
  'type-1-missing': 'an attribute of Type 1 has no value',
  'type-1c-missing': 'an attribute of Type 1C has no value although its condition holds',
  'type-2-missing': 'an attribute of Type 2 is absent',
  'type-2c-missing': 'an attribute of Type 2C is absent although its condition holds',
  'not-in-iod': 'an attribute that the IOD does not have at this place',
  'not-enumerated': 'a value that is none of the enumerated ones',
  'code-ambiguous': 'a code with more than one of Code Value, Long Code Value and URN Code Value',
  'pixel-length': 'the pixel data is not as long as its description says',
  'pixel-description': 'the attributes that describe the pixels contradict each other',
  'frame-count': 'Number of Frames is not the number of the frames that are described',
  'functional-group-place': 'a functional group is neither shared nor in every frame, or is both',
  'dimension-index': 'the dimension indices are not those of the frames',
  'segment-number': 'segments are not numbered from 1, or a number names none',
  'frame-position': 'a mask does not lie where the frame lies that it was drawn on',
  'document-length': 'the encapsulated document is no PDF, or not as long as it says',
  'value-type': 'a content item whose value type the IOD does not have',
  relationship: 'a relationship that the IOD does not allow between its content items',
  'template-content': 'the content lacks what its template asks for',
  'graphic-data': 'the graphic data does not fit its graphic type or its image',
  'unresolved-reference': 'it refers to an instance that is neither in the source nor in the result',
  'reference-sop-class': 'it refers to an instance by a SOP Class that is not its own',
  'reference-hierarchy': 'it refers to an instance under a series or study that is not its own',
  'reference-frame': 'it refers to a frame or segment that is not there, or names no frame of several',
  'not-in-evidence': 'the content refers to an instance that the evidence does not list',
  'viewer-segmentation-type': 'viewers show BINARY segmentations only',
  'viewer-mixed-groups': 'viewers show nothing of a report that mixes planar regions with other groups',
  'viewer-polygon': 'viewers know no POLYGON in space',
  'viewer-document-title': 'viewers list a document by its title',
  'not-marked-ours': 'it does not say that Hilum made it',
  'research-only-missing': 'it does not say that it is for research only',
  'value-representation': 'a value breaks its Value Representation',
} as const;
export type Rule = keyof typeof RULES;

/** An item of a sequence on the way to an attribute; `number` is 1-based. */
export interface Place {
  readonly within: Place | undefined;
  readonly sequence: string;
  readonly number: number;
}

/** Ends the checks of an object. `keyword` is the attribute that breaks the rule, in the item at `place`. */
export type Refuse = (rule: Rule, keyword?: string, place?: Place) => never;

/** @returns a function that throws `RefusedObjectError` about `object`; the sentence of a `cause` of ours is told too */
export function refuseObject(object: DicomObject, cause?: DicomWriteError): Refuse {
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
