/**
 * Vertebral bodies in CT: sagittal planes → tissue classes → single bodies → heights → Genant grades → findings.
 * Each step is a file in this folder, in this order.
 */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult, withTimings } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { Image, ImageProcessingTool, ProcessingContext, ResultContent } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { agreeOn } from './agree.ts';
import type { Fit } from './fit.ts';
import { nameLevels } from './levels.ts';
import { lookAt } from './look.ts';
import { bodyFrames } from './masks.ts';
import { spinePicture } from './picture.ts';
import { requireGradable, requirePlausiblePicture, requireSpine, requireThinSlices } from './plausible.ts';
import { requireAdult, secondSpine, showsSpine } from './posture.ts';
import { PLAIN_VIEW, sagittalPlanes } from './preprocess.ts';
import { type Assessment, findingsOf, reportOf, segmentOf, summaryOf } from './report.ts';
import { searchSpine } from './segment.ts';

export function createTool(entry: ToolEntry): ImageProcessingTool {
  const tool: ImageProcessingTool = {
    name: entry.manifest.id,
    versionId: () => toolVersion(entry),
    description: () => describeTool(entry),
    canProcessImage: (image) => judgeImage(entry.manifest.selection, image),
    async process(images, context) {
      const { content, passes } = await assess(volumeOf(images), context);
      return withTimings(createResult({ tool, images, context, content }), { passes });
    },
  };
  return tool;
}

/** @throws NotEvaluableError where the volume shows spine but no body can be graded, or where it may not show a spine */
async function assess(
  volume: Volume,
  context: ProcessingContext,
): Promise<{ readonly content: ResultContent; readonly passes: number }> {
  requireThinSlices(volume);
  requirePlausiblePicture(volume);
  const found = await searchSpine(sagittalPlanes(volume), context);
  if (found === undefined) return { content: nothing('no-spine', NO_SPINE), passes: 0 };
  const { look, withheld, namesAgree, passes } = await agreeOn(volume, found.spine, context);
  const { map, spine, candidates, gradings } = look;
  if (spine.bodies.length === 0) return { content: nothing('no-spine', NO_SPINE), passes };
  if (candidates.every(({ heights }) => heights === undefined)) {
    throw new NotEvaluableError(
      'no-complete-body',
      'The spine is in view, but no vertebral body is complete. A series that shows whole bodies is needed: a longer one, or one with a wider field of view.',
      { facts: { bodiesPartlyInView: spine.bodies.length } },
    );
  }
  requireSpine(spine.bodies);
  requireAdult(look);
  for (const range of found.others) {
    if (showsSpine(await lookAt(volume, PLAIN_VIEW, range, context))) throw secondSpine();
  }
  const fits = look.fits.map(({ noGrade, ...fit }, index): Fit => {
    const reason = noGrade ?? withheld[index];
    return { ...fit, ...(reason && { noGrade: reason }) };
  });
  requireGradable(fits);
  const names = namesAgree ? look.names : nameLevels({ ...spine, onSacrum: false });
  const assessments = spine.bodies.flatMap((body, index): Assessment[] => {
    const [name, fit, heights, grading] = [names[index], fits[index], candidates[index]?.heights, gradings[index]];
    const frames = bodyFrames(volume, map, spine, body);
    if (name === undefined || frames.length === 0) return [];
    const position = heights?.centre ?? body.centre;
    const noGrade = fit?.noGrade;
    if (noGrade !== undefined) return [{ body, name, frames, position, noGrade }];
    return heights && grading ? [{ body, name, frames, position, graded: { heights, grading } }] : [];
  });
  const content: ResultContent = {
    outcome: 'result',
    summary: `${summaryOf(assessments)}.`,
    findings: findingsOf(assessments, volume),
    segments: assessments.map((one, index) => segmentOf(one, index + 1)),
    keyImages: [spinePicture(volume, map, spine, assessments)],
    report: reportOf(assessments, spine.below !== 'none'),
  };
  return { content, passes };
}

const NO_SPINE = 'No vertebral body was found in the series.';

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
