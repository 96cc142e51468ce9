/** One phantom as single slices, Enhanced CT and Legacy Converted Enhanced CT must give the same answer, each on its own frames. */
import { describe, expect, it } from 'vitest';
import type { FrameReference } from '#core/image/frame-reference.ts';
import { loadImage } from '#core/image/load.ts';
import type { Volume } from '#core/image/volume.ts';
import { sourceStudyOf } from '#core/results/source-study.ts';
import { runTool } from '#core/run-tool.ts';
import { selectImages } from '#core/study/selection.ts';
import type { Finding, ProcessingResult } from '#core/tool.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { type Dataset, readDicom } from '#dicom/read.ts';
import { encodeDicom } from '#dicom/write.ts';
import { spinePhantomToDicom } from '#phantoms/dicom.ts';
import { spinePhantomToEnhancedCt, spinePhantomToLegacyConvertedCt } from '#phantoms/enhanced-ct.ts';
import { makeSpinePhantom } from '#phantoms/spine-ct.ts';
import { type PhantomStudy, phantomStudy } from '../fixtures/phantom-studies.ts';
import { toolUnderTest } from '../fixtures/tool-under-test.ts';

const { entry, tool, engine } = await toolUnderTest('vertebral-fracture');
const SEED = 7;
const phantom = makeSpinePhantom({
  seed: SEED,
  columns: 128,
  rows: 128,
  spacingMm: [2, 2, 3],
  from: 'S',
  to: 'L1',
  fractures: [{ level: 'L3', type: 'wedge', loss: 0.35 }],
});
/** Frames from head to feet, so that their numbers differ from the slices' order. */
const downwards = Array.from({ length: phantom.slices }, (_, k) => phantom.slices - 1 - k);
const FORMS = {
  series: spinePhantomToDicom(phantom, { seed: SEED }),
  enhanced: [spinePhantomToEnhancedCt(phantom, { seed: SEED, slices: downwards })],
  'legacy converted': [spinePhantomToLegacyConvertedCt(phantom, { seed: SEED })],
};

interface Answer {
  readonly study: PhantomStudy;
  readonly volume: Volume;
  readonly result: ProcessingResult;
  /** The result's objects, written and read. */
  readonly objects: readonly Dataset[];
}

async function answerOf(form: keyof typeof FORMS): Promise<Answer> {
  const study = phantomStudy(form, FORMS[form]);
  const { selected } = selectImages(entry.manifest.selection, study.images);
  const [image] = selected;
  if (image === undefined) throw new Error(`The tool does not take the ${form}`);
  const volume = await loadImage(image, study.read, inProcessDecoder);
  const result = await runTool({
    ...{ entry, tool, images: selected, read: study.read, decoder: inProcessDecoder, engine },
    ...{ clock: Date, deadlineMs: Date.now() + 600_000 },
  });
  const source = sourceStudyOf(study.instances, readDicom(study.files[0] ?? new Uint8Array(0)));
  const objects = result.toDicom(source).map(({ attributes }) => readDicom(encodeDicom(attributes)).dataset);
  return { study, volume: volume as Volume, result, objects };
}

const series = await answerOf('series');
const answers = { enhanced: await answerOf('enhanced'), 'legacy converted': await answerOf('legacy converted') };

/** Findings without the frames that they are drawn on, and the slice of each drawing. */
const bare = ({ regions: _, ...finding }: Finding) => finding;
const sliceOf = ({ frames }: Volume, frame: FrameReference | undefined): number =>
  frames.findIndex(
    ({ SOPInstanceUID, frameNumber }) => SOPInstanceUID === frame?.SOPInstanceUID && frameNumber === frame.frameNumber,
  );

describe.each(['enhanced', 'legacy converted'] as const)('a spine CT as %s object', (form) => {
  const answer = answers[form];

  it('has the voxels of the series, in the same place', () => {
    const { frames: _, SeriesInstanceUID: __, ...grid } = answer.volume;

    expect(series.volume).toMatchObject(grid);
    expect(answer.volume.frames).toHaveLength(phantom.slices);
  });

  it('gets the same findings, with masks and outlines on the same slices', () => {
    const [one, other] = [series.result, answer.result];

    expect(other.metadata.outcome).toBe('result');
    expect(other.findings.map(bare)).toEqual(one.findings.map(bare));
    expect(other.findings.map(({ regions }) => sliceOf(answer.volume, regions?.[0]))).toEqual(
      one.findings.map(({ regions }) => sliceOf(series.volume, regions?.[0])),
    );
    expect(other.segments.map(({ frames }) => frames.map(({ bits }) => bits))).toEqual(
      one.segments.map(({ frames }) => frames.map(({ bits }) => bits)),
    );
    expect(other.metadata.inputs).toHaveLength(1);
  });

  it('has a SEG whose frames reference their source frames', () => {
    const seg = answer.objects.find((object) => object.text('Modality') === 'SEG');
    const file = readDicom(answer.study.files[0] ?? new Uint8Array(0)).dataset;
    const sources = file.items('PerFrameFunctionalGroupsSequence');

    const frames = seg?.items('PerFrameFunctionalGroupsSequence') ?? [];

    expect(frames.length).toBe(answer.result.segments.reduce((sum, { frames }) => sum + frames.length, 0));
    for (const frame of frames) {
      const [reference] = frame.items('DerivationImageSequence')[0]?.items('SourceImageSequence') ?? [];
      const number = reference?.number('ReferencedFrameNumber') ?? 0;
      expect(reference?.text('ReferencedSOPInstanceUID')).toBe(file.text('SOPInstanceUID'));
      expect(frame.items('PlanePositionSequence')[0]?.numbers('ImagePositionPatient')).toEqual(
        sources[number - 1]?.items('PlanePositionSequence')[0]?.numbers('ImagePositionPatient'),
      );
    }
  });

  it('has reports with drawings on frames', () => {
    const drawn = answer.objects.flatMap(coordinates);

    const expected = answer.result.findings.flatMap(({ regions = [] }) =>
      regions.map(({ frameNumber }) => frameNumber),
    );
    expect(expected.length).toBeGreaterThan(0);
    expect(
      drawn.map((item) =>
        item.items('ContentSequence')[0]?.items('ReferencedSOPSequence')[0]?.number('ReferencedFrameNumber'),
      ),
    ).toEqual(expected);
  });
});

/** All SCOORD items of a report, in order. */
function coordinates(item: Dataset): readonly Dataset[] {
  if (item.text('ValueType') === 'SCOORD') return [item];
  return item.items('ContentSequence').flatMap(coordinates);
}
