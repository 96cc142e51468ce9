/** Four studies that end in every way that there is: with findings, without, with a tool that fails, and with a result that the gate refuses. */
import type { Image, ResultContent } from '#core/tool.ts';
import { Sct } from '#dicom/codes.ts';
import { createRandom } from '#phantoms/random.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { nothingFound } from '../fixtures/tiny-radiograph.ts';
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
      return {
        outcome: 'result',
        summary: 'One lesion.',
        findings: [
          {
            ...{ id: 'lesion-1', summary: 'A lesion.', finding: Sct.dentalCaries, segmentNumber: 1 },
            ...{ measurements: [], evaluations: [] },
          },
        ],
        segments: [
          {
            ...{ number: 1, label: 'Lesion 1', type: Sct.dentalCaries },
            category: Sct.morphologicallyAbnormalStructure,
            frames: [{ SOPInstanceUID, bits: Uint8Array.of(0b0110, 0) }],
          },
        ],
        keyImages: [{ title: 'The lesion', rows: 8, columns: 8, rgb: new Uint8Array(192), sources: [SOPInstanceUID] }],
      };
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
    pacs: [...held].map(([uid, bytes]) => `${uid} ${bytes.length}`).sort(),
    /** Studies of messages that a step gave up. */
    deadLetters: [...new Set(letters.map(([, bytes]) => studyOf(bytes)))].sort(),
  };
}

function studyOf(deadLetter: Uint8Array): string {
  const { body } = JSON.parse(Buffer.from(deadLetter).toString()) as { readonly body: string };
  return (JSON.parse(body) as { readonly StudyInstanceUID?: string }).StudyInstanceUID ?? body;
}
