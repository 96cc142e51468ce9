// Shows what is missing on this machine and how to get it: `node setup/setup.mjs doctor`, and `hilum doctor` once the npm
// packages are installed. Plain JavaScript for Node 20, without packages, because it also runs before anything is installed.
import { PACKAGE_PARTS } from '../localstack/package-parts.mjs';
import { hasDockerCompose, PARTS, PURPOSES } from '../localstack/parts.mjs';
import { IN_PACKAGE } from '../localstack/place.mjs';

/** Prints the answer and returns the exit code: 1 if a needed part is missing. */
export function doctor({ json = false, print = console.log } = {}) {
  const findings = examine();
  if (json) print(JSON.stringify(findings, undefined, 2));
  else for (const finding of findings) print(lineOf(finding));
  return findings.some(({ present, needed }) => needed && !present) ? 1 : 0;
}

function examine() {
  if (!IN_PACKAGE) return examineClone();
  return Object.entries(PACKAGE_PARTS).map(([part, found]) => findingOf(part, found, found.optional !== true));
}

/** Orthanc and PostgreSQL may come from Docker instead, so with Docker Compose they are not needed. */
function examineClone() {
  const docker = hasDockerCompose();
  const inDocker = docker ? ['orthanc', 'postgresql'] : [];
  const isNeeded = (part, { optional }) =>
    PURPOSES.demo.includes(part) && optional !== true && !inDocker.includes(part);
  return [
    ...Object.entries(PARTS).map(([part, found]) => findingOf(part, found, isNeeded(part, found))),
    {
      part: 'docker',
      what: 'Docker Compose 2 with a running engine, the other way to run Orthanc and PostgreSQL',
      present: docker,
      needed: false,
      ...(docker ? {} : { fix: 'see https://docs.docker.com/engine/install/' }),
    },
  ];
}

function findingOf(part, { what, fix, present: isPresent }, needed) {
  const present = isPresent();
  return { part, what, present, needed, ...(present ? {} : { fix }) };
}

function lineOf({ what, present, needed, fix }) {
  if (present) return `ok       ${what}`;
  return `${needed ? 'MISSING ' : 'missing '} ${what}\n         ${fix}`;
}
