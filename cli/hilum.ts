#!/usr/bin/env node
/** The `hilum` command. Exit codes: 0 success, 1 failure, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { systemRefusal } from '#adapters/system-refusal.ts';
import { isKnown } from '#core/errors.ts';
import { WrongPathError } from '#files/wrong-path.ts';
import { CLONE_ONLY, IN_PACKAGE } from '../localstack/place.mjs';
import { forPeople, note, print, Unsuccessful, UsageError } from './command.ts';
import { cloneOnly } from './commands/clone-only.ts';
import { notAmong } from './suggest.ts';
import { versionLine } from './version.ts';

/** A command is loaded on demand, so that it does not wait for the modules of another one. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import('./commands/run.ts')).addRunCommand,
  inspect: async () => (await import('./commands/inspect.ts')).addInspectCommand,
  tools: async () => (await import('./commands/tools.ts')).addToolsCommand,
  models: async () => (await import('./commands/models.ts')).addModelsCommand,
  demo: async () => (await import('./commands/demo.ts')).addDemoCommand,
  edge: async () => (await import('./commands/edge.ts')).addEdgeCommand,
  status: async () => (await import('./commands/status.ts')).addStatusCommand,
  rerun: async () => (await import('./commands/rerun.ts')).addRerunCommand,
  deliver: async () => (await import('./commands/deliver.ts')).addDeliverCommand,
  replay: async () => (await import('./commands/replay.ts')).addReplayCommand,
  redrive: async () => (await import('./commands/redrive.ts')).addRedriveCommand,
  viewer: async () => (await import('./commands/viewer.ts')).addViewerCommand,
  local: async () => (await import('./commands/local.ts')).addLocalCommand,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
};

// The reader of our output may stop early, as `head` does. The command then ends quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? process.exitCode : report(systemRefusal(error, 'Standard output')));
});

// What nothing waited for, such as an error in a timer. Where a tool runs, it is the tool's (`cli/tool-guard.ts`).
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') === 1) process.exit(report(error));
});

try {
  const program = await createProgram(process.argv[2] ?? '');
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

async function createProgram(asked: string): Promise<Command> {
  const program = new Command('hilum')
    .description('Medical-imaging AI tools in the clinical workflow: from Orthanc through AWS and back as DICOM.')
    .option('-V, --version', 'print the version and the commit')
    .on('option:version', () => {
      print(versionLine());
      throw new CommanderError(0, 'commander.version', '');
    })
    .configureOutput({
      writeOut: (text) => void process.stdout.write(forPeople(text)),
      writeErr: (text) => void process.stderr.write(forPeople(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'hilum: ')),
    })
    .showHelpAfterError('(see --help)')
    .exitOverride();
  const [, , help, topic] = process.argv;
  if (help === 'help' && topic !== undefined && topic !== 'help' && !Object.hasOwn(COMMANDS, topic))
    throw new UsageError(notAmong('command', topic, Object.keys(COMMANDS)));
  const wanted = Object.entries(COMMANDS).filter(([name]) => name === asked || !Object.hasOwn(COMMANDS, asked));
  for (const [name, load] of wanted) {
    if (IN_PACKAGE && CLONE_ONLY.includes(name)) cloneOnly(name)(program);
    else (await load())(program);
  }
  return program;
}

/** Prints a sentence on what went wrong, and returns the exit code. `HILUM_DEBUG=1` shows where it happened. */
function report(thrown: unknown): number {
  const error = systemRefusal(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env['HILUM_DEBUG'] === '1') note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (error instanceof Unsuccessful) return 1;
  if (error instanceof UsageError || error instanceof WrongPathError) {
    note(`hilum: ${error.message}`);
    return 2;
  }
  if (isKnown(error)) {
    note(`hilum: ${error.message} (${error.code})`);
    return 1;
  }
  const kind = error instanceof Error ? error.name : typeof error;
  note(`hilum: something unexpected went wrong (${kind}). Run it again with HILUM_DEBUG=1 to see where.`);
  return 1;
}
