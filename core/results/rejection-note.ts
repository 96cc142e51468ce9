/**
 * The note that rejects a set of our own objects: a Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010) by which archives and viewers of
 * the IHE profile Imaging Object Change Management hide them (RAD TF-3 4.66).
 */
import { type CodedConcept, Dcm, English } from '#dicom/codes.ts';
import type { Dataset } from '#dicom/dataset.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import {
  codeItem,
  commonAttributes,
  hierarchy,
  type Made,
  objectUid,
  type Role,
  reference,
  seriesUid,
} from './common.ts';
import { code, text } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { SOP_CLASS } from './sop-classes.ts';
import type { ReplacedSet, SourceStudy } from './source-study.ts';
import { observer } from './sr-document.ts';

/** Why a set is rejected: a newer answer takes its place, or it was stored under an identity that was wrong. */
export type RejectionReason = 'superseded' | 'wrong-identity';

interface Note {
  readonly role: Role;
  /** Of CID 7010. */
  readonly title: CodedConcept;
  readonly description: string;
}

const NOTES = {
  superseded: {
    role: 'rejection-note',
    title: Dcm.rejectedForQuality,
    description: 'A newer answer of the tool replaces these objects.',
  },
  'wrong-identity': {
    role: 'identity-rejection-note',
    title: Dcm.incorrectWorklistEntry,
    description: 'These objects were stored with data of the patient or the study that have been corrected since.',
  },
} as const satisfies Readonly<Record<RejectionReason, Note>>;

/** Of these, viewers show a picture. */
const IMAGES: ReadonlySet<string> = new Set([SOP_CLASS.segmentation, SOP_CLASS.secondaryCapture]);

/**
 * The note about a set.
 *
 * @param made whose tool makes the note
 * @param source with the patient and study that the rejected objects have
 */
export function rejectionNote(
  made: Made,
  source: SourceStudy,
  rejected: ReplacedSet,
  reason: RejectionReason,
): DicomObject {
  const { role, title, description } = NOTES[reason];
  const SOPClassUID = SOP_CLASS.keyObjectSelection;
  const about = { replaces: [rejected] };
  const SOPInstanceUID = objectUid(made, about, role);
  return {
    kind: 'rejection-note',
    SOPClassUID,
    SOPInstanceUID,
    attributes: {
      // The note is numbered with what it rejects.
      ...commonAttributes(made, source, { role, SOPClassUID, Modality: 'KO', generation: rejected.generation ?? 0 }),
      SOPInstanceUID,
      SeriesInstanceUID: seriesUid(made, about, role),
      ReferencedPerformedProcedureStepSequence: [],
      CurrentRequestedProcedureEvidenceSequence: hierarchy(source, rejected.objects),
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [codeItem(title)],
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2010' }],
      ContentSequence: [
        code('HAS CONCEPT MOD', Dcm.language, English),
        ...observer(made),
        text('CONTAINS', Dcm.keyObjectDescription, description),
        ...rejected.objects.map((object) => ({
          RelationshipType: 'CONTAINS',
          ValueType: IMAGES.has(object.SOPClassUID) ? 'IMAGE' : 'COMPOSITE',
          ReferencedSOPSequence: [reference(object)],
        })),
      ],
    },
  };
}

/** An instance in its study. */
interface Rejected {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPInstanceUID: string;
}

/**
 * What a rejection note of ours rejects; undefined for any other object. The Contributing Equipment says whose note it is, to the letter:
 * what somebody else rejects is not ours to hide.
 */
export function rejectedBy(dataset: Dataset): readonly Rejected[] | undefined {
  const isOurs = dataset
    .items('ContributingEquipmentSequence')
    .some((equipment) => equipment.text('Manufacturer') === MANUFACTURER);
  const [title] = dataset.items('ConceptNameCodeSequence');
  const isRejecting = Object.values(NOTES).some(
    ({ title: { value, scheme } }) =>
      title?.text('CodeValue') === value && title.text('CodingSchemeDesignator') === scheme,
  );
  if (!isOurs || !isRejecting || dataset.text('SOPClassUID') !== SOP_CLASS.keyObjectSelection) return undefined;
  return dataset.items('CurrentRequestedProcedureEvidenceSequence').flatMap((study) =>
    study.items('ReferencedSeriesSequence').flatMap((series) =>
      series.items('ReferencedSOPSequence').map((object) => ({
        StudyInstanceUID: study.text('StudyInstanceUID') ?? '',
        SeriesInstanceUID: series.text('SeriesInstanceUID') ?? '',
        SOPInstanceUID: object.text('ReferencedSOPInstanceUID') ?? '',
      })),
    ),
  );
}
