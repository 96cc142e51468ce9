/**
 * Puts models into their folders before the app is deployed, because tools without their models are left out
 * (`infra/models.ts`).
 */
import { howToGet, type ModelPlaces, missingModels } from '#adapters/models/model-file.ts';
import { pullModel } from '#adapters/models/pull.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

/** Copies models from the local folder to their places. For each tool that will be left out, says why and how to get its model. */
export async function placeModels(
  catalog: readonly ToolEntry[],
  places: ModelPlaces,
  say: (line: string) => void,
): Promise<void> {
  for (const entry of catalog) {
    const missing = await missingModels(entry, { modelsDir: places.modelsDir });
    const nowhere = await missingModels(entry, places);
    if (nowhere.length === 0) for (const card of missing) await pullModel(card, { ...places, fetch });
    for (const card of nowhere) say(`The tool ${entry.manifest.id} is left out. ${howToGet(card)}`);
  }
}
