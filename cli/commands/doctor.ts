import { resolve } from 'node:path';
import type { Command } from 'commander';
import { IN_PACKAGE } from '../../localstack/place.mjs';
import { doctor } from '../../setup/doctor.mjs';
import { print, root, Unsuccessful } from '../command.ts';
import { explain } from '../usage.ts';

/** `hilum doctor`: the check of the set-up alone, with the fix for each missing part. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('show what is missing on this machine and how to get it')
    .option('--json', 'print an array for scripts')
    .action(({ json = false }: { json?: boolean }) => {
      const missing = doctor({ json, print });
      if (!json && !IN_PACKAGE && process.cwd() !== resolve(root))
        print(`The commands are to be typed in ${resolve(root)}.`);
      if (missing !== 0) throw new Unsuccessful();
    });
  explain(command, {
    examples: ['hilum doctor', 'hilum doctor --json'],
    failure: 'a needed part is missing',
    more: ['Before the npm packages are installed, type: node setup/setup.mjs doctor'],
  });
}
