/** Brain tissue in T1 MR: conformed grid → the model's classes → masks on the source's slices → volumes. See README.md. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { Image, ImageProcessingTool, ProcessingContext, ResultContent } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { tissueMasks } from './masks.ts';
import { tissuePicture } from './picture.ts';
import { findingsOf, reportOf, segmentsOf, summaryOf } from './report.ts';
import { segmentBrain } from './segment.ts';

export function createTool(entry: ToolEntry): ImageProcessingTool {
  const tool: ImageProcessingTool = {
    name: entry.manifest.id,
    versionId: () => toolVersion(entry),
    description: () => describeTool(entry),
    canProcessImage: (image) => judgeImage(entry.manifest.selection, image),
    async process(images, context) {
      return createResult({ tool, images, context, content: await measure(volumeOf(images), context) });
    },
  };
  return tool;
}

/** @throws NotEvaluableError where no whole brain is in view, the image is not T1-weighted, or the answer is not a brain's */
async function measure(volume: Volume, context: ProcessingContext): Promise<ResultContent> {
  const { head, tissue } = await segmentBrain(volume, context);
  const tissues = tissueMasks(volume, tissue, head);
  return {
    outcome: 'result',
    summary: summaryOf(tissues),
    findings: findingsOf(tissues),
    segments: segmentsOf(tissues),
    keyImages: [tissuePicture(volume, head, tissue, tissues)],
    report: reportOf(tissues),
  };
}

function volumeOf(images: readonly Image[]): Volume {
  const [image] = images;
  if (images.length !== 1 || image?.kind !== 'volume') {
    throw new NotEvaluableError('wrong-input', 'This tool reads one cross-sectional series at a time.');
  }
  return image;
}
