/** caries: suspected carious lesions on bitewings, other intra-oral radiographs and panoramics. See README.md. */
import { NotEvaluableError } from '#core/errors.ts';
import { createResult } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { ImageProcessingTool } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { contentOf } from './content.ts';
import { type Evaluation, evaluate } from './evaluate.ts';

export function createTool(entry: ToolEntry): ImageProcessingTool {
  const tool: ImageProcessingTool = {
    name: entry.manifest.id,
    versionId: () => toolVersion(entry),
    description: () => describeTool(entry),
    canProcessImage: (image) => judgeImage(entry.manifest.selection, image),

    /** Evaluates each radiograph separately. The report names those that cannot be evaluated; if none can, the run is not evaluable. */
    async process(images, context) {
      const evaluations: Evaluation[] = [];
      const refusals: NotEvaluableError[] = [];
      for (const image of images) {
        context.signal.throwIfAborted();
        try {
          if (image.kind !== 'radiograph')
            throw new NotEvaluableError('no-radiograph', 'The image is not a radiograph.');
          evaluations.push(await evaluate(image, context));
        } catch (error) {
          if (!(error instanceof NotEvaluableError)) throw error;
          refusals.push(error);
        }
      }
      const [refusal] = refusals;
      if (evaluations.length === 0 && refusal !== undefined) throw refusal;
      const content = contentOf(
        evaluations,
        refusals.map(({ message }) => message),
      );
      return createResult({ tool, images, context, content });
    },
  };
  return tool;
}
