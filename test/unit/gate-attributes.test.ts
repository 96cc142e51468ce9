import { describe, expect, it } from 'vitest';
import { RefusedObjectError } from '#core/errors.ts';
import { ATTRIBUTE_CONDITIONS, MODULE_CONDITIONS } from '#core/gate/conditions.ts';
import { checkObjects } from '#core/gate/gate.ts';
import { modulesOf } from '#core/gate/iods.ts';
import { WITHOUT_RULE } from '#core/gate/unchecked.ts';
import type { DicomObject } from '#core/results/dicom-object.ts';
import { nonResult } from '#core/results/result.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import type { SourceStudy } from '#core/results/source-study.ts';
import type { Attributes } from '#dicom/write.ts';
import {
  emptied,
  type Path,
  type Required,
  requiredIn,
  without,
  withoutRule,
  withValues,
} from '../fixtures/iod-walk.ts';
import { rejection, replacing } from '../fixtures/replacing.ts';
import { type Case, cases, ctCase } from '../fixtures/results.ts';

/** A set of objects that passes the gate. */
interface Good {
  readonly name: string;
  readonly objects: readonly DicomObject[];
  readonly source: SourceStudy;
}

const objectsOf = ({ name, result, source }: Case): Good => ({ name, objects: result.toDicom(source), source });

function failureOf({ name, result, source }: Case): Good {
  const { tool: description, version, inputDigest, inputs } = result.metadata;
  const reason = { code: 'missing-slices', message: 'Slices are missing.' };
  const failed = nonResult({ description, version, inputDigest, inputs, outcome: 'failed', reason });
  return { name: `${name}, failed`, objects: failed.toDicom(source), source };
}

function rejectionOf(one: Case): Good {
  const { name, note, source } = rejection(one, 'superseded');
  return { name, objects: [note], source };
}

const GOOD: readonly Good[] = [
  rejectionOf(ctCase()),
  ...[...cases(), replacing(ctCase())].map(objectsOf),
  ...cases().map(failureOf),
];

/** The gate's answer to the objects with one of them replaced, which the gate checks first. */
function refusal({ objects, source }: Good, index: number, attributes: Attributes): RefusedObjectError['facts'] {
  const replaced = objects.slice(index, index + 1).map((object) => ({ ...object, attributes }));
  try {
    checkObjects([...replaced, ...objects.toSpliced(index, 1)], source);
  } catch (error) {
    if (error instanceof RefusedObjectError) return error.facts;
    throw error;
  }
  return { rule: 'passed' };
}

/** The attributes that may be missing without the gate naming them correctly. */
function unnoticed(good: Good, wanted: (required: Required) => boolean): readonly string[] {
  return good.objects.flatMap((object, index) =>
    requiredIn(object, good.source)
      .filter(wanted)
      .flatMap(({ path, keyword, type }) => {
        const broken = [without(object.attributes, path, keyword)];
        if (type.startsWith('1')) broken.push(emptied(object.attributes, path, keyword));
        const facts = broken.map((attributes) => refusal(good, index, attributes));
        const said = facts.filter((fact) => fact['keyword'] === keyword && isAboutTypes(String(fact['rule'])));
        return said.length === broken.length ? [] : [`${object.kind} ${path.flat().join('.')}.${keyword}`];
      }),
  );
}

/** Functional groups are checked by their place, shared or in each frame. */
const isAboutTypes = (rule: string): boolean => /^type-[12]c?-missing$|^functional-group-place$/.test(rule);

describe('the tables', () => {
  it('have the IOD of every SOP Class of results', () => {
    const lacking = RESULT_SOP_CLASSES.filter(({ SOPClassUID }) => (modulesOf(SOPClassUID) ?? []).length < 10);

    expect(lacking).toEqual([]);
  });

  it('have a written condition for every conditional module', () => {
    const conditional = RESULT_SOP_CLASSES.flatMap(({ SOPClassUID }) => modulesOf(SOPClassUID) ?? [])
      .filter(({ usage }) => usage === 'C')
      .map(({ name }) => name);

    expect([...new Set(conditional)].toSorted()).toEqual(Object.keys(MODULE_CONDITIONS).toSorted());
  });
});

describe('a good result', () => {
  it.each(GOOD)('passes: $name', ({ objects, source }) => {
    expect(() => checkObjects(objects, source)).not.toThrow();
  });

  it.each(GOOD)('is refused without any one attribute of Type 1, or with it empty: $name', (good) => {
    const required = good.objects.map((object) => requiredIn(object, good.source).filter(({ type }) => type === '1'));

    expect(required.map(({ length }) => length > 15)).toEqual(good.objects.map(() => true));
    expect(unnoticed(good, ({ type }) => type === '1')).toEqual([]);
  });

  it.each(GOOD)('is refused without any one attribute of Type 2: $name', (good) => {
    expect(unnoticed(good, ({ type }) => type === '2')).toEqual([]);
  });

  it.each(GOOD)('is refused without any one conditional attribute whose condition holds: $name', (good) => {
    expect(unnoticed(good, ({ rule }) => rule !== undefined)).toEqual([]);
  });
});

/** Objects with content that our results do not have, so that the conditions which our results never meet are tested. */
function altered(name: string, change: (good: Good) => Good): Good {
  const good = change(objectsOf(ctCase()));
  return { ...good, name };
}

/** The first object of a kind, with other attributes in the item at `path`. */
const changing =
  (kind: DicomObject['kind'], path: Path, values: Attributes) =>
  ({ objects, ...rest }: Good): Good => {
    const index = objects.findIndex((object) => object.kind === kind);
    return {
      ...rest,
      objects: objects.map((object, at) =>
        at === index ? { ...object, attributes: withValues(object.attributes, path, values) } : object,
      ),
    };
  };

const CODE = { CodeValue: '121071', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Finding' };
const contextItem = (ValueType: string, value: Attributes): Attributes => ({
  RelationshipType: 'HAS OBS CONTEXT',
  ValueType,
  ConceptNameCodeSequence: [CODE],
  ...value,
});
const withItems = (items: readonly Attributes[]) => (good: Good) => {
  const report = good.objects.find(({ kind }) => kind === 'structured-report');
  const ContentSequence = report?.attributes['ContentSequence'];
  return changing('structured-report', [], {
    ContentSequence: [...(Array.isArray(ContentSequence) ? (ContentSequence as readonly Attributes[]) : []), ...items],
  })(good);
};
const LUT = { descriptor: [256, 0, 16], data: new Uint8Array(512) };
const LOSSY = {
  LossyImageCompression: '01',
  LossyImageCompressionRatio: 12.5,
  LossyImageCompressionMethod: 'ISO_10918_1',
};
const FAMILY: Path = [
  ['SegmentSequence', 0],
  ['SegmentationAlgorithmIdentificationSequence', 0],
  ['AlgorithmFamilyCodeSequence', 0],
];

const ALTERED: readonly Good[] = [
  altered(
    'codes of a context group that Hilum has extended',
    changing('segmentation', FAMILY, {
      ...{ ContextIdentifier: '7162', MappingResource: 'DCMR', ContextGroupVersion: '20200101' },
      ...{ ContextGroupExtensionFlag: 'Y', ContextGroupLocalVersion: '20200101' },
      ContextGroupExtensionCreatorUID: '2.25.1',
    }),
  ),
  altered('a lossy source', (good) => ({
    ...changing('segmentation', [], LOSSY)(good),
    source: { ...good.source, lossyCompression: LOSSY },
  })),
  altered(
    'a palette',
    changing('secondary-capture', [], {
      ...{ PhotometricInterpretation: 'PALETTE COLOR', SamplesPerPixel: 1, PlanarConfiguration: undefined },
      ...{ Rows: 2, Columns: 2, PixelData: new Uint8Array(4) },
      ...{ RedPaletteColorLookupTableDescriptor: LUT.descriptor, RedPaletteColorLookupTableData: LUT.data },
      ...{ GreenPaletteColorLookupTableDescriptor: LUT.descriptor, GreenPaletteColorLookupTableData: LUT.data },
      ...{ BluePaletteColorLookupTableDescriptor: LUT.descriptor, BluePaletteColorLookupTableData: LUT.data },
    }),
  ),
  altered(
    'a report that a person has verified',
    changing('structured-report', [], {
      VerificationFlag: 'VERIFIED',
      VerifyingObserverSequence: [
        {
          VerifyingOrganization: 'Phantom',
          VerificationDateTime: '20260105',
          VerifyingObserverName: 'Phantom^Reader',
          VerifyingObserverIdentificationCodeSequence: [],
        },
      ],
    }),
  ),
  altered(
    'a report with dates, persons and numbers without a value',
    withItems([
      contextItem('DATETIME', { DateTime: '20260105' }),
      contextItem('DATE', { Date: '20260105' }),
      contextItem('TIME', { Time: '0830' }),
      contextItem('PNAME', { PersonName: 'Phantom^Reader' }),
      contextItem('NUM', { MeasuredValueSequence: [], NumericValueQualifierCodeSequence: [CODE] }),
      contextItem('NUM', {
        MeasuredValueSequence: [
          {
            ...{ NumericValue: '0.333', MeasurementUnitsCodeSequence: [CODE] },
            ...{ RationalNumeratorValue: 1, RationalDenominatorValue: 3 },
          },
        ],
      }),
    ]),
  ),
];

describe('conditional attributes', () => {
  it('have a written rule, or a written reason for having none', () => {
    const found = GOOD.flatMap(({ objects, source }) => objects.flatMap((object) => withoutRule(object, source)));

    expect([...new Set(found)].toSorted()).toEqual(Object.values(WITHOUT_RULE).flat().toSorted());
  });
});

describe('an object of a kind that Hilum could write', () => {
  it.each(ALTERED)('passes: $name', ({ objects, source }) => {
    expect(() => checkObjects(objects, source)).not.toThrow();
  });

  it.each(ALTERED)('is refused without any one conditional attribute whose condition holds: $name', (good) => {
    expect(unnoticed(good, ({ rule }) => rule !== undefined)).toEqual([]);
  });

  it('meets, with the good results, the condition of every written rule', () => {
    const met = [...GOOD, ...ALTERED].flatMap(({ objects, source }) =>
      objects.flatMap((object) => requiredIn(object, source).flatMap(({ rule }) => rule ?? [])),
    );

    expect([...new Set(met)].toSorted()).toEqual(Object.keys(ATTRIBUTE_CONDITIONS).toSorted());
  });
});
