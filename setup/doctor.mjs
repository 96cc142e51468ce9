// Which parts are missing on this machine and how to get them: `node setup/setup.mjs doctor`, or `hilum doctor` once the
// packages are installed. Plain JavaScript for Node 20, without packages, because it must run before anything is installed.
import { hasDockerCompose, PARTS, PURPOSES } from '../localstack/parts.mjs';

/** Prints the answer and returns the exit code: 1 where a needed part is missing. */
export function doctor({ json = false, print = console.log } = {}) {
  const findings = examine();
  if (json) print(JSON.stringify(findings, undefined, 2));
  else for (const finding of findings) print(lineOf(finding));
  return findings.some(({ present, needed }) => needed && !present) ? 1 : 0;
}

/** Docker can provide Orthanc and PostgreSQL instead, so with Docker Compose they are not needed. */
function examine() {
  const docker = hasDockerCompose();
  const inDocker = docker ? ['orthanc', 'postgresql'] : [];
  return [
    ...Object.entries(PARTS).map(([part, { what, mend, optional, present: isPresent }]) => {
      const present = isPresent();
      const needed = PURPOSES.demo.includes(part) && optional !== true && !inDocker.includes(part);
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

function lineOf({ what, present, needed, mend }) {
  if (present) return `ok       ${what}`;
  return `${needed ? 'MISSING ' : 'missing '} ${what}\n         ${mend}`;
}
