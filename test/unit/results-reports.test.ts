/** What reports say of a finding, and in which order: viewers draw the numbers and the site of each group. */
import { describe, expect, it } from 'vitest';
import { evaluationsOf, measurementsOf } from '#core/results/quantities.ts';
import { parseResult, serialiseResult } from '#core/results/result.ts';
import type { Finding, ToolDescription } from '#core/tool.ts';
import { Sct, Units } from '#dicom/codes.ts';
import { at, contentOf, objectsOf, ofKind } from '../fixtures/objects-of.ts';
import { type Case, ctCase, radiographCase } from '../fixtures/results.ts';

const FINDING: Finding = { id: 'a', summary: 'A.', finding: Sct.vertebra, measurements: [], evaluations: [] };
const LOSS = { name: Sct.depth, value: 0, unit: Units.percent };
const VALUE = { name: Sct.depth, value: 0, unit: { value: "[hnsf'U]", scheme: 'UCUM', meaning: 'Hounsfield unit' } };

describe('the numbers of a finding', () => {
  it.each([
    [undefined, []],
    [0, []],
    [1, []],
    [0.001, [1]],
    [0.874, [87]],
    [0.999, [99]],
  ])('state a certainty of %s in whole percent, unless it is a default', (certainty, expected) => {
    const finding = certainty === undefined ? FINDING : { ...FINDING, certainty };

    expect(measurementsOf(finding).map(({ value }) => value)).toEqual(expected);
  });

  it('say none of an amount, where viewers would show a unit without a number', () => {
    const finding: Finding = { ...FINDING, measurements: [LOSS, VALUE, { ...LOSS, value: 0.4 }] };

    expect(measurementsOf(finding).map(({ value, unit }) => [value, unit.value])).toEqual([
      [0, "[hnsf'U]"],
      [0.4, '%'],
    ]);
    expect(evaluationsOf(finding)).toEqual([{ name: Sct.depth, value: Sct.none }]);
  });

  it('say how bad it is, once', () => {
    const own = { name: Sct.severity, value: Sct.severe };

    expect(evaluationsOf({ ...FINDING, severity: 'normal' })).toEqual([{ name: Sct.severity, value: Sct.normal }]);
    expect(evaluationsOf({ ...FINDING, severity: 'severe', evaluations: [own] })).toEqual([own]);
    expect(evaluationsOf(FINDING)).toEqual([]);
  });
});

describe('reports', () => {
  it('begin with the worst finding, and hold sound ones apart', () => {
    const severities = ['normal', 'mild', 'severe', 'not-judged'] as const;
    const findings = severities.map((severity) => ({ ...FINDING, id: severity, severity }));

    const reports = ofKind(ctCase({ findings, segments: [] }), 'structured-report');

    const ids = reports.map((report) =>
      contentOf(report).flatMap(({ name, item }) =>
        name === 'Tracking Identifier' ? (item.text('TextValue') ?? []) : [],
      ),
    );
    expect(ids).toEqual([['severe', 'mild', 'not-judged'], ['normal']]);
    expect(reports.map((report) => report.text('SeriesNumber'))).toEqual(['70005', '70015']);
  });

  it('say what was found before which algorithm found it, and the digests once', () => {
    const [report] = ofKind(radiographCase(), 'structured-report');

    const items = contentOf(report);
    const names = items.map(({ name }) => name);
    const digests = items.flatMap(({ item }) => item.text('TextValue')?.match(/sha256:/g) ?? []);
    const group = names.slice(names.indexOf('Measurement Group') + 1, names.indexOf('Algorithm Name'));
    expect(group).toEqual([
      ...['Tracking Identifier', 'Tracking Unique Identifier', 'Finding', 'Finding Site', 'Laterality'],
      ...['Topographical modifier', 'Tooth number (FDI, ISO 3950)', 'Lesion depth', 'Certainty of Finding'],
      ...['Image Region', '', 'Comment'],
    ]);
    expect(digests).toHaveLength(3);
  });
});

describe('the device of a result', () => {
  const devicesOf = (
    tool: Partial<ToolDescription>,
    version = '1.0.0+r6.0123abcd',
  ): ReadonlySet<string | undefined> => {
    const one: Case = ctCase();
    const metadata = { ...one.result.metadata, version, tool: { ...one.result.metadata.tool, ...tool } };
    const result = parseResult(serialiseResult({ ...one.result, metadata }));
    const objects = objectsOf({ ...one, result });
    const observed = contentOf(ofKind({ ...one, result }, 'structured-report')[0]).flatMap(({ name, item }) =>
      name === 'Device Observer UID' ? item.text('UID') : [],
    );
    return new Set([
      ...objects.map(({ dataset }) => at(dataset, 'ContributingEquipmentSequence')?.text('DeviceUID')),
      ...observed,
    ]);
  };
  const model = { id: 'm', version: '1.0.0', sha256: 'ab'.repeat(32) };

  it('has one UID in all objects, another for other weights, and the same for other code', () => {
    const [a, b, c] = [{ models: [model] }, { models: [{ ...model, sha256: 'cd'.repeat(32) }] }, { models: [model] }];

    const devices = [devicesOf(a), devicesOf(b), devicesOf(c, '1.1.0+r6.0123abcd')];

    expect(devices.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(devices[1]).not.toEqual(devices[0]);
    expect(devices[2]).toEqual(devices[0]);
  });

  it('without a model is another with each version', () => {
    expect(devicesOf({ models: [] }, '1.0.0+r6')).not.toEqual(devicesOf({ models: [] }, '1.0.1+r6'));
  });
});
