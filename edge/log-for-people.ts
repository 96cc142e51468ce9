/** The edge's log as a person at a terminal reads it: a sentence for what becomes of each study, and for what is away. */
import type { Clock } from '#core/ports.ts';
import type { Facts, Log } from './log.ts';

/** A log that hands each finished line, without its line end, to `write`. Events that only a machine would look for are left out. */
export function createLogForPeople(clock: Clock, write: (line: string) => void): Log {
  const tell = (event: string, facts: Facts = {}): void => {
    const sentence = SENTENCES[event]?.(facts);
    if (sentence !== undefined) write(`${timeOfDay(clock.now())}  ${sentence}`);
  };
  return { info: tell, warn: tell, error: tell };
}

/** Events that have no sentence here are of interest to a machine only. */
const SENTENCES: Readonly<Record<string, (facts: Facts) => string>> = {
  'tools-deployed': ({ tools }) =>
    tools === '' ? 'No tool is deployed that this edge knows: nothing goes up.' : `Deployed tools: ${tools}.`,
  'tool-unknown': ({ tool, deployedVersion }) =>
    `The deployed tool ${tool} ${deployedVersion} is not known to this edge: nothing goes up for it. Bring the edge to the deployment's version.`,
  'tool-of-another-version': ({ tool, deployedVersion, edgeVersion }) =>
    `The deployed tool ${tool} is ${deployedVersion}; this edge chooses images by ${edgeVersion}.`,
  'study-noticed': ({ orthancId }) => `A study has come to rest in Orthanc (${orthancId}).`,
  'study-forwarded': ({ StudyInstanceUID, instances, storedBytes, fresh, ms }) =>
    fresh === true
      ? `Forwarded: study ${StudyInstanceUID}, ${counted(instances, 'instance')}, ${megabytes(storedBytes)} in ${seconds(ms)}. The tools are at work.`
      : `Nothing new for the tools in study ${StudyInstanceUID}.`,
  'study-skipped': ({ orthancId, reason, code }) => `Left out: ${orthancId}. ${reason} (${code})`,
  'study-postponed': ({ orthancId, waitMs, message, code }) =>
    `Not forwarded yet: ${orthancId}. ${message ?? 'Something unexpected went wrong.'} (${code}) Tried again in ${seconds(waitMs)}.`,
  'instance-refused': ({ sha256, code }) =>
    `A file cannot be read as DICOM and stays behind (${code}, SHA-256 ${String(sha256).slice(0, 12)}…).`,
  'edge-waiting': ({ message, code, waitMs }) =>
    `${message ?? 'Something unexpected went wrong.'} (${code}) Tried again in ${seconds(waitMs)}.`,
  'orthanc-replaced': () => 'Orthanc has another database than before: all its studies are looked through.',
  'edge-stopped': () => 'Stopped. The next start goes on from here.',
};

const timeOfDay = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);
const seconds = (ms: Facts[string]): string => `${(Number(ms) / 1000).toFixed(1)} s`;
const megabytes = (bytes: Facts[string]): string => `${(Number(bytes) / 1e6).toFixed(1)} MB`;
const counted = (count: Facts[string], what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
