/** Studies that change, move to another patient, disappear and come back while their results are made, and what must hold then. */
import { isWrittenByHilum } from '#core/study/index-instance.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';
import type { Dataset } from '#dicom/dataset.ts';
import { readDicom } from '#dicom/read.ts';
import { createRandom } from '#phantoms/random.ts';
import { allRuns } from '#pipeline/all-runs.ts';
import { objectListKey } from '#pipeline/keys.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { PinnedSet } from '#pipeline/ports.ts';
import type { MemoryPacs } from '../fixtures/memory-archive.ts';
import { images, RIGHT } from '../fixtures/results-life.ts';
import { entry, STUDY } from '../fixtures/tiny-radiograph.ts';
import type { Fault } from './faults.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** Something that a person or a modality does at some time. What the PACS has then is uploaded later, or never. */
interface Step {
  readonly atS: number;
  readonly inPacs?: (pacs: MemoryPacs) => void;
  readonly upload?: readonly Uint8Array[];
  readonly back?: true;
}
export interface Story extends Pick<WorldOptions, 'newer' | 'deletesReplaced' | 'disaster' | 'reconciles'> {
  readonly steps: readonly Step[];
}

const arrives = (atS: number, files: readonly Uint8Array[], back?: true): Step => ({
  ...{ atS, upload: files },
  inPacs: (pacs) => pacs.add(...files),
  ...(back && { back }),
});
/** The PACS has it before the edge sees it. */
const seenLater = (atS: number, afterS: number, files: readonly Uint8Array[]): readonly Step[] => [
  { atS, inPacs: (pacs) => pacs.add(...files) },
  { atS: atS + afterS, upload: files },
];
const deleted = (atS: number): Step => ({ atS, inPacs: (pacs) => pacs.held.clear() });

const newer: ToolEntry = { ...entry, manifest: { ...entry.manifest, version: '1.1.0' } };
const TWO = images(2);
const CORRECTED = images(2, RIGHT);
const first = arrives(0, TWO);

/** Without repeated and reordered messages, a study has its results after about 5 s. */
const DURING_S = 2;
const AFTER_S = 60;
export const MOMENTS = Array.from({ length: 60 }, (_, index) => (index + 1) / 10);

export interface Kind {
  /** The story in which the change comes so long after the images. */
  readonly at: (changeS: number) => Story;
  /** The times of the change at which every call has a fault. */
  readonly changesS: readonly number[];
}

const lateHalf = (atS: number): Story => ({ steps: [first, arrives(atS, images(4))] });
const corrected = (atS: number): Story => ({ steps: [first, ...seenLater(atS, 30, CORRECTED)] });
const losing = (story: Story, atS: number): Story => ({
  ...{ ...story, reconciles: true },
  disaster: { atS, losses: ['queues'] },
});

export const KINDS: Readonly<Record<string, Kind>> = {
  'a late half': { at: lateHalf, changesS: [DURING_S, AFTER_S] },
  'a late half where nothing is deleted': {
    at: (atS) => ({ ...lateHalf(atS), deletesReplaced: false }),
    changesS: [AFTER_S],
  },
  'a corrected patient': { at: corrected, changesS: [DURING_S, AFTER_S] },
  'a corrected patient where nothing is deleted': {
    at: (atS) => ({ ...corrected(atS), deletesReplaced: false }),
    changesS: [AFTER_S],
  },
  'a deleted study': { at: (atS) => ({ steps: [first, deleted(atS)] }), changesS: [DURING_S] },
  'a study deleted and imported again': {
    at: (atS) => ({ steps: [first, deleted(atS), arrives(atS + 5, TWO, true)] }),
    changesS: [DURING_S, AFTER_S],
  },
  'overwritten pixels': {
    at: (atS) => ({ steps: [first, ...seenLater(atS, 3, images(2, undefined, 5))] }),
    changesS: [AFTER_S],
  },
  'a new version of the tool': {
    at: (atS) => ({ steps: [first, arrives(atS + 1, TWO)], newer: { atS, entry: newer }, reconciles: true }),
    changesS: [AFTER_S],
  },
  'lost messages of a late half': { at: (atS) => losing(lateHalf(1), atS), changesS: [DURING_S] },
  'lost messages of a corrected patient': { at: (atS) => losing(corrected(1), atS + 31), changesS: [DURING_S] },
};

export interface Told {
  readonly faults?: readonly Fault[];
  /** With it, messages are repeated and reordered. */
  readonly seed?: number;
}

/** What a process did is true of what the PACS was so long ago at most: it looks just before it acts, unless it stood still. */
const RECENT_S = 5;
const STOOD_STILL_S = 260;
/** With lost messages, so long after the last step everything is mended. */
const MENDED_S = 2 * 3600;
const ROUND_S = 900;

const PLACE = { StudyInstanceUID: STUDY, tool: entry.manifest.id };
const headerOf = (bytes: Uint8Array): Dataset => readDicom(bytes, { stopBeforePixels: true }).dataset;
const isNote = (dataset: Dataset): boolean => dataset.text('Modality') === 'KO';
const patientOf = (dataset: Dataset): string => dataset.text('PatientID') ?? '';

/** Lets a story happen, and returns what was not as it must be, at any moment or in the end. */
export async function tell(story: Story, { faults = [], seed }: Told = {}) {
  const wrong = new Set<string>();
  const recentMs = 1000 * (faults.some(({ kind }) => kind.startsWith('frozen')) ? STOOD_STILL_S : RECENT_S);
  let changedMs = 0;
  let looked = 0;
  const { steps, ...options } = story;
  const world: World = createWorld({
    ...options,
    ...(seed !== undefined && { disorder: createRandom(seed) }),
    faults,
    happenings: steps.flatMap(({ atS, inPacs }) => {
      const what = (pacs: MemoryPacs): void => {
        inPacs?.(pacs);
        changedMs = world.pipeline.clock.now();
        looked = pacs.storedUids.length;
      };
      return inPacs === undefined ? [] : [{ atS, what }];
    }),
    watch({ pacs, sets, clock }) {
      if (sets.of(PLACE).sets.filter(({ state }) => state === 'delivered').length > 1) wrong.add('two delivered sets');
      const stored = pacs.storedUids.slice(looked);
      looked = pacs.storedUids.length;
      if (stored.length > 0 && clock.now() - changedMs > recentMs)
        for (const each of misplaced(pacs, stored)) wrong.add(each);
    },
  });
  let sequence = 0;
  for (const { atS, upload, back } of steps) {
    await world.run(atS);
    world.pipeline.clock.advance(Math.max(0, (atS - world.nowS()) * 1000));
    world.happen();
    if (upload === undefined) continue;
    sequence += 1;
    await world.upload(upload, { sequence, ...(back && { back }) });
  }
  if (story.reconciles) await world.run(world.nowS() + MENDED_S);
  // Who stood still at the very end goes on.
  if (!story.reconciles || world.left() > 0) await world.run(...(story.reconciles ? [world.nowS() + ROUND_S] : []));
  // A process that stood still may begin and fail once more when everything is done, and its message is gone.
  const leaves = faults.some(({ kind }) => kind.startsWith('frozen'));
  if (!leaves && world.pipeline.ledger.entries.size > 0) wrong.add('work is left');
  for (const each of await atTheEnd(world, sequence)) wrong.add(each);
  return { world, wrong: [...wrong] };
}

/** Objects that were stored beside no images, or under another patient than theirs. */
function misplaced({ held }: MemoryPacs, stored: readonly string[]): readonly string[] {
  const [patient] = imagesIn(held).map(patientOf);
  return stored.flatMap((uid) => {
    const bytes = held.get(uid);
    if (bytes === undefined) return [];
    if (patient === undefined) return ['stored beside no images'];
    const dataset = headerOf(bytes);
    return isNote(dataset) || patientOf(dataset) === patient ? [] : ['stored under a wrong patient'];
  });
}

const imagesIn = (held: ReadonlyMap<string, Uint8Array>): readonly Dataset[] =>
  [...held.values()].map(headerOf).filter((dataset) => !isWrittenByHilum(dataset));

async function atTheEnd({ pipeline, pacs, left }: World, sequence: number): Promise<readonly string[]> {
  const { sets } = pipeline.sets.of(PLACE);
  const current = sets.at(-1);
  const [patient] = imagesIn(pacs.held).map(patientOf);
  const ours = [...pacs.held.values()].map(headerOf).filter(isWrittenByHilum);
  const noted = new Set(ours.filter(isNote).flatMap(rejectedBy));
  const shown = ours.filter((dataset) => !isNote(dataset) && !noted.has(uidOf(dataset)));
  const { objects: own = [] } = current === undefined ? {} : await listOf(pipeline.objects, current);
  const runs = await allRuns(pipeline.runs);
  const isShown = patient !== undefined;

  const claims: readonly (readonly [string, boolean])[] = [
    ['messages are left', left() === 0],
    ['a person is called', !pipeline.counted.some((metric) => ['Halted', 'Stuck', 'DeadLetters'].includes(metric))],
    ['the study is back', isShown || ours.length === 0],
    ['results are under a wrong patient', shown.every((dataset) => patientOf(dataset) === patient)],
    [
      'not the results of the current set are shown',
      !isShown || String(shown.map(uidOf).sort()) === String(own.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()),
    ],
    ['the current set is not of the latest upload', current?.sequence === sequence],
    [
      'the current set is not delivered',
      current?.state === 'delivered' || (!isShown && current?.state === 'withdrawn'),
    ],
    ['an older set is current, too', sets.slice(0, -1).every(({ state }) => state === 'superseded')],
    [
      `runs end as ${runs.map(({ state }) => state)}`,
      runs.every(({ runId, state, reason }) =>
        runId === current?.runId
          ? state === current.state
          : state === 'superseded' || reason?.code === 'version-replaced',
      ),
    ],
  ];
  return claims.filter(([, holds]) => !holds).map(([words]) => words);
}

const uidOf = (dataset: Dataset): string => dataset.text('SOPInstanceUID') ?? '';

const rejectedBy = (note: Dataset): readonly string[] =>
  note
    .items('CurrentRequestedProcedureEvidenceSequence')
    .flatMap((study) => study.items('ReferencedSeriesSequence'))
    .flatMap((series) => series.items('ReferencedSOPSequence'))
    .map((item) => item.text('ReferencedSOPInstanceUID') ?? '');

async function listOf(objects: World['pipeline']['objects'], { runId, setId }: PinnedSet) {
  const bytes = await objects.get(objectListKey({ tool: PLACE.tool, runId, setId }));
  return bytes === undefined ? {} : parseObjectList(bytes);
}
