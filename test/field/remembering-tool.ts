/** A tool that evaluates a volume once: many cases have other headers around the same slices. Radiographs are never remembered. */
import { createHash } from 'node:crypto';
import type { FrameReference } from '#core/image/frame-reference.ts';
import type { Volume } from '#core/image/volume.ts';
import { createResult } from '#core/results/result.ts';
import type { ImageProcessingTool, ProcessingResult, ResultContent } from '#core/tool.ts';

interface Remembered {
  readonly frames: readonly FrameReference[];
  readonly result: Promise<ProcessingResult>;
}

/** The same tool. A volume with the same voxels on the same grid gets the same content, about its own frames. */
export function rememberingTool(tool: ImageProcessingTool): ImageProcessingTool {
  const answers = new Map<string, Remembered>();
  return {
    name: tool.name,
    versionId: () => tool.versionId(),
    description: () => tool.description(),
    canProcessImage: (image) => tool.canProcessImage(image),
    async process(images, context) {
      const [volume] = images;
      if (images.length !== 1 || volume?.kind !== 'volume') return tool.process(images, context);
      const key = digestOf(volume);
      const known = answers.get(key);
      if (known === undefined) {
        const result = tool.process(images, context);
        answers.set(key, { frames: volume.frames, result });
        return result;
      }
      const content = about(volume.frames, known.frames, contentOf(await known.result));
      return createResult({ tool, images, context, content });
    },
  };
}

/** Of all but the UIDs. Frames of one instance and instances of one frame do not compare as equal. */
function digestOf({ voxels, frames, ...rest }: Volume): string {
  const { StudyInstanceUID: _, SeriesInstanceUID: __, FrameOfReferenceUID: ___, ...grid } = rest;
  const numbers = frames.map(({ frameNumber = 0 }) => frameNumber);
  const bytes = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  return createHash('sha256')
    .update(JSON.stringify([grid, numbers]))
    .update(bytes)
    .digest('hex');
}

function contentOf({ metadata, findings, segments, keyImages, report }: ProcessingResult): ResultContent {
  const { outcome, reason, summary } = metadata;
  if (outcome !== 'result' && outcome !== 'no-finding') throw new Error(`A tool does not answer ${outcome}`);
  return { outcome, summary, findings, segments, keyImages, ...(reason && { reason }), ...(report && { report }) };
}

/** The content with the UIDs of these frames in place of those, slice by slice. */
function about(
  these: readonly FrameReference[],
  those: readonly FrameReference[],
  content: ResultContent,
): ResultContent {
  const uids = new Map(those.map(({ SOPInstanceUID }, slice) => [SOPInstanceUID, these[slice]?.SOPInstanceUID]));
  const uidOf = (uid: string): string => uids.get(uid) ?? uid;
  const own = <T extends FrameReference>(frame: T): T => ({ ...frame, SOPInstanceUID: uidOf(frame.SOPInstanceUID) });
  return {
    ...content,
    findings: content.findings.map((finding) => ({
      ...finding,
      ...(finding.regions && { regions: finding.regions.map(own) }),
    })),
    segments: content.segments.map((segment) => ({ ...segment, frames: segment.frames.map(own) })),
    keyImages: content.keyImages.map((image) => ({ ...image, sources: image.sources.map(uidOf) })),
  };
}
