/**
 * Vertebral bodies in CT: sagittal planes → tissue classes → single bodies → heights → Genant grades → findings.
 * Each step is a file of this folder, in this order.
 */
import { NotEvaluableError } from '#core/errors.ts';
import { boundsOf } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { Image, ImageProcessingTool, ProcessingContext, ResultContent } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { findBodies } from './bodies.ts';
import { gradeBodies } from './grade.ts';
import { believable, heightDeviationMm, measureHeights } from './heights.ts';
import { nameLevels } from './levels.ts';
import { bodyFrames } from './masks.ts';
import { spinePicture } from './picture.ts';
import { requireHounsfield, requireSpine, requireThinSlices } from './plausible.ts';
import { sagittalPlanes } from './preprocess.ts';
import { type Assessment, findingOf, reportOf, segmentOf, summaryOf } from './report.ts';
import { segmentSpine } from './segment.ts';

export function createTool(entry: ToolEntry): ImageProcessingTool {
  const tool: ImageProcessingTool = {
    name: entry.manifest.id,
    versionId: () => toolVersion(entry),
    description: () => describeTool(entry),
    canProcessImage: (image) => judgeImage(entry.manifest.selection, image),
    async process(images, context) {
      return createResult({ tool, images, context, content: await assess(volumeOf(images), context) });
    },
  };
  return tool;
}

/** @throws NotEvaluableError where the volume holds no complete body although it holds spine, or what may be none */
async function assess(volume: Volume, context: ProcessingContext): Promise<ResultContent> {
  requireThinSlices(volume);
  requireHounsfield(volume);
  const map = await segmentSpine(sagittalPlanes(volume), context);
  if (map === undefined) return nothing('no-spine', 'No vertebral body was found in the series.');

  const spine = findBodies(map, boundsOf(volume));
  if (spine.bodies.length === 0) return nothing('no-spine', 'No vertebral body was found in the series.');
  const names = nameLevels(spine);
  const heights = believable(
    spine.bodies.map((body) => {
      context.signal.throwIfAborted();
      return body.complete ? measureHeights(map, spine, body) : undefined;
    }),
  );
  const located = spine.bodies.flatMap((body, index) => {
    const name = names[index];
    return name === undefined ? [] : [{ body, name, heights: heights[index] }];
  });
  const measurable = located.flatMap(({ body, name, heights }) =>
    heights === undefined ? [] : [{ body, name, heights }],
  );
  if (measurable.length === 0) {
    throw new NotEvaluableError(
      'no-complete-body',
      'Spine is in view, but no vertebral body is complete: a taller series is needed.',
      { facts: { bodiesPartlyInView: spine.bodies.length } },
    );
  }
  requireSpine(spine.bodies);
  const gradings = gradeBodies(
    measurable.map(({ name, heights }) => ({ heights, ...(name.level && { level: name.level }) })),
    heightDeviationMm(volume),
  );
  const assessments = located.flatMap(({ body, name, heights }): Assessment[] => {
    const frames = bodyFrames(volume, map, spine, body);
    const grading = gradings[measurable.findIndex((one) => one.body === body)];
    if (frames.length === 0) return [];
    return [{ body, name, frames, ...(heights && grading && { measured: { heights, grading } }) }];
  });
  return {
    outcome: 'result',
    summary: `${summaryOf(assessments)}.`,
    findings: assessments.map((one, index) => findingOf(one, index + 1, volume)),
    segments: assessments.map((one, index) => segmentOf(one, index + 1)),
    keyImages: [spinePicture(volume, map, spine, assessments)],
    report: reportOf(assessments),
  };
}

function nothing(code: string, message: string): ResultContent {
  return {
    outcome: 'no-finding',
    reason: { code, message },
    summary: message,
    findings: [],
    segments: [],
    keyImages: [],
  };
}

function volumeOf(images: readonly Image[]): Volume {
  const [image] = images;
  if (images.length !== 1 || image?.kind !== 'volume') {
    throw new NotEvaluableError('wrong-input', 'This tool reads one cross-sectional series at a time.');
  }
  return image;
}
