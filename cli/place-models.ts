/** Puts models into their folders before the app is deployed: tools whose models are missing are left out (`infra/models.ts`). */
import { howToGet, type ModelPlaces, missingModels } from '#adapters/models/model-file.ts';
import { pullModel } from '#adapters/models/pull.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

/**
 * A model that the local folder has is put in its place; of each tool that will be left out it is said why, and what brings
 * it in.
 */
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
