/**
 * The output gate: every object must pass it before it is stored. Each file here checks one subject: attributes by type
 * (`attributes.ts`, from `iod-tables.json`), frames (`multi-frame.ts`) and their position (`placement.ts`), pixels, content
 * trees and their templates, references, and what viewers need (`viewers.ts`). The writer checks values against their Value
 * Representation.
 */
import type { DicomObject } from '../results/dicom-object.ts';
import { replacedObjects } from '../results/replacing.ts';
import { RESULT_SOP_CLASSES } from '../results/sop-classes.ts';
import type { SourceStudy } from '../results/source-study.ts';
import { numbersOf, textOf } from './attribute-values.ts';
import { checkAttributes } from './attributes.ts';
import { checkContentTree, contentOf } from './content-tree.ts';
import { checkMultiFrame } from './multi-frame.ts';
import { checkPixels } from './pixels.ts';
import { checkPlacement } from './placement.ts';
import { checkReferences, type Targets, targetsOf } from './references.ts';
import { type Refuse, refuseObject } from './refusal.ts';
import { checkReplacing } from './replacing.ts';
import { checkTemplates } from './templates.ts';
import { checkViewers } from './viewers.ts';

/**
 * The last check of a result's objects before they are written.
 *
 * @throws RefusedObjectError about the first object that fails, with facts `{ kind, SOPInstanceUID, rule, keyword?, path? }`:
 * the rule by its name in `refusal.ts`, and the attribute that breaks it
 */
export function checkObjects(objects: readonly DicomObject[], source: SourceStudy): void {
  const targets = targetsOf(objects, source);
  const others = [...source.instances, ...replacedObjects(source)];
  const uids = new Set(others.map(({ SOPInstanceUID }) => SOPInstanceUID));
  const series = new Set(others.map(({ SeriesInstanceUID }) => SeriesInstanceUID));
  for (const object of objects) {
    const refuse = refuseObject(object);
    if (uids.has(object.SOPInstanceUID)) refuse('uid-repeated', 'SOPInstanceUID');
    uids.add(object.SOPInstanceUID);
    if (series.has(textOf(object.attributes['SeriesInstanceUID']) ?? '')) refuse('uid-repeated', 'SeriesInstanceUID');
    checkObject(object, source, targets, refuse);
  }
}

function checkObject(object: DicomObject, source: SourceStudy, targets: Targets, refuse: Refuse): void {
  const { kind, SOPClassUID, SOPInstanceUID, attributes } = object;
  const whole = { ...object, source };
  if (!RESULT_SOP_CLASSES.some((one) => one.kind === kind && one.SOPClassUID === SOPClassUID))
    refuse('sop-class-not-of-kind', 'SOPClassUID');
  checkAttributes(whole, refuse);
  if (attributes['SOPClassUID'] !== SOPClassUID) refuse('uid-differs', 'SOPClassUID');
  if (attributes['SOPInstanceUID'] !== SOPInstanceUID) refuse('uid-differs', 'SOPInstanceUID');
  if (textOf(attributes['StudyInstanceUID']) !== source.StudyInstanceUID) refuse('other-study', 'StudyInstanceUID');
  checkPixels(whole, refuse);
  if (kind === 'segmentation') checkMultiFrame(whole, refuse);
  if (kind === 'pdf') checkDocument(object, refuse);
  const content = contentOf(attributes);
  checkContentTree(whole, content, refuse);
  checkTemplates(content, refuse);
  checkReferences(whole, targets, refuse);
  checkReplacing(whole, refuse);
  if (kind === 'segmentation') checkPlacement(whole, refuse);
  checkViewers(whole, content, refuse);
}

/** Encapsulated Document (C.24.2): a PDF of the declared length. */
function checkDocument({ attributes }: DicomObject, refuse: Refuse): void {
  const { EncapsulatedDocument: document, EncapsulatedDocumentLength: length } = attributes;
  const bytes = document instanceof Uint8Array ? document : new Uint8Array();
  if (Buffer.from(bytes.subarray(0, 5)).toString('latin1') !== '%PDF-')
    refuse('document-length', 'EncapsulatedDocument');
  if (length !== undefined && numbersOf(length)[0] !== bytes.length)
    refuse('document-length', 'EncapsulatedDocumentLength');
}
