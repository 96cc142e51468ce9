/** What all our Structured Reports share: document modules, observer and evidence (PS3.3 A.35, C.17). */
import { type CodedConcept, Dcm, English } from '#dicom/codes.ts';
import type { Attributes } from '#dicom/write.ts';
import { MANUFACTURER } from '../study/index-instance.ts';
import {
  codeItem,
  commonAttributes,
  deviceUid,
  HILUM_CODES,
  hierarchy,
  type Made,
  objectUid,
  type ResultData,
  type Role,
} from './common.ts';
import { code, text, uidref } from './content-item.ts';
import type { DicomObject } from './dicom-object.ts';
import { predecessors } from './replacing.ts';
import type { Referenced, SourceStudy } from './source-study.ts';

export interface SrDocument {
  readonly kind: 'structured-report' | 'non-result';
  readonly role: Role;
  readonly SOPClassUID: string;
  readonly title: CodedConcept;
  /** Template of the root (PS3.16). */
  readonly template: string;
  /** Content after the language and the observer. */
  readonly items: readonly Attributes[];
  /** Every object that the content refers to, and other objects that it rests on. */
  readonly evidence: readonly Referenced[];
}

/** An SR with its language, the tool as device observer (TID 1002, 1004), and the evidence by series. */
export function srDocument(result: ResultData, source: SourceStudy, document: SrDocument): DicomObject {
  const { kind, role, SOPClassUID, title, template, items, evidence } = document;
  return {
    kind,
    SOPClassUID,
    SOPInstanceUID: objectUid(result, source, role),
    attributes: {
      ...commonAttributes(result, source, { role, SOPClassUID, Modality: 'SR' }),
      CodingSchemeIdentificationSequence: [HILUM_CODES],
      ReferencedPerformedProcedureStepSequence: [],
      PerformedProcedureCodeSequence: [],
      PreliminaryFlag: 'PRELIMINARY',
      CompletionFlag: 'COMPLETE',
      VerificationFlag: 'UNVERIFIED',
      ...predecessors(source, SOPClassUID),
      ...(evidence.length > 0 && { CurrentRequestedProcedureEvidenceSequence: hierarchy(source, evidence) }),
      ValueType: 'CONTAINER',
      ConceptNameCodeSequence: [codeItem(title)],
      ContinuityOfContent: 'SEPARATE',
      ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }],
      ContentSequence: [code('HAS CONCEPT MOD', Dcm.language, English), ...observer(result), ...items],
    },
  };
}

/** The tool as device observer (PS3.16 TID 1002, 1004). */
export function observer(made: Made): readonly Attributes[] {
  const { tool } = made.metadata;
  const context = 'HAS OBS CONTEXT';
  return [
    code(context, Dcm.observerType, Dcm.device),
    uidref(context, Dcm.deviceObserverUid, deviceUid(made)),
    text(context, Dcm.deviceObserverName, tool.label),
    text(context, Dcm.deviceObserverManufacturer, MANUFACTURER),
    text(context, Dcm.deviceObserverModelName, tool.label),
    text(context, Dcm.deviceObserverSerialNumber, tool.id),
  ];
}
