/** The tools of a deployment: every `tools/<id>/manifest.json` below the root. There is no list of tools. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../core/errors.ts';
import { type ToolManifest, ToolManifestSchema } from '../core/tool-manifest.ts';

/** @throws ConfigurationError if there is no tool, or naming the manifest that is wrong */
export function discoverTools(root: string): readonly ToolManifest[] {
  const folder = join(root, 'tools');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files = names.map((name) => join(folder, name, 'manifest.json')).filter((file) => existsSync(file));
  if (files.length === 0)
    throw new ConfigurationError(`There is no tool in ${folder}: set \`root\` to the folder that holds tools/.`);
  return files.map(readManifest);
}

function readManifest(file: string): ToolManifest {
  const parsed = ToolManifestSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`${file} is not a valid tool manifest: ${faults.join('; ')}`);
}
