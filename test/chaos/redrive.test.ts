/** Work that was given up comes back by one command, and is delivered once. */
import { describe, expect, it } from 'vitest';
import { allRuns } from '#pipeline/all-runs.ts';
import { type Redriven, type RedrivePorts, type RedriveQuery, redrive } from '#pipeline/redrive.ts';
import { EACH } from '../fixtures/results-life.ts';
import { nothingFound } from '../fixtures/tiny-radiograph.ts';
import { createWorld, type World } from './world.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const portsOf = ({ pipeline, queueNamed }: World): RedrivePorts => ({ ...pipeline, queueNamed });
const redriven = async (ports: RedrivePorts, query: RedriveQuery = {}): Promise<readonly Redriven['end'][]> =>
  (await Array.fromAsync(redrive(ports, query))).map(({ end }) => end);

async function statesOf({ pipeline }: World): Promise<readonly string[]> {
  return (await allRuns(pipeline.runs)).map(({ state }) => state);
}

async function expectDeliveredOnce(world: World, studies: readonly string[]): Promise<void> {
  const runs = await allRuns(world.pipeline.runs);
  expect(world.left()).toBe(0);
  expect(runs.map(({ StudyInstanceUID }) => StudyInstanceUID).sort()).toEqual(studies.toSorted());
  expect(runs.filter(({ state, outcome }) => state !== 'delivered' || outcome !== 'no-finding')).toEqual([]);
  for (const run of runs) {
    expect(run.objects?.every((uid) => world.held.has(uid))).toBe(true);
    expect(run).not.toHaveProperty('gaveUp');
  }
  expect([...world.stored.values()].filter((times) => times !== 1)).toEqual([]);
  expect(world.pipeline.ledger.entries.size).toBe(0);
}

describe('given up, redriven, delivered once:', () => {
  it('results of a PACS that was away for longer than a week', async () => {
    const world = createWorld({ outages: [{ part: 'pacs', fromS: 0, toS: 8 * DAY_S }] });
    const studies: string[] = [];
    for (let number = 0; number < 12; number++) studies.push(await world.arrive(number));
    await world.run(8 * DAY_S);
    expect(new Set(await statesOf(world))).toEqual(new Set(['failed']));
    expect(world.writtenStudies()).toEqual([]);
    world.pipeline.clock.advance(HOUR_S * 1000);

    expect(await redriven(portsOf(world))).toEqual(studies.map(() => 'sent'));
    await world.run();

    await expectDeliveredOnce(world, studies);
    expect(world.writtenStudies().sort()).toEqual(studies.toSorted());
    expect(await redriven(portsOf(world))).toEqual([]);
  });

  it('results of a PACS that is still away wait for another week', async () => {
    const world = createWorld({ outages: [{ part: 'pacs', fromS: 0, toS: 10 * DAY_S }] });
    const studies = [await world.arrive(0)];
    await world.run(8 * DAY_S);
    expect(await statesOf(world)).toEqual(['failed']);

    await redriven(portsOf(world));
    await world.run(9 * DAY_S);
    expect(await statesOf(world)).toEqual(['converted']);
    expect(await redriven(portsOf(world))).toEqual([]);
    await world.run();

    await expectDeliveredOnce(world, studies);
  });

  // From then on a study is being inferred, converted or delivered.
  it.each([0.5, 1, 1.8, 2.5])('a study whose bucket was away for longer than a day, from second %f', async (fromS) => {
    const world = createWorld({ outages: [{ part: 's3', fromS, toS: 30 * HOUR_S }] });
    const studies = [await world.arrive(0)];
    await world.run();
    expect(await statesOf(world)).toEqual(['failed']);

    expect(await redriven(portsOf(world))).toEqual(['sent']);
    await world.run();

    await expectDeliveredOnce(world, studies);
    // The study was told of the failure before: what said so has a note.
    expect(world.held.size).toBe(EACH + 1);
  });

  it('a study on which the tool failed until it was repaired', async () => {
    let isBroken = true;
    const look = () => {
      if (isBroken) throw new TypeError('no such key');
      return nothingFound;
    };
    const world = createWorld({ look });
    const studies = [await world.arrive(0)];
    await world.run();
    expect(await statesOf(world)).toEqual(['failed']);

    expect(await redriven(portsOf(world))).toEqual(['sent']);
    await world.run();
    expect(await statesOf(world)).toEqual(['failed']);
    expect(world.held.size).toBe(EACH);
    isBroken = false;
    expect(await redriven(portsOf(world))).toEqual(['sent']);
    await world.run();

    await expectDeliveredOnce(world, studies);
  });

  it('an upload whose manifest could not be read until it was repaired', async () => {
    const world = createWorld();
    const studies = [await world.arrive(0)];
    const { contents } = world.pipeline.objects;
    const [key = ''] = [...contents.keys()].filter((name) => name.endsWith('/manifest.json'));
    const manifest = contents.get(key) ?? new Uint8Array();
    contents.set(key, new TextEncoder().encode('{'));
    await world.run();
    expect(await statesOf(world)).toEqual(['rejected']);
    contents.set(key, manifest);

    expect(await redriven(portsOf(world))).toEqual(['hopeless']);
    expect(await redriven(portsOf(world), { cause: 'invalid-message' })).toEqual(['sent']);
    await world.run();

    await expectDeliveredOnce(world, studies);
  });

  it.each(['ledger.end', 'queue.send', 'runs.giveBack'] as const)(
    'deliveries whose redrive was interrupted at %s, and repeated',
    async (point) => {
      const world = createWorld({ outages: [{ part: 'pacs', fromS: 0, toS: 8 * DAY_S }] });
      const studies = [await world.arrive(0), await world.arrive(1), await world.arrive(2)];
      await world.run(8 * DAY_S + HOUR_S);
      world.pipeline.clock.advance(HOUR_S * 1000);
      const ports = portsOf(world);
      let calls = 0;
      const once =
        <T extends readonly unknown[], R>(name: string, call: (...given: T) => Promise<R>) =>
        async (...given: T): Promise<R> => {
          if (name === point && ++calls === 2) throw new Error('The process ends here');
          return await call(...given);
        };
      const interrupted: RedrivePorts = {
        runs: { ...ports.runs, giveBack: once('runs.giveBack', ports.runs.giveBack) },
        ledger: { end: once('ledger.end', ports.ledger.end) },
        queueNamed: (name) => ({ send: once('queue.send', ports.queueNamed(name).send) }),
      };

      await expect(redriven(interrupted)).rejects.toThrow('The process ends here');
      await redriven(ports);
      await world.run();

      await expectDeliveredOnce(world, studies);
    },
  );
});
