/** What replaces another object says so in every place where readers look, and what replaces none does not. */
import type { Attributes, AttributeValue } from '#dicom/write.ts';
import { REPLACES_EARLIER, replacedDigests } from '../results/common.ts';
import { predecessorsOf, replacedBy } from '../results/replacing.ts';
import { itemsOf, textOf } from './attribute-values.ts';
import type { Refuse } from './refusal.ts';
import type { Whole } from './whole.ts';

export function checkReplacing({ kind, SOPClassUID, attributes, source }: Whole, refuse: Refuse): void {
  const digests = replacedDigests(source);
  const says = textOf(attributes['SeriesDescription'])?.includes(REPLACES_EARLIER) === true;
  if (says !== digests.length > 0) refuse('replaced-not-named', 'SeriesDescription');
  const versions = textsOf(attributes['SoftwareVersions']).filter((text) => /^[0-9a-f]{64}$/.test(text));
  if (!haveSame(versions, digests)) refuse('replaced-not-named', 'SoftwareVersions');

  const isImage = kind === 'segmentation' || kind === 'secondary-capture';
  const images = isImage ? replacedBy(source, SOPClassUID) : [];
  if (!haveSame(instancesIn(attributes['ReferencedInstanceSequence']), uidsOf(images)))
    refuse('replaced-not-named', 'ReferencedInstanceSequence');
  const documents = isImage ? [] : predecessorsOf(source, SOPClassUID);
  if (!haveSame(instancesIn(attributes['PredecessorDocumentsSequence']), uidsOf(documents)))
    refuse('replaced-not-named', 'PredecessorDocumentsSequence');
}

const uidsOf = (objects: readonly { readonly SOPInstanceUID: string }[]): readonly string[] =>
  objects.map(({ SOPInstanceUID }) => SOPInstanceUID);

const textsOf = (value: AttributeValue | undefined): readonly string[] =>
  [value].flat().filter((one) => typeof one === 'string');

const haveSame = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).symmetricDifference(new Set(b)).size === 0;

/** The SOP Instance UIDs of all references in a sequence, at any depth. */
const instancesIn = (value: AttributeValue | undefined): readonly string[] => itemsOf(value).flatMap(instancesOf);

function instancesOf(item: Attributes): readonly string[] {
  const uid = textOf(item['ReferencedSOPInstanceUID']);
  const below = [item['ReferencedSeriesSequence'], item['ReferencedSOPSequence']].flatMap(instancesIn);
  return uid === undefined ? below : [uid, ...below];
}
