/** caries: suspected carious lesions on bitewings, other intra-oral radiographs and panoramics. See README.md. */
import { NotEvaluableError } from '#core/errors.ts';
import type { Radiograph } from '#core/image/radiograph.ts';
import { createResult } from '#core/results/result.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { ImageProcessingTool, LeftOut, ProcessingContext } from '#core/tool.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { contentOf } from './content.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { exposuresOf } from './exposures.ts';

export function createTool(entry: ToolEntry): ImageProcessingTool {
  const tool: ImageProcessingTool = {
    name: entry.manifest.id,
    versionId: () => toolVersion(entry),
    description: () => describeTool(entry),
    canProcessImage: (image) => judgeImage(entry.manifest.selection, image),

    /** Evaluates each exposure once and separately. The answer names those that cannot be evaluated; if none can, the run is not evaluable. */
    async process(images, context) {
      const radiographs = images.filter((image) => image.kind === 'radiograph');
      const looks: Look[] = [];
      for (const exposure of exposuresOf(radiographs)) looks.push(await lookOnce(exposure, context));
      const evaluations = looks.flatMap(({ evaluation }) => evaluation ?? []);
      const [refusal] = looks.flatMap(({ refusals }) => refusals);
      if (evaluations.length === 0)
        throw refusal ?? new NotEvaluableError('no-radiograph', 'No image is a radiograph.');
      return createResult({
        ...{ tool, context, content: contentOf(evaluations) },
        images: evaluations.map(({ source }) => source),
        leftOut: looks.flatMap(({ leftOut }) => leftOut),
      });
    },
  };
  return tool;
}

interface Look {
  readonly evaluation?: Evaluation;
  readonly refusals: readonly NotEvaluableError[];
  readonly leftOut: readonly LeftOut[];
}

/** The first picture of an exposure that can be evaluated, and why the others were not. */
async function lookOnce(exposure: readonly Radiograph[], context: ProcessingContext): Promise<Look> {
  const refusals: NotEvaluableError[] = [];
  const leftOut: LeftOut[] = [];
  let evaluation: Evaluation | undefined;
  for (const picture of exposure) {
    context.signal.throwIfAborted();
    try {
      if (evaluation === undefined) evaluation = await evaluate(picture, context);
      else leftOut.push(without(picture, SAME_EXPOSURE));
    } catch (error) {
      if (!(error instanceof NotEvaluableError)) throw error;
      refusals.push(error);
      leftOut.push(without(picture, error));
    }
  }
  return { ...(evaluation && { evaluation }), refusals, leftOut };
}

const SAME_EXPOSURE: LeftOut['reason'] = {
  code: 'same-exposure',
  message: 'It shows the same exposure as another image of the study, which was evaluated in its place',
};

function without({ header }: Radiograph, { code, message }: LeftOut['reason']): LeftOut {
  return { SOPInstanceUIDs: [header.SOPInstanceUID], reason: { code, message: message.replace(/\.$/, '') } };
}
