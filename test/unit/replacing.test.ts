/** A set that replaces an older one names it in every object, and has UIDs of its own. */
import { describe, expect, it } from 'vitest';
import { convertResult } from '#core/convert-result.ts';
import { RefusedObjectError } from '#core/errors.ts';
import { checkObjects } from '#core/gate/gate.ts';
import { identityObjectOf } from '#core/results/identity-object.ts';
import { SOP_CLASS } from '#core/results/sop-classes.ts';
import type { ReplacedSet } from '#core/results/source-study.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import type { Attributes } from '#dicom/write.ts';
import { replacing } from '../fixtures/replacing.ts';
import { type Case, ctCase, radiographCase, withNonResults } from '../fixtures/results.ts';

async function convert({ result, source, files }: Case, replaces?: readonly ReplacedSet[]) {
  const { instances } = source;
  const identity = identityObjectOf(readDicom(files[0] ?? new Uint8Array()).dataset);
  const read = (): Promise<never> => Promise.reject(new Error('read'));
  return await convertResult({ result, instances, identity, read, replaces });
}

/** The SOP Instance UIDs that a sequence refers to, at any depth. */
const named = (dataset: Dataset, sequence: string): readonly string[] =>
  dataset
    .items(sequence)
    .flatMap((item) => [
      ...item.texts('ReferencedSOPInstanceUID'),
      ...['ReferencedSeriesSequence', 'ReferencedSOPSequence'].flatMap((inner) => named(item, inner)),
    ]);

const [, NO_FINDING = ctCase()] = withNonResults(ctCase());

describe('the objects of a set that replaces another', () => {
  it.each([ctCase(), radiographCase(), ...withNonResults(ctCase()).slice(1)])('name it: $name', async (one) => {
    const older = await convert(one);
    const replaces = [{ setId: 'c'.repeat(32), inputDigest: 'd'.repeat(64), objects: older }];

    const newer = await convert(one, replaces);

    expect(newer.map(({ kind }) => kind)).toEqual(older.map(({ kind }) => kind));
    for (const { kind, bytes, SOPClassUID } of newer) {
      const { dataset } = readDicom(bytes);
      const uids = (isMeant: (object: (typeof older)[number]) => boolean) =>
        older.filter(isMeant).map(({ SOPInstanceUID }) => SOPInstanceUID);
      const isReport = (object: { readonly kind: string }) => /report|non-result/.test(object.kind);
      expect(dataset.text('SeriesDescription')).toMatch(/\(research, replaces earlier\)$/);
      expect(dataset.texts('SoftwareVersions').at(-1)).toBe('d'.repeat(64));
      expect(named(dataset, 'PredecessorDocumentsSequence')).toEqual(
        kind === 'pdf'
          ? uids((object) => isReport(object) || object.kind === 'pdf')
          : isReport({ kind })
            ? uids(isReport)
            : [],
      );
      expect(named(dataset, 'ReferencedInstanceSequence')).toEqual(
        kind === 'segmentation' || kind === 'secondary-capture'
          ? uids((object) => object.SOPClassUID === SOPClassUID)
          : [],
      );
    }
  });

  it('have UIDs of their own for every set that they replace, and the same ones each time', async () => {
    const first = await convert(ctCase());
    const replace = (...setIds: readonly string[]) =>
      convert(
        ctCase(),
        setIds.map((setId) => ({ setId, inputDigest: 'd'.repeat(64), objects: first })),
      );
    const all = [first, await replace('a'), await replace('b'), await replace('a', 'b')];

    const uids = all.flat().flatMap(({ SOPInstanceUID, SeriesInstanceUID }) => [SOPInstanceUID, SeriesInstanceUID]);
    // Two reports, pictures … of one role share a series.
    const perSet = new Set(
      first.flatMap(({ SOPInstanceUID, SeriesInstanceUID }) => [SOPInstanceUID, SeriesInstanceUID]),
    );
    expect(new Set(uids).size).toBe(4 * perSet.size);
    expect(await replace('a')).toEqual(all[1]);
  });

  it('have Series Numbers of their own for each generation, which viewers show whole', async () => {
    const first = await convert(ctCase());
    const replacedBy = (...generations: readonly (number | undefined)[]) =>
      convert(
        ctCase(),
        generations.map((generation, index) => ({
          ...{ setId: String(index), inputDigest: 'd'.repeat(64), generation, objects: first },
        })),
      );
    const numbers = (objects: typeof first) =>
      [...new Set(objects.map(({ bytes }) => readDicom(bytes).dataset.text('SeriesNumber')))].map(Number);

    const own = numbers(first);
    expect(own[0]).toBe(70_001);
    expect(numbers(await replacedBy(undefined))).toEqual(own.map((number) => number + 100));
    expect(numbers(await replacedBy(1))).toEqual(own.map((number) => number + 200));
    expect(numbers(await replacedBy(2, undefined, 1))).toEqual(own.map((number) => number + 300));
    // The next tool's numbers begin at 80,000.
    expect(numbers(await replacedBy(250))).toEqual(own.map((number) => number + 9_900));
  });

  it('name what there was, where the older answer had nothing of their kind', async () => {
    const older = await convert(NO_FINDING);
    const newer = await convert(ctCase(), [{ setId: 'a', inputDigest: 'b'.repeat(64), objects: older }]);

    const segmentation = newer.find(({ SOPClassUID }) => SOPClassUID === SOP_CLASS.segmentation);
    const { dataset } = readDicom(segmentation?.bytes ?? new Uint8Array());
    const [item] = dataset.items('ReferencedInstanceSequence');
    expect(item?.text('ReferencedSOPInstanceUID')).toBe(older[0]?.SOPInstanceUID);
    expect(item?.items('PurposeOfReferenceCodeSequence')[0]?.text('CodeMeaning')).toBe('Replaced result');
    expect(dataset.items('CodingSchemeIdentificationSequence')[0]?.text('CodingSchemeDesignator')).toBe('99HILUM');
  });

  it('are none that replace nothing', async () => {
    for (const { bytes } of await convert(ctCase())) {
      const { dataset } = readDicom(bytes);
      expect(dataset.text('SeriesDescription')).toMatch(/\(research\)$/);
      expect(dataset.texts('SoftwareVersions')).toEqual(['1.2.3+r1.0123abcd']);
      expect(
        ['PredecessorDocumentsSequence', 'ReferencedInstanceSequence'].filter((each) => dataset.has(each)),
      ).toEqual([]);
    }
  });
});

describe('the gate', () => {
  const one = replacing(ctCase());
  const objects = one.result.toDicom(one.source);
  const refusal = (kind: string, change: Attributes, source = one.source): unknown => {
    try {
      checkObjects(
        objects.map((object) =>
          object.kind === kind ? { ...object, attributes: { ...object.attributes, ...change } } : object,
        ),
        source,
      );
    } catch (error) {
      if (error instanceof RefusedObjectError) return [error.facts['rule'], error.facts['keyword']];
      throw error;
    }
    return 'passed';
  };

  it('takes a set that names what it replaces', () => {
    expect(refusal('none', {})).toBe('passed');
  });

  it.each<[string, string, Attributes]>([
    ['SeriesDescription', 'pdf', { SeriesDescription: 'Report (research)' }],
    ['SoftwareVersions', 'secondary-capture', { SoftwareVersions: ['1.2.3'] }],
    ['ReferencedInstanceSequence', 'segmentation', { ReferencedInstanceSequence: undefined } as Attributes],
    ['PredecessorDocumentsSequence', 'structured-report', { PredecessorDocumentsSequence: [] }],
    ['PredecessorDocumentsSequence', 'pdf', { PredecessorDocumentsSequence: [] }],
  ])('refuses one whose %s does not', (keyword, kind, change) => {
    expect(refusal(kind, change)).toEqual(['replaced-not-named', keyword]);
  });

  it('refuses one that names what it does not replace', () => {
    const { replaces: _, ...source } = one.source;

    expect(refusal('none', {}, source)).toEqual(['unresolved-reference', 'ReferencedSOPInstanceUID']);
    const [first] = objects;
    const described = { SeriesDescription: 'Mask (research, replaces earlier)' };
    const alone = ctCase()
      .result.toDicom(ctCase().source)
      .filter(({ kind }) => kind === first?.kind);
    expect(() =>
      checkObjects(
        alone.map((object) => ({ ...object, attributes: { ...object.attributes, ...described } })),
        ctCase().source,
      ),
    ).toThrow('SeriesDescription');
  });

  it('refuses an object with the UID of one that it replaces', () => {
    const [segmentation] = objects;
    const { SOPInstanceUID = '' } = segmentation ?? {};
    const objectsOf = [{ SOPClassUID: SOP_CLASS.segmentation, SOPInstanceUID, SeriesInstanceUID: '2.25.5' }];
    const replaces = [...(one.source.replaces ?? []), { setId: 'z', inputDigest: 'e'.repeat(64), objects: objectsOf }];

    expect(refusal('none', {}, { ...one.source, replaces })).toEqual(['uid-repeated', 'SOPInstanceUID']);
  });
});
