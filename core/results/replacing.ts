/** How the objects of a set name those that they replace: an older answer of the same tool in the same study. */
import { Replaced } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { codeItem, HILUM_CODES, hierarchy, reference } from './common.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { Referenced, SourceStudy } from './source-study.ts';

type About = Pick<SourceStudy, 'StudyInstanceUID' | 'replaces'>;

const REPORTS: ReadonlySet<string> = new Set([
  SOP_CLASS.comprehensiveSr,
  SOP_CLASS.comprehensive3dSr,
  SOP_CLASS.enhancedSr,
]);
const DOCUMENTS: ReadonlySet<string> = new Set([...REPORTS, SOP_CLASS.encapsulatedPdf]);

/**
 * The documents that a report or a PDF replaces. A Structured Report refers to reports only (PS3.3 C.17.2), an encapsulated document to
 * any (C.24.2).
 */
export function predecessorsOf(source: About, SOPClassUID: string): readonly Referenced[] {
  const named = REPORTS.has(SOPClassUID) ? REPORTS : DOCUMENTS;
  return replacedObjects(source).filter((one) => named.has(one.SOPClassUID));
}

/** Predecessor Documents Sequence (0040,A360); absent where there are none. */
export function predecessors(source: SourceStudy, SOPClassUID: string): Attributes {
  const earlier = predecessorsOf(source, SOPClassUID);
  return earlier.length === 0 ? {} : { PredecessorDocumentsSequence: hierarchy(source, earlier) };
}

/** The objects that an image replaces: those of its own class, or all of them where the older answer had none. */
export function replacedBy(source: About, SOPClassUID: string): readonly Referenced[] {
  return (source.replaces ?? []).flatMap(({ objects }) => {
    const alike = objects.filter((one) => one.SOPClassUID === SOPClassUID);
    return alike.length > 0 ? alike : objects;
  });
}

/**
 * Referenced Instance Sequence (0008,114A) of General Reference (C.12.4); absent where nothing is replaced. DICOM has a code for replaced
 * reports (CID 7009) and none for other objects: the purpose is a code of ours.
 */
export function replacedInstances(source: SourceStudy, SOPClassUID: string): Attributes {
  const replaced = replacedBy(source, SOPClassUID);
  if (replaced.length === 0) return {};
  return {
    CodingSchemeIdentificationSequence: [HILUM_CODES],
    ReferencedInstanceSequence: replaced.map((one) => ({
      ...reference(one),
      PurposeOfReferenceCodeSequence: [codeItem(Replaced)],
    })),
  };
}

/** All objects of the replaced sets. */
export const replacedObjects = ({ replaces = [] }: Pick<SourceStudy, 'replaces'>): readonly Referenced[] =>
  replaces.flatMap(({ objects }) => objects);
