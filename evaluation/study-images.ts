/** Loads real DICOM files as a run would: selected, decoded, with geometry. */
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { loadImage } from '#core/image/load.ts';
import { groupImages } from '#core/study/images.ts';
import { selectImages } from '#core/study/selection.ts';
import type { Image } from '#core/tool.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { readStudies } from '#files/dicom-files.ts';

/**
 * The images that the tool selects from the study below `path`: of several candidates the first.
 *
 * @throws Error if there is not exactly one study, or if the tool selects none of its images
 */
export async function imagesForTool(path: string, { manifest }: ToolEntry): Promise<readonly Image[]> {
  const { studies } = await readStudies([path]);
  const [study] = studies;
  if (study === undefined || studies.length > 1) throw new Error(`${path} holds ${studies.length} studies, not one`);
  const { selected } = selectImages(manifest.selection, groupImages(study));
  if (selected.length === 0) throw new Error(`${manifest.id} selects no image of ${path}`);
  const decoder = createDecoder();
  const taken = manifest.selection.take === 'best' ? selected.slice(0, 1) : selected;
  return Promise.all(taken.map((image) => loadImage(image, study.read, decoder)));
}
