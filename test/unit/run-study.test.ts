import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStudy } from '#cli/run-study.ts';
import { indexInstance } from '#core/study/index-instance.ts';
import type { ImageProcessingTool } from '#core/tool.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { readDicom } from '#dicom/read.ts';
import { entry, makeRadiographFile, makeTool, nothingFound } from '../fixtures/tiny-radiograph.ts';

const ready = (tool: ImageProcessingTool) => ({
  ...{ entry, tool, decoder: inProcessDecoder },
  engine: { run: () => Promise.reject(new Error('The tool runs no model')) },
});

describe('a study through a tool in this process', () => {
  let out: string;
  beforeEach(async () => {
    out = await mkdtemp(join(tmpdir(), 'hilum-run-'));
  });
  afterEach(() => rm(out, { recursive: true }));

  it('has failed if the output gate refuses its result, with the reason and no object', async () => {
    const file = makeRadiographFile();
    const instance = indexInstance(file);
    const { StudyInstanceUID } = instance;
    const tool = makeTool(() => ({ ...nothingFound, summary: 'Nothing in Phantom^Tiny' }));
    const study = { StudyInstanceUID, instances: [instance], read: async () => file, refused: [] };

    const report = await runStudy(study, ready(tool), out);

    expect(report).toMatchObject({
      outcome: 'failed',
      reason: { code: 'invalid-dicom-object', message: expect.stringContaining('identity') },
      findings: [],
      objects: [],
    });
    const folder = join(out, StudyInstanceUID);
    expect(await readdir(folder)).toEqual(['result.json']);
    expect(await readFile(join(folder, 'result.json'), 'utf8')).not.toContain('Phantom^Tiny');
  });

  it('lists in result.json which images were left out, and writes its objects without them', async () => {
    const blank = makeRadiographFile({ SOPInstanceUID: '2.25.1000', grey: 7 });
    const files = new Map([makeRadiographFile(), blank].map((file) => [indexInstance(file).SOPInstanceUID, file]));
    const instances = [...files.values()].map((file) => indexInstance(file));
    const { StudyInstanceUID = '' } = instances[0] ?? {};
    const read = async ({ SOPInstanceUID }: { readonly SOPInstanceUID: string }) => files.get(SOPInstanceUID) ?? blank;
    const study = { StudyInstanceUID, instances, read, refused: [] };

    const report = await runStudy(study, ready(makeTool(() => nothingFound)), out);

    const stored: unknown = JSON.parse(await readFile(join(out, StudyInstanceUID, 'result.json'), 'utf8'));
    expect(stored).toEqual(report);
    expect(report).toMatchObject({
      outcome: 'no-finding',
      summary: expect.stringContaining('1 of 2 images was not evaluated'),
      leftOut: [{ SOPInstanceUIDs: ['2.25.1000'], reason: { code: 'unsupported-pixel-format' } }],
      objects: [{ kind: 'non-result' }, { kind: 'secondary-capture' }, { kind: 'pdf' }],
    });
  });

  it('gives the objects the study’s time, or the times that it is told, and says which', async () => {
    const file = makeRadiographFile();
    const instance = indexInstance(file);
    const study = {
      StudyInstanceUID: instance.StudyInstanceUID,
      instances: [instance],
      read: async () => file,
      refused: [],
    };
    const moments = { content: '2026-02-01T08:00:00Z', creation: '2026-02-01T08:00:05Z', timeZone: 'Europe/Berlin' };
    const run = async (...more: (typeof moments)[]) => {
      const report = await runStudy(study, ready(makeTool(() => nothingFound)), out, ...more);
      const { dataset } = readDicom(await readFile(report.objects[0]?.path ?? ''));
      return [report.at, dataset.text('ContentTime'), dataset.text('InstanceCreationTime')];
    };

    const own = readDicom(file).dataset.text('StudyTime') ?? '000000';
    expect(await run()).toEqual(['study', own, own]);
    expect(await run(moments)).toEqual([
      { content: '2026-02-01T08:00:00Z', creation: '2026-02-01T08:00:05Z' },
      '090000',
      '090005',
    ]);
  });
});
