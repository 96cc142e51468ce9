/** A tool that evaluates a volume once: many cases have other headers around the same slices. Radiographs are never remembered. */
import { createHash } from 'node:crypto';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import type { Image, ImageProcessingTool, ProcessingResult } from '#core/tool.ts';

/** The same tool. A volume whose voxels, grid and frames are the same bit for bit gets the same content. */
export function rememberingTool(tool: ImageProcessingTool): ImageProcessingTool {
  const answers = new Map<string, Promise<ProcessingResult>>();
  return {
    name: tool.name,
    versionId: () => tool.versionId(),
    description: () => tool.description(),
    canProcessImage: (image) => tool.canProcessImage(image),
    async process(images, context) {
      const key = keyOf(images);
      if (key === undefined) return tool.process(images, context);
      const known = answers.get(key);
      if (known !== undefined) return createResult({ tool, images, context, content: contentOf(await known) });
      const answer = tool.process(images, context);
      answers.set(key, answer);
      return answer;
    },
  };
}

function keyOf(images: readonly Image[]): string | undefined {
  const [image] = images;
  return images.length === 1 && image?.kind === 'volume' ? digestOf(image) : undefined;
}

function digestOf({ voxels, FrameOfReferenceUID: _, ...rest }: Volume): string {
  const bytes = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  return createHash('sha256').update(JSON.stringify(rest)).update(bytes).digest('hex');
}

function contentOf({ metadata, findings, segments, keyImages, report }: ProcessingResult) {
  const { outcome, reason, summary } = metadata;
  if (outcome !== 'result' && outcome !== 'no-finding') throw new Error(`A tool does not answer ${outcome}`);
  return { outcome, summary, findings, segments, keyImages, ...(reason && { reason }), ...(report && { report }) };
}
