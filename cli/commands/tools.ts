import type { Command } from 'commander';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { describeTool, type ToolEntry, toolVersion } from '#core/tool-manifest.ts';
import { print, printJson, root } from '../command.ts';
import { explain } from '../usage.ts';

/** `hilum tools`: every tool with its version, its description and its models. */
export function addToolsCommand(program: Command): void {
  const command = program
    .command('tools')
    .description('list the tools with their versions, descriptions and models')
    .option('--json', 'print an array for scripts')
    .action(async ({ json }: { json?: boolean }) => {
      const tools = (await loadCatalog(root)).map(describe);
      if (json === true) printJson(tools);
      else for (const tool of tools) printCard(tool);
    });
  explain(command, { examples: ['hilum tools', 'hilum tools --json'] });
}

function describe(entry: ToolEntry) {
  return { ...describeTool(entry), version: toolVersion(entry), resources: entry.manifest.resources };
}

function printCard(tool: ReturnType<typeof describe>): void {
  print(`${tool.id} ${tool.version}: ${tool.label}`);
  for (const field of ['purpose', 'inputs', 'outputs', 'limits'] as const) print(`  ${field.padEnd(8)} ${tool[field]}`);
  for (const { id, version, sha256 } of tool.models) print(`  model    ${id} ${version} (${sha256.slice(0, 12)}…)`);
  print();
}
