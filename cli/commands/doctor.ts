import type { Command } from 'commander';
import { hasDockerCompose, PARTS, type PartName, PURPOSES } from '../../localstack/parts.mjs';
import { print, printJson, Unsuccessful } from '../command.ts';

/** One line of the doctor's answer. */
interface Finding {
  readonly part: string;
  readonly what: string;
  readonly present: boolean;
  /** The demo cannot do without it. */
  readonly needed: boolean;
  /** The command that gets it, where it is missing. */
  readonly mend?: string;
}

/** `hilum doctor`: the check of the set-up by itself, with the command that mends each missing line. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what is missing on this machine and how to get it; exit code 1 where a needed part is missing')
    .option('--json', 'print an array for scripts')
    .action(({ json }: { json?: true }) => {
      const findings = examine();
      if (json === true) printJson(findings);
      else for (const finding of findings) print(lineOf(finding));
      if (findings.some(({ present, needed }) => needed && !present)) throw new Unsuccessful();
    });
}

/** Orthanc and PostgreSQL may come from Docker instead, so with Docker Compose they are not needed. */
function examine(): readonly Finding[] {
  const docker = hasDockerCompose();
  const inDocker: readonly PartName[] = docker ? ['orthanc', 'postgresql'] : [];
  const names = Object.keys(PARTS) as PartName[];
  return [
    ...names.map((part): Finding => {
      const { what, mend, present: isPresent } = PARTS[part];
      const present = isPresent();
      const needed = PURPOSES.demo.includes(part) && !inDocker.includes(part);
      return { part, what, present, needed, ...(present ? {} : { mend }) };
    }),
    {
      part: 'docker',
      what: 'Docker Compose 2 with an engine that runs, the other way to Orthanc and PostgreSQL',
      present: docker,
      needed: false,
      ...(docker ? {} : { mend: 'see https://docs.docker.com/engine/install/' }),
    },
  ];
}

function lineOf({ what, present, needed, mend }: Finding): string {
  if (present) return `ok       ${what}`;
  return `${needed ? 'MISSING ' : 'missing '} ${what}\n         ${mend}`;
}
