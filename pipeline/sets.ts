/**
 * Which set of results a study has for a tool. A set is one answer of a run, for one identity of the study, with what it replaces. It is
 * pinned before conversion, and the runs table decides each step of its life in one conditional write, so that two functions at once agree:
 *
 * `converted` (pinned) → `storing` → `delivered` → `superseded`, `withdrawn` where the images are gone from the PACS, or `missing` where only
 * the results are.
 *
 * At most one set of a patient is current: the last one pinned, which is of the highest sequence. A set counts as replaced once the storing of its
 * successor began, and every set whose own storing began is named by a successor, until the PACS has the note about it.
 */
import { createHash } from 'node:crypto';
import { ServiceUnavailableError } from '#core/errors.ts';
import type { Answer } from './keys.ts';
import { isApart, isSetApart, routedUploads } from './patients.ts';
import type {
  CallOptions,
  PinnedSet,
  RoutedUpload,
  SetPlace,
  SetState,
  SetTable,
  Speaker,
  StudySets,
} from './ports.ts';

/** What is to be converted: an answer of a run, for an identity. */
export interface Wanted extends Speaker {
  readonly runId: string;
  readonly answer: Answer;
  readonly inputDigest: string;
  readonly identity?: string | undefined;
  /** Of the manifest; 0 from an older edge. */
  readonly sequence: number;
  /** The PACS had lost the study, so that what was delivered is to be stored again. */
  readonly back?: boolean | undefined;
  /** The set that this is to take the place of: it cannot be stored, or its identity is not that of the PACS any more. */
  readonly from?: string | undefined;
}

/** Whether two digests name the same identity (`pipeline/identities.ts`). */
export type SameIdentity = (a: string | undefined, b: string | undefined) => Promise<boolean>;

export type Pinning =
  | { readonly kind: 'pinned'; readonly set: PinnedSet; readonly sets: readonly PinnedSet[] }
  | { readonly kind: 'superseded' };

/** A set in one of these states is still to be delivered. */
export const UNDER_WAY: readonly SetState[] = ['converted', 'storing'];

/** More attempts than functions that work on one study's tool at once. */
const ATTEMPTS = 20;
/** Beyond so many sets, the oldest are forgotten that nothing refers to any more. */
const MOST_SETS = 100;

/** 32 hex characters of SHA-256 over what a set is. Every step derives the same id. */
export function setIdOf({ runId, answer, identity = '' }: Wanted, replaces: readonly string[]): string {
  const parts = [runId, answer, identity, ...replaces];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

/**
 * Pins the set of an answer: the one that it has already, or a new one, which is then the current one. `superseded` if the study has a newer
 * one, or one is on its way, so that this answer is neither converted nor stored.
 */
export async function pinSet(
  table: SetTable,
  place: SetPlace,
  wanted: Wanted,
  { isSame, now }: { readonly isSame: SameIdentity; readonly now: string },
): Promise<Pinning> {
  return await changeSets<Pinning>(table, place, async (study) => {
    const own: PinnedSet[] = [];
    for (const set of study.sets) if (isOf(wanted, set) && (await isSame(set.identity, wanted.identity))) own.push(set);
    // Sets of other patients stay as they are.
    const [sets, apart] = divided(study.sets, (set) => own.includes(set) || !isSetApart(set, wanted));
    const isTwin = apart.some(({ runId }) => runId === wanted.runId);
    const current = sets.at(-1);
    const isCurrent = current !== undefined && own.includes(current);
    if (!isCurrent && (await holdsBeside(wanted, current, isSame))) return { answer: { kind: 'superseded' } };
    if (!isCurrent && (outrunBy(study, wanted) !== undefined || !outranks(wanted, current, own)))
      return { answer: { kind: 'superseded' } };
    const set = isCurrent
      ? { ...current, state: revived(current, wanted, study) }
      : (earlierOf(sets, own) ?? { ...newSet(sets, own, wanted, now), ...(isTwin && { twin: true }) });
    const pinned = spoken(set, wanted);
    const others = sets.filter(({ setId }) => setId !== pinned.setId).map(passed);
    const next = kept([...apart, ...others, pinned]);
    return { answer: { kind: 'pinned', set: pinned, sets: next }, study: { ...study, sets: next } };
  });
}

const isOf = ({ runId, answer }: Wanted, set: PinnedSet): boolean => set.runId === runId && set.answer === answer;

/** The newest upload that gives a set tells for whom it is. */
function spoken(set: PinnedSet, { sequence, patient, others }: Wanted): PinnedSet {
  if (sequence < set.sequence) return set;
  const { patient: _, others: __, ...rest } = set;
  return { ...rest, sequence, ...(patient !== undefined && { patient }), ...(others !== undefined && { others }) };
}

/** The last set is `superseded` only if a newer upload outran it. That one may have given no set, and the images may be as they were again. */
function revived({ state, sequence }: PinnedSet, wanted: Wanted, study: StudySets): PinnedSet['state'] {
  const isLost = isAtHome(state) && wanted.back === true && wanted.sequence > sequence;
  const isThereAgain = state === 'superseded' && outrunBy(study, wanted) === undefined;
  return state === 'withdrawn' || isLost || isThereAgain ? 'converted' : state;
}

/** It was delivered, and nothing has taken its place. */
export const isAtHome = (state: SetState): boolean => state === 'delivered' || state === 'missing';

/** Whether the PACS is looked at for it: it may have lost what it had, or have the images again. */
export const isLookedFor = (state: SetState): boolean => isAtHome(state) || state === 'withdrawn';

/** A set that was pinned and never stored is over when another takes its place. */
const passed = (set: PinnedSet): PinnedSet =>
  set.state === 'converted' && set.stored !== true ? { ...set, state: 'superseded' } : set;

/** A stored result stays true of its images, whatever another version of the tool fails at. */
const isTrueOf = (set: PinnedSet, inputDigest: string | undefined): boolean =>
  set.answer === 'result' && set.stored === true && set.state !== 'withdrawn' && set.inputDigest === inputDigest;

/** The same of its patient, too. */
const holdsBeside = async (
  { answer, inputDigest, identity }: Wanted,
  current: PinnedSet | undefined,
  isSame: SameIdentity,
): Promise<boolean> =>
  answer === 'failure' &&
  current !== undefined &&
  isTrueOf(current, inputDigest) &&
  (await isSame(current.identity, identity));

export interface FailedRun {
  readonly runId: string;
  readonly sequence?: number | undefined;
  readonly inputDigest?: string | undefined;
}

/** Whether a failure of the run is not told in the PACS: a newer upload is there, or a result of the same images stays current. */
export const isFailureBeside = (study: StudySets, { runId, sequence = 0, inputDigest }: FailedRun): boolean =>
  outrunBy(study, { runId, sequence }) !== undefined ||
  study.sets.some(
    (set) =>
      set.runId !== runId &&
      // Of another patient, nothing follows.
      !isSetApart(set, { runId, sequence }) &&
      (set.sequence > sequence || isTrueOf(set, inputDigest)),
  );

/** A newer upload of the patient's, with other images, is on its way. */
export const outrunBy = (
  study: StudySets,
  wanted: Pick<Wanted, 'runId' | 'sequence' | 'patient'>,
): RoutedUpload | undefined =>
  routedUploads(study).find(
    (routed) => routed.sequence > wanted.sequence && routed.runId !== wanted.runId && !isApart(routed, wanted),
  );

/** @param own the sets that the answer had before */
function outranks(wanted: Wanted, current: PinnedSet | undefined, own: readonly PinnedSet[]): boolean {
  // What is gone from the PACS stands in nobody's way: delivery asks the PACS.
  if (current === undefined || current.state === 'withdrawn') return true;
  if (wanted.from === current.setId) return true;
  const isSameRun = wanted.runId === current.runId;
  // A failure stands in for a result that could not be stored, and gives way to it once there is one.
  if (isSameRun && wanted.answer !== current.answer)
    return wanted.answer === 'result' || (current.stored !== true && own.length === 0);
  if (wanted.sequence !== current.sequence) return wanted.sequence > current.sequence;
  return !isSameRun && own.length === 0;
}

/** Sets whose objects may be in the PACS without a note that they are replaced. */
const unnoted = (sets: readonly PinnedSet[]): readonly PinnedSet[] =>
  sets.filter(({ stored, noted }) => stored === true && noted !== true);

/** Sets whose objects may be in the PACS as what a radiologist goes by: stored, and neither replaced nor withdrawn. */
export const standing = (sets: readonly PinnedSet[]): readonly PinnedSet[] =>
  unnoted(sets).filter(({ state }) => state !== 'withdrawn');

/** A set that the answer had before serves again if it names all that may be in the PACS. */
function earlierOf(sets: readonly PinnedSet[], own: readonly PinnedSet[]): PinnedSet | undefined {
  const open = unnoted(sets).map(({ setId }) => setId);
  const set = own.findLast(
    ({ setId, noted, replaces }) => noted !== true && open.every((id) => id === setId || replaces.includes(id)),
  );
  return set && { ...set, state: 'converted' };
}

function newSet(sets: readonly PinnedSet[], own: readonly PinnedSet[], wanted: Wanted, now: string): PinnedSet {
  const open = unnoted(sets);
  // Objects that were noted as replaced must not come back under the same UIDs.
  const replaced = open.length > 0 ? open : own.slice(-1);
  const replaces = replaced.map(({ setId }) => setId);
  const { runId, answer, inputDigest, identity, sequence } = wanted;
  return {
    setId: setIdOf(wanted, replaces),
    ...{ runId, answer, inputDigest, sequence, replaces, createdAt: now, state: 'converted' },
    ...(identity !== undefined && { identity }),
  };
}

function kept(sets: readonly PinnedSet[]): readonly PinnedSet[] {
  const needed = new Set(
    sets.flatMap(({ setId, replaces, stored, noted }) => (stored && !noted ? [setId] : []).concat(replaces)),
  );
  const recent = new Set(sets.slice(-MOST_SETS));
  return sets.filter((set) => recent.has(set) || needed.has(set.setId));
}

/**
 * Begins to store a set in the PACS. From here on, the sets that it replaces are `superseded`.
 *
 * @returns `unknown` if the table does not have the set, so that it must be pinned again
 */
export async function beginStoring(
  table: SetTable,
  place: SetPlace,
  setId: string,
  options: CallOptions = {},
): Promise<'storing' | 'delivered' | 'missing' | 'superseded' | 'unknown'> {
  type Begun = Awaited<ReturnType<typeof beginStoring>>;
  const decide = async (study: StudySets): Promise<{ readonly answer: Begun; readonly study?: StudySets }> => {
    const { sets } = study;
    const set = sets.find((one) => one.setId === setId);
    if (set === undefined) return { answer: 'unknown' };
    if (set !== sets.findLast((one) => one === set || !isSetApart(one, set))) return { answer: 'superseded' };
    if (set.state === 'delivered' || set.state === 'missing') return { answer: set.state };
    if (outrunBy(study, set) !== undefined)
      return { answer: 'superseded', study: withSet(study, setId, { state: 'superseded' }) };
    const begun = withSet(study, setId, { state: 'storing', stored: true });
    return { answer: 'storing', study: withReplaced(begun, set, { state: 'superseded' }) };
  };
  return await changeSets(table, place, decide, options);
}

/**
 * Records that the PACS has a set, and the notes about those that it replaces.
 *
 * @returns `superseded` if another set took its place meanwhile
 */
export async function endStoring(
  table: SetTable,
  place: SetPlace,
  setId: string,
  options: CallOptions = {},
): Promise<'delivered' | 'superseded'> {
  type Ended = Awaited<ReturnType<typeof endStoring>>;
  const decide = async (study: StudySets): Promise<{ readonly answer: Ended; readonly study?: StudySets }> => {
    const set = study.sets.find((one) => one.setId === setId);
    if (set === undefined) return { answer: 'delivered' };
    const noted = withReplaced(study, set, { noted: true });
    if (set.state === 'superseded') return { answer: 'superseded', study: noted };
    const ended = { state: 'delivered', stored: true, missedAt: undefined } as const;
    return { answer: 'delivered', study: withSet(noted, setId, ended) };
  };
  return await changeSets(table, place, decide, options);
}

/**
 * Records that the images of a set are gone from the PACS. One that another took the place of stays so, and one that was delivered meanwhile,
 * whose images came back.
 */
export async function withdrawSet(
  table: SetTable,
  place: SetPlace,
  setId: string,
  options: CallOptions = {},
): Promise<'withdrawn' | 'superseded' | 'delivered'> {
  type Ended = Awaited<ReturnType<typeof withdrawSet>>;
  const decide = async (study: StudySets): Promise<{ readonly answer: Ended; readonly study?: StudySets }> => {
    const state = study.sets.find((one) => one.setId === setId)?.state;
    return state === 'superseded' || state === 'delivered'
      ? { answer: state }
      : { answer: 'withdrawn', study: withSet(study, setId, { state: 'withdrawn' }) };
  };
  return await changeSets(table, place, decide, options);
}

/** The latest set of a run that no other took the place of; undefined if there is none. */
export async function standingSetOf(
  table: Pick<SetTable, 'get'>,
  { runId, ...place }: SetPlace & { readonly runId: string },
): Promise<PinnedSet | undefined> {
  const { sets } = (await table.get(place)).study;
  return sets.findLast((set) => set.runId === runId && set.state !== 'superseded');
}

/** Records that an upload was routed to the tool: sets of older ones with other images are not stored any more. */
export async function noteRouted(table: SetTable, place: SetPlace, routed: RoutedUpload): Promise<void> {
  await changeSets(table, place, async (study) => {
    const [own, apart] = divided(routedUploads(study), (one) => !isSetApart(one, routed));
    if (own.some(({ sequence }) => sequence >= routed.sequence)) return { answer: undefined };
    const [newest = routed, ...alsoRouted] = [...apart, routed].toSorted((a, b) => b.sequence - a.sequence);
    const { sets } = study;
    return { answer: undefined, study: { routed: newest, ...(alsoRouted.length > 0 && { alsoRouted }), sets } };
  });
}

function divided<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

export const withSet = (study: StudySets, setId: string, changes: Partial<PinnedSet>): StudySets => ({
  ...study,
  sets: study.sets.map((set) => (set.setId === setId ? changed(set, changes) : set)),
});

function changed(set: PinnedSet, changes: Partial<PinnedSet>): PinnedSet {
  const { missedAt, ...rest } = { ...set, ...changes };
  return { ...rest, ...(missedAt !== undefined && { missedAt }) };
}

const withReplaced = (study: StudySets, { replaces }: PinnedSet, changes: Partial<PinnedSet>): StudySets => ({
  ...study,
  sets: study.sets.map((set) => (replaces.includes(set.setId) ? { ...set, ...changes } : set)),
});

/** Changes what the table holds, from what it holds now. Without a `study`, nothing is written. */
export async function changeSets<T>(
  table: SetTable,
  place: SetPlace,
  decide: (study: StudySets) => Promise<{ readonly answer: T; readonly study?: StudySets }>,
  options: CallOptions = {},
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { study: present, mark } = await table.get(place, options);
    const { answer, study } = await decide(present);
    if (study === undefined || (await table.replace(place, study, mark, options))) return answer;
  }
  throw new ServiceUnavailableError("The study's sets of results were changed at every attempt to change them");
}
