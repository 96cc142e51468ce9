/** Which tools a deployment from this checkout has: those whose models lie in their folders (`infra/tools.ts` decides alike). */
import { howToGet, missingModels } from '#adapters/models/model-file.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import { modelPlaces } from './command.ts';

/** The tools that are deployed; of each that is left out it is said why, and what brings it in. */
export async function deployable(
  catalog: readonly ToolEntry[],
  say: (line: string) => void,
): Promise<readonly ToolEntry[]> {
  const { modelsDir } = modelPlaces;
  const lacks = await Promise.all(catalog.map((entry) => missingModels(entry, { modelsDir })));
  for (const [index, { manifest }] of catalog.entries())
    for (const card of lacks[index] ?? []) say(`The tool ${manifest.id} is left out. ${howToGet(card)}`);
  return catalog.filter((_, index) => lacks[index]?.length === 0);
}
