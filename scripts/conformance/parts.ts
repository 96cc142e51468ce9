/** The generated parts of the conformance statement that need only the code's own registries. */
import { modulesOf } from '#core/gate/iods.ts';
import { RULES } from '#core/gate/refusal.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import { ENHANCED } from '#core/study/functional-groups.ts';
import { CROSS_SECTIONAL, PROJECTION } from '#core/study/images.ts';
import { FrameAttributesSchema, InstanceAttributesSchema, MAX_FRAMES } from '#core/study/study-index.ts';
import { CHARACTER_SETS } from '#dicom/charset.ts';
import { DECODED_TRANSFER_SYNTAXES } from '#dicom/codecs/registry.ts';
import * as codes from '#dicom/codes.ts';
import { lookup } from '#dicom/dictionary.ts';
import { MAX_DECODED_BYTES } from '#dicom/pixel-description.ts';
import { FREE_DECODED_BYTES, MAX_RATIO } from '#dicom/pixels.ts';
import { MAX_FILE_BYTES, MAX_INFLATE_RATIO, MAX_INFLATED_LIMIT, MIN_INFLATED_LIMIT } from '#dicom/read.ts';
import { BYTES_PER_ENTRY, MAX_DEPTH, MAX_ENTRIES, MAX_ENTRIES_OF_LARGE } from '#dicom/structure.ts';
import { NATIVE_TRANSFER_SYNTAXES } from '#dicom/transfer-syntax.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '#dicom/write.ts';
import { type Accepted, DCIODVFY, DICOM_SR_VALIDATOR } from '../../test/judges/accepted.ts';
import { contents, table } from './document.ts';
import { nameOf } from './names.ts';
import { GEOMETRY_REFUSALS, OTHER_REFUSALS, READ_REFUSALS } from './refusals.ts';
import { attributesWritten } from './written.ts';

const code = (text: string): string => `\`${text}\``;
const byUid = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** All concepts in `dicom/codes.ts`. */
const CONCEPTS: readonly codes.CodedConcept[] = conceptsIn(codes);

/** The parts, by name. @param document docs/conformance.md, whose headings make its table of contents */
export function registryParts(document: string): Readonly<Record<string, string>> {
  return {
    contents: contents(document),
    implementation: table(
      ['', ''],
      [
        ['Implementation Class UID', code(IMPLEMENTATION_CLASS_UID)],
        ['Implementation Version Name', code(IMPLEMENTATION_VERSION_NAME)],
      ],
    ),
    'attributes-written': attributesWritten(),
    'written-sop-classes': table(
      ['SOP Class', 'UID', 'kind', 'content'],
      RESULT_SOP_CLASSES.map(({ SOPClassUID, name, kind, holds }) => [name, code(SOPClassUID), code(kind), holds]),
    ),
    'read-sop-classes': table(
      ['SOP Class', 'UID', 'becomes'],
      [
        ...imageRows(CROSS_SECTIONAL, 'a volume, together with its series'),
        ...imageRows(ENHANCED, 'a volume for each stack of frames'),
        ...imageRows(PROJECTION, 'a radiograph'),
      ],
    ),
    'transfer-syntaxes': table(
      ['Transfer Syntax', 'UID', 'pixel data'],
      [
        ...NATIVE_TRANSFER_SYNTAXES.map((uid) => [nameOf(uid), code(uid), 'native']),
        ...DECODED_TRANSFER_SYNTAXES.toSorted(byUid).map((uid) => [nameOf(uid), code(uid), 'encapsulated']),
      ],
    ),
    'character-sets': CHARACTER_SETS.map(code).join(', '),
    'attributes-read': table(
      ['attribute', 'tag', 'also per frame'],
      Object.keys(InstanceAttributesSchema.shape)
        .filter((keyword) => lookup(keyword) !== undefined)
        .map((keyword) => [keyword, code(tagOf(keyword)), keyword in FrameAttributesSchema.shape ? 'yes' : '']),
    ),
    'read-refusals': meanings(READ_REFUSALS),
    'geometry-refusals': meanings(GEOMETRY_REFUSALS),
    'other-refusals': meanings(OTHER_REFUSALS),
    limits: limits(),
    'accepted-warnings': [acceptedBy('dciodvfy', DCIODVFY), acceptedBy('DicomSRValidator', DICOM_SR_VALIDATOR)].join(
      '\n\n',
    ),
    'gate-rules': table(
      ['rule', 'is broken if'],
      Object.entries(RULES).map(([rule, text]) => [code(rule), text]),
    ),
    modules: RESULT_SOP_CLASSES.map(({ name, SOPClassUID }) => `**${name}**: ${modules(SOPClassUID)}.`).join('\n\n'),
    'private-codes': codeTable(CONCEPTS.filter(({ scheme }) => scheme.startsWith('99'))),
    'public-codes': codeTable(CONCEPTS.filter(({ scheme }) => !scheme.startsWith('99'))),
  };
}

function imageRows(uids: ReadonlySet<string>, becomes: string): readonly (readonly string[])[] {
  return [...uids].toSorted(byUid).map((uid) => [nameOf(uid), code(uid), becomes]);
}

function meanings(codes: Readonly<Record<string, string>>): string {
  return table(
    ['code', 'meaning'],
    Object.entries(codes).map(([name, text]) => [code(name), text]),
  );
}

function limits(): string {
  const number = (value: number): string => value.toLocaleString('en');
  const mebibytes = (bytes: number): string => `${number(Math.round(bytes / 2 ** 20))} MiB`;
  return table(
    ['limit', 'value'],
    [
      ['size of a file', mebibytes(MAX_FILE_BYTES)],
      ['elements, items and fragments of a file', number(MAX_ENTRIES)],
      [`the same, of a file with ${BYTES_PER_ENTRY} bytes or more for each`, number(MAX_ENTRIES_OF_LARGE)],
      ['depth of nested sequences', number(MAX_DEPTH)],
      [
        'inflated size of a deflated data set',
        `${MAX_INFLATE_RATIO} times its size, at least ${mebibytes(MIN_INFLATED_LIMIT)}, at most ${mebibytes(MAX_INFLATED_LIMIT)}`,
      ],
      ['size of the decoded pixels of an instance', mebibytes(MAX_DECODED_BYTES)],
      [
        'decoded size of compressed pixels',
        `${mebibytes(FREE_DECODED_BYTES)}, or ${number(MAX_RATIO)} times their compressed size if that is more`,
      ],
      ['frames whose functional groups are indexed', number(MAX_FRAMES)],
    ],
  );
}

/** The accepted warnings of a validator, as patterns. */
function acceptedBy(judge: string, accepted: readonly Accepted[]): string {
  return table(
    [`warning of ${judge}`, 'why it is accepted'],
    accepted.map(({ text, reason }) => [code(text.source.replaceAll('|', '\\|')), reason]),
  );
}

function tagOf(keyword: string): string {
  const tag = lookup(keyword)?.tag ?? '';
  return `(${tag.slice(0, 4)},${tag.slice(4)})`;
}

/** The mandatory and conditional modules of an IOD. User options are only copied from the source. */
function modules(SOPClassUID: string): string {
  const all = modulesOf(SOPClassUID) ?? [];
  return all
    .filter(({ usage }) => usage !== 'U')
    .map(({ name, usage }) => `${name.replaceAll('-', ' ')} (${usage})`)
    .join(', ');
}

/** Every coded concept in a registry, at any depth. */
function conceptsIn(registry: object): readonly codes.CodedConcept[] {
  return Object.values(registry).flatMap((value: unknown) => {
    if (typeof value !== 'object' || value === null) return [];
    return isConcept(value) ? [value] : conceptsIn(value);
  });
}

function isConcept(value: object): value is codes.CodedConcept {
  return 'scheme' in value && 'meaning' in value;
}

function codeTable(concepts: readonly codes.CodedConcept[]): string {
  const unique = new Map(concepts.map((concept) => [`${concept.scheme} ${concept.value}`, concept]));
  const rows = [...unique.values()].toSorted((a, b) => byUid(`${a.scheme} ${a.value}`, `${b.scheme} ${b.value}`));
  return table(
    ['scheme', 'value', 'meaning'],
    rows.map(({ scheme, value, meaning }) => [scheme, code(value), meaning]),
  );
}
