/** Which tools a deployment from this checkout has: those whose models lie in their folders (`infra/models.ts` decides alike). */
import { howToGet, type ModelPlaces, missingModels } from '#adapters/models/model-file.ts';
import { pullModel } from '#adapters/models/pull.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

/**
 * The tools that are deployed. A model that the local folder has is put in its place first; of each tool that is left out
 * it is said why, and what brings it in.
 */
export async function deployable(
  catalog: readonly ToolEntry[],
  places: ModelPlaces,
  say: (line: string) => void,
): Promise<readonly ToolEntry[]> {
  const tools: ToolEntry[] = [];
  for (const entry of catalog) {
    const missing = await missingModels(entry, { modelsDir: places.modelsDir });
    const nowhere = await missingModels(entry, places);
    if (nowhere.length === 0) {
      for (const card of missing) await pullModel(card, { ...places, fetch });
      tools.push(entry);
    }
    for (const card of nowhere) say(`The tool ${entry.manifest.id} is left out. ${howToGet(card)}`);
  }
  return tools;
}
