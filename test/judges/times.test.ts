/** Independent readers find the moments that objects state, with the time zones of another library. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderOf, python } from '../fixtures/judges.ts';
import { describeWith } from '../fixtures/lanes.ts';
import { TIMED, timedObjects } from '../fixtures/timed-results.ts';

interface Read {
  readonly name: string;
  readonly stated: object;
  readonly due: object;
}

describeWith(['judges'], 'pydicom', () => {
  it('reads the moments of every kind of object, in every zone', () => {
    const objects = TIMED.flatMap((one, index) =>
      timedObjects(one).map(({ name, bytes }) => ({ name: `${index} ${name}`, bytes, moments: one.moments })),
    );
    const cases = objects.map(({ name, moments }) => ({ name, ...moments }));
    const folder = folderOf([...objects, { name: 'cases.json', bytes: Buffer.from(JSON.stringify(cases)) }]);

    const read = python('read_times.py', folder, join(folder, 'cases.json')) as readonly Read[];

    expect(read.map(({ name }) => name)).toEqual(objects.map(({ name }) => name));
    for (const { name, stated, due } of read) expect(stated, name).toEqual(due);
  });
});
