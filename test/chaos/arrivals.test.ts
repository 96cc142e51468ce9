/**
 * Five hundred studies arrive, each in its own way, at an Orthanc in simulated time. The real forwarder starts no run on a study that a
 * count or a gap shows to be incomplete, starts at most two runs of each, and delays none that is sound.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '#pipeline/manifest.ts';
import type { ObjectListing, ObjectStore } from '#pipeline/ports.ts';
import { type EdgeUnderTest, SPINE_CATALOG, startEdge } from '../fixtures/edge.ts';
import { createManualClock, createMemoryDeployedTools } from '../fixtures/memory-ports.ts';
import { orthancFor, type Pattern, patternOf } from './arrivals.ts';

const PATTERNS = 500;
const DEADLINE_S = 30 * 60;
const MINUTE_MS = 60_000;

interface Judged {
  readonly atS: number;
  readonly instances: ReadonlySet<string>;
  readonly complete: string | undefined;
}
interface Story {
  readonly pattern: Pattern;
  readonly judged: readonly Judged[];
  readonly stableTimes: readonly number[];
  readonly state: string | undefined;
}

/** Lets the study arrive, until nothing is to come and nothing waits. */
async function live(edge: EdgeUnderTest, seed: number): Promise<Story> {
  const pattern = patternOf(seed);
  const { StudyInstanceUID } = pattern;
  const clock = createManualClock();
  clock.advance(seed * 86_400_000);
  const startMs = clock.now();
  const nowS = () => (clock.now() - startMs) / 1000;
  const { orthanc, archive, stableTimes } = orthancFor(pattern, nowS, seed * 1000);
  const judged: Judged[] = [];
  const store: ObjectStore & ObjectListing = {
    ...edge.bucket,
    async put(key, bytes, options) {
      const answer = await edge.bucket.put(key, bytes, { ifAbsent: options?.ifAbsent ?? false });
      if (key.endsWith('/manifest.json') && answer === 'stored') {
        const { instances, complete } = parseManifest(bytes);
        judged.push({ atS: nowS(), instances: new Set(instances.map((one) => one.SOPInstanceUID)), complete });
      }
      return answer;
    },
  };
  const deployed = createMemoryDeployedTools(SPINE_CATALOG, clock);
  const patience = { deadlineMs: 30 * MINUTE_MS, holdMs: 10 * MINUTE_MS };
  const forwarder = edge.restarted({ orthanc, archive, clock, store, deployed, patience });
  edge.journal.begin(seed * 1000 - 1, '');
  const study = () => edge.journal.study(StudyInstanceUID);
  for (let next = 0; next !== undefined && next < Number.POSITIVE_INFINITY; ) {
    clock.advance(Math.max(0, next * 1000 - (clock.now() - startMs)));
    await forwarder.runOnce();
    const waiting = study()?.state === 'seen' ? (study()?.nextAttemptAt ?? 0) - startMs : Number.POSITIVE_INFINITY;
    const event = stableTimes.find((atS) => atS > nowS()) ?? Number.POSITIVE_INFINITY;
    next = Math.min(event, waiting / 1000);
  }
  return { pattern, judged, stableTimes, state: study()?.state };
}

/** Whether what is there of the study shows that something is missing: a hole in a series, or fewer than its headers count. */
function showsIncomplete({ whole, isCounted }: Pattern, there: ReadonlySet<string>): boolean {
  return [...whole.values()].some((slices) => {
    const present = slices.flatMap((uid, place) => (there.has(uid) ? [place] : []));
    if (present.length === 0) return false;
    const hasHole = (present.at(-1) ?? 0) - (present[0] ?? 0) + 1 > present.length;
    return (present.length > 2 && hasHole) || (isCounted && present.length < slices.length);
  });
}

describe(`${PATTERNS} studies that arrive in as many ways`, () => {
  const stories: Story[] = [];
  let edge: EdgeUnderTest;
  beforeAll(async () => {
    edge = await startEdge({ chunkBytes: 1_000_000 });
    for (let seed = 1; seed <= PATTERNS; seed++) stories.push(await live(edge, seed));
  }, 900_000);
  afterAll(() => edge.close());
  const named = (wrong: (story: Story) => boolean) => stories.filter(wrong).map(({ pattern }) => pattern.name);

  it('start no run while a count or a gap shows that images are missing, but after the deadline', () => {
    const early = ({ pattern, judged, stableTimes }: Story): boolean =>
      judged.some(({ atS, instances, complete }) => {
        const stableS = stableTimes.findLast((time) => time <= atS) ?? 0;
        return showsIncomplete(pattern, instances) && (complete !== 'deadline' || atS < stableS + DEADLINE_S);
      });

    expect(named(early)).toEqual([]);
    expect(
      stories.filter(({ judged }) => judged.some(({ complete }) => complete === 'deadline')).length,
    ).toBeGreaterThan(50);
  });

  it('start at most two runs each', () => {
    expect(named(({ judged }) => judged.length > 2)).toEqual([]);
    expect(named(({ judged }) => judged.length === 2).length).toBeGreaterThan(50);
  });

  it('are judged in the end, with all that arrived', () => {
    const all = ({ sent }: Pattern) => new Set(sent.map(({ SOPInstanceUID }) => SOPInstanceUID));

    expect(named(({ state }) => state !== 'uploaded')).toEqual([]);
    expect(
      named(({ pattern, judged }) => judged.at(-1)?.instances.symmetricDifference(all(pattern)).size !== 0),
    ).toEqual([]);
  });

  it('do not wait if they are whole when they are stable', () => {
    const sound = stories.filter(
      ({ pattern, stableTimes }) =>
        stableTimes.length === 1 && !showsIncomplete(pattern, new Set(pattern.sent.map((one) => one.SOPInstanceUID))),
    );

    expect(sound.length).toBeGreaterThan(80);
    expect(sound.map(({ judged, stableTimes }) => judged.map(({ atS }) => atS - (stableTimes[0] ?? 0)))).toEqual(
      sound.map(() => [0]),
    );
  });
});
