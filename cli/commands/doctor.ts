import { resolve } from 'node:path';
import type { Command } from 'commander';
import { IN_PACKAGE } from '../../localstack/place.mjs';
import { doctor } from '../../setup/doctor.mjs';
import { print, printJson, root, Unsuccessful, UsageError } from '../command.ts';
import { examineEdge, lineOf } from '../edge-doctor.ts';
import { explain } from '../usage.ts';

interface DoctorOptions {
  readonly json?: boolean;
  readonly edge?: boolean;
  readonly config?: string;
}

/** `hilum doctor`: the check of the set-up alone, with the fix for each missing part; or that of the edge's connections. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('show what is missing on this machine and how to get it')
    .option('--edge', "try the edge's connections to Orthanc and to the cloud instead, and say what is wrong")
    .option('--config <file>', 'with --edge: the settings of the edge')
    .option('--json', 'print an array for scripts')
    .action(async ({ json = false, edge = false, config }: DoctorOptions) => {
      if (edge) return await tellEdge(config, json);
      if (config !== undefined) throw new UsageError('--config is for --edge: `hilum doctor --edge --config FILE`');
      const missing = doctor({ json, print });
      if (!json && !IN_PACKAGE && process.cwd() !== resolve(root))
        print(`The commands are to be typed in ${resolve(root)}.`);
      if (missing !== 0) throw new Unsuccessful();
    });
  explain(command, {
    examples: ['hilum doctor', 'hilum doctor --json', 'hilum doctor --edge --config /etc/hilum/edge.json'],
    failure: 'a needed part is missing, or a connection cannot be used',
    more: ['Before the npm packages are installed, type: node setup/setup.mjs doctor'],
  });
}

async function tellEdge(config: string | undefined, json: boolean): Promise<void> {
  const findings = await examineEdge(config);
  if (json) printJson(findings);
  else for (const finding of findings) print(lineOf(finding));
  if (findings.some(({ present }) => !present)) throw new Unsuccessful();
}
