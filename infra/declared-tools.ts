/** The tools of an environment. A declared tool is deployed as it was declared, or nothing is. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../core/errors.ts';
import { isCommitted, type ToolManifest } from '../core/tool-manifest.ts';
import type { Config } from './config.ts';
import { type ModelFiles, modelsOf, withoutMissingModels } from './models.ts';
import { discoverTools } from './tools.ts';

export interface DeployedTools {
  /** They take new studies. */
  readonly active: readonly ToolManifest[];
  /** They begin no run any more, and end what they began. */
  readonly retired: readonly ToolManifest[];
}

/**
 * @returns the tools, and a sentence for each tool that is here and not deployed
 * @throws ConfigurationError with a sentence for each tool that is not as it was declared
 */
export function deployedTools(
  config: Pick<Config, 'environment' | 'root' | 'tools'>,
): DeployedTools & { readonly told: readonly string[] } {
  const { environment, root, tools: declared } = config;
  const found = discoverTools(root);
  if (declared === 'found') {
    const { tools, leftOut } = withoutMissingModels(found, root);
    return { active: tools, retired: [], told: leftOut };
  }
  const faults = Object.entries(declared).flatMap(([id, { models }]) => {
    const manifest = found.find((tool) => tool.id === id);
    if (manifest === undefined)
      return [
        `The environment ${environment} declares the tool ${id}, but ${join(root, 'tools', id)} has no manifest.`,
      ];
    return faultsOf(manifest, models, config);
  });
  if (faults.length > 0) throw new ConfigurationError(faults.join(' '));
  const inState = (state: 'active' | 'retired') => found.filter(({ id }) => declared[id]?.state === state);
  const undeclared = found.filter(({ id }) => declared[id] === undefined).map(({ id }) => id);
  return {
    active: inState('active'),
    retired: inState('retired'),
    told: undeclared.map((id) => `The tool ${id} is not deployed: the environment ${environment} does not declare it.`),
  };
}

function faultsOf(
  tool: ToolManifest,
  declared: Readonly<Record<string, string>>,
  { environment, root }: Pick<Config, 'environment' | 'root'>,
): readonly string[] {
  const foreign = Object.keys(declared).filter((id) => !tool.models.includes(id));
  return [
    ...foreign.map(
      (id) => `The environment ${environment} declares the model ${id} of the tool ${tool.id}, which does not use it.`,
    ),
    ...modelsOf(tool, root).flatMap((model) => {
      const fault = faultOf(model, declared[model.card.id], root);
      return fault === undefined ? [] : [`The tool ${tool.id} of the environment ${environment}: ${fault}`];
    }),
  ];
}

function faultOf({ folder, card }: ModelFiles, declared: string | undefined, root: string): string | undefined {
  const { id, sha256 } = card;
  if (declared === undefined) return `the digest of its model ${id} is not declared. Its card says ${sha256}.`;
  if (declared !== sha256)
    return `the digest of its model ${id} is declared as ${declared}, and its card says ${sha256}.`;
  const file = join(folder, card.file);
  if (!existsSync(join(root, file))) {
    const help = isCommitted(card) ? 'It is part of the clone.' : `\`bin/hilum models pull ${id}\` fetches it.`;
    return `${file}, its model, is not here. ${help}`;
  }
  const actual = digestOf(join(root, file));
  return actual === sha256 ? undefined : `${file}, its model, has the digest ${actual}, and ${sha256} is declared.`;
}

/** In parts, since a model may be larger than what Node.js reads at once (2 GiB). */
function digestOf(path: string): string {
  const [digest, part] = [createHash('sha256'), Buffer.alloc(16 * 2 ** 20)];
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, part); read > 0; read = readSync(file, part)) digest.update(part.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return digest.digest('hex');
}
