import type { Command } from 'commander';
import { doctor } from '../../setup/doctor.mjs';
import { print, Unsuccessful } from '../command.ts';

/** `hilum doctor`: the check of the set-up by itself, with the command that mends each missing line. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what is missing on this machine and how to get it; exit code 1 where a needed part is missing')
    .option('--json', 'print an array for scripts')
    .addHelpText('after', '\nBefore the npm packages are there: node setup/setup.mjs doctor')
    .action(({ json = false }: { json?: boolean }) => {
      if (doctor({ json, print }) !== 0) throw new Unsuccessful();
    });
}
