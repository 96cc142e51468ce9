/** Four studies that end in every way that there is: with findings, without, with a tool that fails, and with a result that the gate refuses. */
import type { Image, ResultContent } from '#core/tool.ts';
import { keywordOf } from '#dicom/dictionary.ts';
import { dataSetDigest, pixelDigestOf } from '#dicom/digest.ts';
import { readElements } from '#dicom/read.ts';
import { createRandom } from '#phantoms/random.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { nothingFound, oneLesion } from '../fixtures/tiny-radiograph.ts';
import type { Fault } from './faults.ts';
import { createWorld, type World } from './world.ts';

const STUDIES = 4;
/** The studies arrive so far apart that, while the first are delivered, the last are routed. */
const EVERY_S = 3;

/** The number in the Study Instance UIDs that `World.arrive` gives. */
const numberOf = (image: Image | undefined): number =>
  Number((image?.kind === 'radiograph' ? image.header.StudyInstanceUID : '').replace('2.25.7', ''));

function look(images: readonly Image[]): ResultContent {
  const [image] = images;
  const SOPInstanceUID = image?.kind === 'radiograph' ? image.header.SOPInstanceUID : '';
  switch (numberOf(image) % STUDIES) {
    case 0:
      return nothingFound;
    case 1:
      return oneLesion(SOPInstanceUID);
    case 2:
      throw new TypeError('the model has no such output');
    default:
      return { ...nothingFound, report: { kind: 'pdf', title: 'No PDF', bytes: Uint8Array.of(1, 2, 3) } };
  }
}

export interface Trial {
  readonly faults?: readonly Fault[];
  /** With it, messages are repeated and reordered. */
  readonly seed?: number;
}

/** Lets the studies arrive and all queues run empty. */
export async function runScenario({ faults = [], seed }: Trial = {}): Promise<World> {
  const world = createWorld({ faults, look, ...(seed !== undefined && { disorder: createRandom(seed) }) });
  for (let number = 0; number < STUDIES; number++) {
    await world.run(number * EVERY_S);
    world.pipeline.clock.advance(Math.max(0, (number * EVERY_S - world.nowS()) * 1000));
    await world.arrive(number);
  }
  await world.run();
  return world;
}

/** What is left in the end, and what the runs table and the PACS say. It is the same for every order of events. */
export async function endOf({ pipeline, held, left }: World) {
  const runs = (await allRuns(pipeline.runs)).map(
    ({ StudyInstanceUID, state, outcome, reason, failingSince, objects }) => ({
      ...{ StudyInstanceUID, state, outcome, reason, failingSince },
      objects: [...(objects ?? [])].sort(),
    }),
  );
  const letters = [...pipeline.objects.contents].filter(([key]) => key.startsWith('dead-letters/'));
  return {
    left: left(),
    ledger: [...pipeline.ledger.entries.keys()],
    runs: runs.sort((a, b) => (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1)),
    pacs: [...held].map(([uid, bytes]) => `${uid} ${contentOf(bytes)}`).sort(),
    /** Studies of messages that a step gave up. */
    deadLetters: [...new Set(letters.map(([, bytes]) => studyOf(bytes)))].sort(),
  };
}

/** When an answer is stored, and converted, depends on the order of events. Nothing else of an object does. */
const MOMENTS = [
  'SeriesDate',
  'SeriesTime',
  'ContentDate',
  'ContentTime',
  'InstanceCreationDate',
  'InstanceCreationTime',
];

/** The digest of what an object says, its moments aside. */
function contentOf(bytes: Uint8Array): string {
  const { elements } = readElements(bytes);
  return dataSetDigest(elements, pixelDigestOf(elements), (tag) => MOMENTS.includes(keywordOf(tag) ?? ''));
}

function studyOf(deadLetter: Uint8Array): string {
  const { body } = JSON.parse(Buffer.from(deadLetter).toString()) as { readonly body: string };
  return (JSON.parse(body) as { readonly StudyInstanceUID?: string }).StudyInstanceUID ?? body;
}
