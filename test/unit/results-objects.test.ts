import { describe, expect, it } from 'vitest';
import { nonResult, parseResult, serialiseResult } from '#core/results/result.ts';
import { RESULT_SOP_CLASSES } from '#core/results/sop-classes.ts';
import type { Outcome, ProcessingResult } from '#core/tool.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { at, contentOf, objectsOf, ofKind } from '../fixtures/objects-of.ts';
import { rejection } from '../fixtures/replacing.ts';
import { type Case, cases, ctCase, radiographCase, withNonResults } from '../fixtures/results.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

const withMetadata = (one: Case, metadata: Partial<ProcessingResult['metadata']>) => ({
  ...one,
  result: parseResult(serialiseResult({ ...one.result, metadata: { ...one.result.metadata, ...metadata } })),
});

describe('any object of a result', () => {
  it.each(cases())('of the $name states which tool, input, configuration and models made it', (one) => {
    for (const { dataset } of objectsOf(one)) {
      const equipment = at(dataset, 'ContributingEquipmentSequence');
      expect(equipment?.text('ContributionDescription')?.split('\n')).toEqual([
        'Research use only - not for clinical use',
        'Tool phantom-tool 1.2.3+r1.0123abcd',
        `Input sha256:${'a'.repeat(64)}`,
        `Configuration sha256:${'c0'.repeat(32)}`,
        `Model phantom-model 1.0.0 sha256:${'0123abcd'.repeat(8)}`,
      ]);
      expect(equipment?.text('SoftwareVersions')).toBe('1.2.3+r1.0123abcd');
      expect(dataset.text('ContentQualification')).toBe('RESEARCH');
    }
  });

  it('names as many models as there is room for, each completely', () => {
    const one = ctCase();
    const models = Array.from({ length: 20 }, (_, index) => ({
      id: `m${index}`,
      version: '1.0.0',
      sha256: 'ab'.repeat(32),
    }));

    const [dataset] = ofKind(withMetadata(one, { tool: { ...one.result.metadata.tool, models } }), 'pdf');
    const text = at(dataset, 'ContributingEquipmentSequence')?.text('ContributionDescription') ?? '';

    expect(text.length).toBeLessThanOrEqual(1024);
    expect(
      text
        .split('\n')
        .slice(4)
        .every((line) => /^Model m\d+ 1\.0\.0 sha256:[0-9a-f]{64}$/.test(line)),
    ).toBe(true);
    expect(text.length).toBeGreaterThan(1024 - 90);
  });

  it('has another configuration digest where anything in the tool’s manifest differs', () => {
    const { manifest } = entry;
    const digestOf = (change: Partial<typeof manifest>) =>
      describeTool({ ...entry, manifest: { ...manifest, ...change } }).configurationSha256;

    const digests = [{}, { limits: 'Others' }, { resources: { memoryMb: 1024, timeoutS: 60 } }].map(digestOf);

    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf({})).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });

  it('is of a SOP Class of the list, and every class of the list is written', () => {
    const pointed = ctCase({
      findings: ctCase()
        .result.findings.slice(0, 1)
        .map(({ segmentNumber: _, ...finding }) => ({
          ...{ ...finding, position: [1, 2, 3] as const },
        })),
    });

    const written = [
      ...[pointed, ...cases().flatMap(withNonResults)].flatMap(objectsOf),
      rejection(ctCase(), 'superseded').note,
    ];

    expect(new Set(written.map(({ kind, SOPClassUID }) => `${kind} ${SOPClassUID}`))).toEqual(
      new Set(RESULT_SOP_CLASSES.map(({ kind, SOPClassUID }) => `${kind} ${SOPClassUID}`)),
    );
  });

  it('has the tool’s text as text: no markup is lost, no control character or separator gets through', () => {
    const odd = 'a\u0000b\\c <script>alert(1)</script> \u001b[0m\ud800';
    const one = ctCase({
      findings: ctCase().result.findings.map((finding) => ({
        ...finding,
        id: `${finding.id} ${odd}`,
        label: odd,
        summary: odd,
      })),
      segments: ctCase().result.segments.map((segment) => ({ ...segment, label: odd })),
      keyImages: ctCase().result.keyImages.map((picture) => ({ ...picture, title: odd })),
      report: { kind: 'page', title: odd, paragraphs: [odd], pictures: [] },
    });
    const { tool } = one.result.metadata;

    const objects = objectsOf(withMetadata(one, { tool: { ...tool, label: `${odd}${'x'.repeat(80)}` } }));

    const seg = objects[0]?.dataset;
    expect(at(seg, 'SegmentSequence')?.text('SegmentLabel')).toBe('a b c <script>alert(1)</script>  [0m\ufffd');
    expect(objects.at(-1)?.dataset.text('DocumentTitle')).toContain('<script>alert(1)</script>');
    const comments = contentOf(objects[1]?.dataset).flatMap(({ name, item }) =>
      name === 'Comment' ? [item.text('TextValue')] : [],
    );
    expect(comments).toEqual([
      'a b\\c <script>alert(1)</script>  [0m\ufffd (Research use only - not for clinical use)',
      `Limits: ${tool.limits}`,
      expect.stringMatching(/^Input sha256:[0-9a-f]{64}\nConfiguration sha256:/),
    ]);
  });
});

describe('reports', () => {
  it('encode tooth, side, surface and number of a finding', () => {
    const items = contentOf(ofKind(radiographCase(), 'structured-report')[0]);
    const codeOf = (name: string) => {
      const found = items.find((one) => one.name === name)?.item;
      return at(found, 'ConceptCodeSequence')?.text('CodeMeaning');
    };

    expect(codeOf('Finding Site')).toBe('Mandibular left first molar tooth');
    expect(codeOf('Laterality')).toBe('Left');
    expect(codeOf('Topographical modifier')).toBe('Structure of mesial surface of tooth');
    expect(codeOf('Tooth number (FDI, ISO 3950)')).toBe('FDI 36');
    expect(codeOf('Algorithm Family')).toBe('Artificial Intelligence');
  });

  it('have one document and one series for each way of saying where a finding is', () => {
    const reports = ofKind(ctCase(), 'structured-report');

    const templates = reports.map((report) =>
      contentOf(report).flatMap(({ name, item }) =>
        name === 'Measurement Group' ? [at(item, 'ContentTemplateSequence')?.text('TemplateIdentifier')] : [],
      ),
    );
    expect(templates).toEqual([['1410'], ['1501'], ['1411']]);
    expect(reports.map((report) => report.text('SeriesDescription'))).toEqual([
      'Phantom assessment: findings on images (research)',
      'Phantom assessment: other findings (research)',
      'Phantom assessment: sound, by segment (research)',
    ]);
  });

  it.each<[Exclude<Outcome, 'result'>, string, string]>([
    ['no-finding', 'no-finding', '111241'],
    ['not-applicable', 'out-of-scope', '111245'],
    ['not-evaluable', 'not-evaluable', '111245'],
    ['failed', 'failed', '111245'],
  ])('state in codes and words that a run was %s, why, and for which images', (outcome, code, summary) => {
    const one = ctCase();
    const { tool: description, version, inputDigest, inputs } = one.result.metadata;
    const reason = { code: 'missing-slices', message: 'Slices are missing in the lumbar spine.' };

    const result = nonResult({ description, version, inputDigest, inputs, outcome, reason });
    const [report] = ofKind({ result, source: one.source }, 'non-result');

    const items = contentOf(report);
    const codes = items.flatMap(({ item }) => at(item, 'ConceptCodeSequence')?.text('CodeValue') ?? []);
    const texts = items.flatMap(({ item }) => item.text('TextValue') ?? []);
    expect(codes).toEqual(expect.arrayContaining([code, summary, 'missing-slices']));
    expect(texts).toContain('Slices are missing in the lumbar spine. (missing-slices)');
    expect(texts).toContain('Images: CT series 1, 6 images.');
    const evidence = at(report, 'CurrentRequestedProcedureEvidenceSequence', 'ReferencedSeriesSequence');
    expect(evidence?.items('ReferencedSOPSequence')).toHaveLength(6);
  });
});

describe('the encapsulated PDF', () => {
  it('has a coded title; a page made here has no identity, while a tool’s own PDF may have one', () => {
    const brought = ctCase({ report: { kind: 'pdf', title: 'Brought along', bytes: Buffer.from('%PDF-1.4 odd') } });

    const [page, other] = [ctCase(), brought].map((one) => ofKind(one, 'pdf')[0]);

    expect(at(page, 'ConceptNameCodeSequence')?.text('CodeValue')).toBe('18748-4');
    expect([page, other].map((dataset) => dataset?.text('BurnedInAnnotation'))).toEqual(['NO', 'YES']);
    expect(page?.text('DocumentTitle')).toBe('Vertebral fracture assessment (research)');
    expect(page?.items('SourceInstanceSequence')).toHaveLength(6);
  });
});
