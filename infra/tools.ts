/** The tools that a deployment has: every `tools/<id>/manifest.json` below the root, nothing listed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../core/errors.ts';
import { type ToolManifest, ToolManifestSchema } from '../core/tool-manifest.ts';

/** @throws ConfigurationError naming the manifest that is wrong, or that there is none */
export function discoverTools(root: string): readonly ToolManifest[] {
  const folder = join(root, 'tools');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files = names.map((name) => join(folder, name, 'manifest.json')).filter((file) => existsSync(file));
  if (files.length === 0)
    throw new ConfigurationError(
      `There is no tool in ${folder}: the setting root must name the folder that holds tools/.`,
    );
  return files.map(readManifest);
}

function readManifest(file: string): ToolManifest {
  const parsed = ToolManifestSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`${file} is no tool manifest: ${faults.join('; ')}`);
}
