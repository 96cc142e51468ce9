/** The edge's log for a person at a terminal: a sentence on what becomes of each study, and on each outage. */
import type { Clock } from '#core/ports.ts';
import type { Facts, Log } from './log.ts';

/** A log that passes each line, without line break, to `write`. Events without a sentence are left out. */
export function createLogForPeople(clock: Clock, write: (line: string) => void): Log {
  const tell = (event: string, facts: Facts = {}): void => {
    const sentence = SENTENCES[event]?.(facts);
    if (sentence !== undefined) write(`${timeOfDay(clock.now())}  ${sentence}`);
  };
  return { info: tell, warn: tell, error: tell };
}

/** A sentence for each event. Events that are missing here interest machines only. */
const SENTENCES: Readonly<Record<string, (facts: Facts) => string>> = {
  'tools-deployed': ({ tools }) =>
    tools === '' ? 'This edge knows none of the deployed tools: nothing is forwarded.' : `Deployed tools: ${tools}.`,
  'tool-unknown': ({ tool, deployedVersion }) =>
    `This edge does not know the deployed tool ${tool} ${deployedVersion}: nothing is forwarded for it. Update the edge to the deployment's version.`,
  'tool-of-another-version': ({ tool, deployedVersion, edgeVersion }) =>
    `The deployed version of ${tool} is ${deployedVersion}, but this edge selects images by version ${edgeVersion}.`,
  'study-noticed': ({ orthancId }) => `A study is stable in Orthanc (${orthancId}).`,
  'study-forwarded': ({ StudyInstanceUID, instances, storedBytes, fresh, ms }) =>
    fresh === true
      ? `Forwarded: study ${StudyInstanceUID}, ${counted(instances, 'instance')}, ${megabytes(storedBytes)} in ${seconds(ms)}. The tools will process it.`
      : `Study ${StudyInstanceUID} has nothing new for the tools.`,
  'study-skipped': ({ orthancId, reason, code }) => `Left out: ${orthancId}. ${reason} (${code})`,
  'study-postponed': ({ orthancId, waitMs, message, code }) =>
    `Not forwarded yet: ${orthancId}. ${message ?? 'Something unexpected went wrong.'} (${code}) Next attempt in ${seconds(waitMs)}.`,
  'study-waits': ({ StudyInstanceUID, message, code }) => `Waiting: study ${StudyInstanceUID}. ${message} (${code})`,
  'series-refused': ({ StudyInstanceUID, SeriesInstanceUID, message, code }) =>
    `Left out of study ${StudyInstanceUID}: series ${SeriesInstanceUID}. ${message} (${code})`,
  'studies-judged-again': ({ studies }) =>
    `The deployed tools have changed: studies that no tool took before are judged again (${studies}).`,
  'upload-lost': ({ StudyInstanceUID, chunks }) =>
    chunks === undefined
      ? `The bucket no longer has study ${StudyInstanceUID}: it is put there again.`
      : `The bucket has lost parts of study ${StudyInstanceUID} (${chunks}): they are put there again.`,
  'upload-lost-again': ({ StudyInstanceUID }) =>
    `The bucket loses study ${StudyInstanceUID} again and again: it is not put there any more until \`hilum edge resend\`.`,
  'images-deleted': ({ StudyInstanceUID }) =>
    `Images of study ${StudyInstanceUID} were deleted in Orthanc: it is read again as it is now.`,
  'instance-refused': ({ sha256, code }) =>
    `A file cannot be read as DICOM and is not forwarded (${code}, SHA-256 ${String(sha256).slice(0, 12)}…).`,
  'edge-waiting': ({ message, code, waitMs }) =>
    `${message ?? 'Something unexpected went wrong.'} (${code}) Next attempt in ${seconds(waitMs)}.`,
  'orthanc-replaced': () => "Orthanc's database was replaced: all its studies are scanned.",
  'journal-restored': ({ setAside, studies, since }) =>
    `The journal was damaged. It was set aside as ${setAside}; ${counted(studies, 'study', 'studies')} could be taken over, and Orthanc's studies ${
      since === undefined || since === '' ? 'are' : `since ${since} (UTC) are`
    } scanned for the others.`,
  'settings-read': () => 'The settings were read again.',
  'settings-refused': ({ message, code }) =>
    `The new settings cannot be used, and the edge continues with the earlier ones: ${message} (${code})`,
  'edge-stopped': () => 'Stopped. The next start continues from here.',
};

const timeOfDay = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);
const seconds = (ms: Facts[string]): string => `${(Number(ms) / 1000).toFixed(1)} s`;
const megabytes = (bytes: Facts[string]): string => `${(Number(bytes) / 1e6).toFixed(1)} MB`;
const counted = (count: Facts[string], what: string, many = `${what}s`): string =>
  `${count} ${count === 1 ? what : many}`;
