/**
 * Vertebral bodies in CT: sagittal planes → tissue classes → single bodies → heights → Genant grades → findings.
 * Each step is a file in this folder, in this order.
 */
import { NotEvaluableError } from '#core/errors.ts';
import { boundsOf } from '#core/image/resample.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { Image, ImageProcessingTool, ProcessingContext, ResultContent } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { findBodies } from './bodies.ts';
import { type Candidate, fitBodies, standsOnSacrum } from './fit.ts';
import { gradeBodies } from './grade.ts';
import { heightDeviationMm, measureHeights } from './heights.ts';
import { nameLevels } from './levels.ts';
import { bodyFrames } from './masks.ts';
import { spinePicture } from './picture.ts';
import { requireGradable, requirePlausiblePicture, requireSpine, requireThinSlices } from './plausible.ts';
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

/** @throws NotEvaluableError where the volume shows spine but no body can be graded, or where it may not show a spine */
async function assess(volume: Volume, context: ProcessingContext): Promise<ResultContent> {
  requireThinSlices(volume);
  requirePlausiblePicture(volume);
  const map = await segmentSpine(sagittalPlanes(volume), context);
  if (map === undefined) return nothing('no-spine', 'No vertebral body was found in the series.');

  const spine = findBodies(map, boundsOf(volume));
  if (spine.bodies.length === 0) return nothing('no-spine', 'No vertebral body was found in the series.');
  const candidates = spine.bodies.map((body): Candidate => {
    context.signal.throwIfAborted();
    const heights = body.complete ? measureHeights(map, spine, body) : undefined;
    return { ...body, ...(heights && { heights }) };
  });
  if (candidates.every(({ heights }) => heights === undefined)) {
    throw new NotEvaluableError(
      'no-complete-body',
      'The spine is in view, but no vertebral body is complete. A longer series is needed.',
      { facts: { bodiesPartlyInView: spine.bodies.length } },
    );
  }
  requireSpine(spine.bodies);
  const fits = fitBodies(candidates);
  requireGradable(fits);
  // If the lowest body may be S1, no level is named. The first body that fits is close enough to L5 to be compared as such.
  const isSure = standsOnSacrum(fits);
  const names = nameLevels({ ...spine, onSacrum: spine.onSacrum && isSure });
  const first = isSure ? 0 : fits.findIndex((fit) => fit.fits);
  const counted = nameLevels({ ...spine, bodies: spine.bodies.slice(first) });
  const gradings = gradeBodies(
    candidates.map(({ heights }, index) => {
      const level = counted[index - first]?.level;
      return heights && fits[index]?.fits ? { heights, ...(level && { level }) } : undefined;
    }),
    heightDeviationMm(volume),
  );
  const assessments = spine.bodies.flatMap((body, index): Assessment[] => {
    const [name, fit, heights, grading] = [names[index], fits[index], candidates[index]?.heights, gradings[index]];
    const frames = bodyFrames(volume, map, spine, body);
    if (name === undefined || frames.length === 0) return [];
    const position = heights?.centre ?? body.centre;
    const noGrade = fit?.noGrade;
    if (noGrade !== undefined) return [{ body, name, frames, position, noGrade }];
    return heights && grading ? [{ body, name, frames, position, graded: { heights, grading } }] : [];
  });
  return {
    outcome: 'result',
    summary: `${summaryOf(assessments)}.`,
    findings: assessments.map((one, index) => findingOf(one, index + 1, volume)),
    segments: assessments.map((one, index) => segmentOf(one, index + 1)),
    keyImages: [spinePicture(volume, map, spine, assessments)],
    report: reportOf(assessments, spine.onSacrum),
  };
}

function nothing(code: string, message: string): ResultContent {
  return {
    outcome: 'no-finding',
    reason: { code, message },
    notInView: true,
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
