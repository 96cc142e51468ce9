import { expect, it } from 'vitest';
import type { Finding } from '#core/tool.ts';
import type { RunRecord } from '#pipeline/ports.ts';
import { describeStudy } from '../../cli/demo/report.ts';
import type { DemoStudy, Truth } from '../../cli/demo/studies.ts';
import { slice } from '../fixtures/instances.ts';

const finding = (id: string): Finding => ({
  id,
  summary: `${id} is 20 mm high`,
  finding: { value: '1', scheme: 'SCT', meaning: 'a thing' },
  measurements: [],
  evaluations: [],
});
const thing = (id: string): Truth => ({ text: `${id}: no fracture`, isMetBy: (found) => found.id === id });
const study: DemoStudy = {
  name: 'CT phantom',
  StudyInstanceUID: '1.2.3',
  instances: [slice(0), slice(1)],
  read: () => Promise.reject(new Error('nothing is read for a report')),
  truth: [thing('L1'), thing('L2')],
};
const run: RunRecord = {
  runId: 'r',
  StudyInstanceUID: '1.2.3',
  revision: 'v',
  tool: 'vertebral-fracture',
  version: '0.1.0',
  lane: 'live',
  state: 'delivered',
  summary: 'Two bodies were measured.',
  // As a table hands them out: in no order.
  stages: {
    delivered: '2026-01-02T00:00:20.900Z',
    received: '2026-01-02T00:00:03.500Z',
    inferred: '2026-01-02T00:00:19.000Z',
    routed: '2026-01-02T00:00:04.000Z',
    converted: '2026-01-02T00:00:20.000Z',
  },
};
const storedAt = Date.parse('2026-01-02T00:00:01.000Z');

it('reports the time of each stage, the findings and the truth, and the objects in the PACS', () => {
  const objects = [
    { SOPInstanceUID: '2.25.1', SOPClassUID: '1.2', kind: 'segmentation' },
    { SOPInstanceUID: '2.25.2', SOPClassUID: '1.3', kind: 'pdf' },
  ];

  const lines = describeStudy(study, {
    runs: [{ run, findings: [finding('L1'), finding('L9')] }],
    objects,
    storedAt,
  });

  expect(lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
    '',
    'CT phantom (1.2.3, 2 instances)',
    'vertebral-fracture 0.1.0: delivered',
    'stable in Orthanc, forwarded, received | 2.5 s',
    'routed to the tool | 0.5 s',
    'images loaded, tool run | 15.0 s',
    'converted to DICOM | 1.0 s',
    'stored in Orthanc and read back | 0.9 s',
    'Two bodies were measured.',
    'IN THE PHANTOM | FOUND BY THE TOOL',
    'L1: no fracture | L1 is 20 mm high',
    'L2: no fracture | nothing',
    'also: L9 is 20 mm high',
    'in the PACS: 2 objects of Hilum',
    'segmentation | 2.25.1',
    'pdf | 2.25.2',
  ]);
});

it('says why a run ended without a result, without times, findings or objects', () => {
  const reason = { code: 'not-suitable', message: 'This tool reads CT only.' };
  const { summary: _, ...refused } = { ...run, state: 'not-applicable' as const, reason };

  const lines = describeStudy(study, { runs: [{ run: refused, findings: [] }], objects: [], storedAt });

  expect(lines.slice(2)).toEqual([
    '  vertebral-fracture 0.1.0: not-applicable: This tool reads CT only. (not-suitable)',
    '  in the PACS: 0 objects of Hilum',
  ]);
});

it('starts with the missing stages of an earlier demo’s run, and compares nothing if the truth is not known', () => {
  const laterStored = Date.parse('2026-01-02T00:01:00.000Z');

  const lines = describeStudy(
    { ...study, truth: [] },
    { runs: [{ run, findings: [finding('L1')] }], objects: [], storedAt: laterStored },
  ).map((line) => line.trim());

  expect(lines.filter((line) => line.endsWith(' s')).map((line) => line.split(/ {2,}/))).toEqual([
    ['routed to the tool', '0.5 s'],
    ['images loaded, tool run', '15.0 s'],
    ['converted to DICOM', '1.0 s'],
    ['stored in Orthanc and read back', '0.9 s'],
  ]);
  expect(lines).toContain('found: L1 is 20 mm high');
  expect(lines.join()).not.toContain('IN THE PHANTOM');
});

it('can be read in a terminal of 100 columns: long findings go on below themselves', () => {
  const summary =
    'Suspected caries, right side of an upper tooth, into the inner third of the dentin (D3), 1.8 mm deep';
  const runs = [{ run, findings: [{ ...finding('L1'), summary }] }];

  const known = describeStudy(study, { runs, objects: [], storedAt });
  const unknown = describeStudy({ ...study, truth: [] }, { runs, objects: [], storedAt });

  for (const lines of [known, unknown]) {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(summary);
  }
  const [begin = '', next = ''] = known.slice(known.findIndex((line) => line.includes('Suspected')));
  expect(next.search(/\S/)).toBe(begin.indexOf('Suspected'));
});

it('compares the truth with the tool that looks for it, and not with another', () => {
  const other: RunRecord = { ...run, runId: 's', tool: 'bone-mask' };

  const lines = describeStudy(study, {
    runs: [
      { run, findings: [finding('L1'), finding('L2')] },
      { run: other, findings: [finding('bone')] },
    ],
    objects: [],
    storedAt,
  });
  const nothingFound = describeStudy(study, { runs: [{ run: other, findings: [] }], objects: [], storedAt });

  const words = (of: readonly string[]): string => of.join('\n').replaceAll(/\s+/g, ' ');
  expect(words(lines).match(/L1: no fracture/g)).toHaveLength(1);
  expect(words(lines)).toMatch(/bone is 20 mm high/);
  expect(words(nothingFound)).toMatch(/L2: no fracture .*nothing/);
});
