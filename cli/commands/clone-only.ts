import type { Command } from 'commander';
import { UsageError } from '../command.ts';

/** What to type in a clone for each command of `CLONE_ONLY` (`localstack/place.mjs`). */
const IN_A_CLONE: Readonly<Record<string, string>> = {
  demo: 'npm run demo',
  local: 'node setup/setup.mjs demo && bin/hilum local up',
};

/** The package's substitute for a command that needs a clone. It is listed, and says what to do instead. */
export function cloneOnly(name: string): (program: Command) => void {
  const what = `works only in a clone of Hilum's repository. In the clone, type: ${IN_A_CLONE[name]}`;
  return (program) => {
    program
      .command(name)
      .description(what)
      .argument('[anything...]')
      .allowUnknownOption()
      .action(() => {
        throw new UsageError(`${name} ${what}`);
      });
  };
}
