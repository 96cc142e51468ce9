/** Finds the models of tools. Models that are not committed may have to be fetched first. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../core/errors.ts';
import { isCommitted, type ModelCard, ModelCardSchema, type ToolManifest } from '../core/tool-manifest.ts';

/** A model's folder, card and file. */
export interface ModelFiles {
  readonly folder: string;
  readonly card: ModelCard;
}

/** @throws ConfigurationError if a model's card is missing or wrong */
export function modelsOf({ id, models }: ToolManifest, root: string): readonly ModelFiles[] {
  return models.map((model) => {
    const folder = join('layers', 'models', model);
    const path = join(root, folder, 'model.json');
    if (!existsSync(path))
      throw new ConfigurationError(`The tool ${id} names the model ${model}, but there is no ${path}`);
    const parsed = ModelCardSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (!parsed.success) throw new ConfigurationError(`${path} is not a valid model card`, { cause: parsed.error });
    return { folder, card: parsed.data };
  });
}

/** The tools that can be deployed, and a sentence for each tool that is left out because a model was not fetched yet. */
export function withoutMissingModels(
  tools: readonly ToolManifest[],
  root: string,
): { readonly tools: readonly ToolManifest[]; readonly leftOut: readonly string[] } {
  const toFetch = (tool: ToolManifest): readonly ModelCard[] =>
    modelsOf(tool, root)
      .filter(({ folder, card }) => !isCommitted(card) && !existsSync(join(root, folder, card.file)))
      .map(({ card }) => card);
  return {
    tools: tools.filter((tool) => toFetch(tool).length === 0),
    leftOut: tools.flatMap((tool) =>
      toFetch(tool).map(
        ({ id }) =>
          `The tool ${tool.id} is left out of the deployment: its model ${id} is not here. \`bin/hilum models pull ${id}\` fetches it.`,
      ),
    ),
  };
}
