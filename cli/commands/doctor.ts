import type { Command } from 'commander';
import { doctor } from '../../setup/doctor.mjs';
import { print, Unsuccessful } from '../command.ts';
import { explain } from '../usage.ts';

/** `hilum doctor`: the check of the set-up alone, with the fix for each missing part. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('show what is missing on this machine and how to get it')
    .option('--json', 'print an array for scripts')
    .action(({ json = false }: { json?: boolean }) => {
      if (doctor({ json, print }) !== 0) throw new Unsuccessful();
    });
  explain(command, {
    examples: ['hilum doctor', 'hilum doctor --json'],
    failure: 'a needed part is missing',
    more: ['Before the npm packages are installed, type: node setup/setup.mjs doctor'],
  });
}
