#!/usr/bin/env node
/** The `hilum` command. Exit codes: 0 success, 1 failure, 2 wrong usage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { HilumError } from '#core/errors.ts';
import { note, root, Unsuccessful, UsageError } from './command.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addRunCommand } from './commands/run.ts';
import { addStatusCommand } from './commands/status.ts';
import { addToolsCommand } from './commands/tools.ts';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

const program = new Command('hilum')
  .description('Medical-imaging AI tools in the clinical workflow: from Orthanc through AWS and back as DICOM.')
  .version(version)
  .showHelpAfterError('(see --help)')
  .exitOverride();
for (const add of [addRunCommand, addInspectCommand, addToolsCommand, addDemoCommand, addStatusCommand]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says what went wrong in a sentence, and returns the exit code. `HILUM_DEBUG=1` shows where it happened. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env['HILUM_DEBUG'] === '1') note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (error instanceof Unsuccessful) return 1;
  if (error instanceof UsageError) {
    note(`hilum: ${error.message}`);
    return 2;
  }
  if (error instanceof HilumError) {
    note(`hilum: ${error.message} (${error.code})`);
    return 1;
  }
  const kind = error instanceof Error ? error.name : typeof error;
  note(`hilum: something unexpected went wrong (${kind}). Run it again with HILUM_DEBUG=1 to see where.`);
  return 1;
}
