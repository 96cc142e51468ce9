/** The dates and times of results: those of the study, or two moments as the clock on the wall shows them. */
import { describe, expect, it } from 'vitest';
import { type Conversion, convertResult } from '#core/convert-result.ts';
import { parseResult, serialiseResult, storedAt } from '#core/results/result.ts';
import { isMoment, isTimeZone, timesOf } from '#core/results/times.ts';
import { readDicom } from '#dicom/read.ts';
import { type Attributes, encodeDicom } from '#dicom/write.ts';
import { momentsOf } from '../fixtures/object-times.ts';
import { sha256 } from '../fixtures/pipeline.ts';
import { ctCase } from '../fixtures/results.ts';
import { TIMED, timedObjects } from '../fixtures/timed-results.ts';

const written = (moment: string, offset?: string, timeZone = 'UTC') =>
  Object.values(timesOf({ content: moment, creation: moment, timeZone }, offset).content).join(' ');

describe('a moment', () => {
  it.each([
    ['2026-01-31T23:30:15.999Z', undefined, 'UTC', '20260131 233015'],
    ['2026-01-31T23:30:15Z', undefined, 'Europe/Berlin', '20260201 003015'],
    ['2026-07-31T23:30:15Z', undefined, 'Europe/Berlin', '20260801 013015'],
    ['2026-03-01T00:00:00Z', undefined, 'America/New_York', '20260228 190000'],
    ['2026-01-01T00:15:00Z', undefined, 'Asia/Kathmandu', '20260101 060000'],
    ['2026-01-01T00:15:00+05:45', undefined, 'UTC', '20251231 183000'],
    ['2026-01-31T23:30:15Z', '+0100', 'America/New_York', '20260201 003015'],
    ['2026-01-31T23:30:15Z', '-0330', 'UTC', '20260131 200015'],
    ['2026-01-31T23:30:15Z', '+0000', 'Asia/Tokyo', '20260131 233015'],
    ['2026-01-31T23:30:15Z', '+2500', 'Asia/Tokyo', '20260201 083015'],
    ['2026-01-31T23:30:15Z', 'MEZ', 'Asia/Tokyo', '20260201 083015'],
  ])('%s is written at offset %s in %s as %s', (moment, offset, zone, expected) => {
    expect(written(moment, offset, zone)).toBe(expected);
  });

  it.each([
    ['2026-01-31T08:15:00Z', true],
    ['2026-01-31T08:15+01:00', true],
    ['2026-01-31T08:15:00', false],
    ['2026-01-31', false],
    ['2026-13-31T08:15:00Z', false],
    ['yesterday', false],
  ])('is told from other texts: %s', (text, expected) => {
    expect(isMoment(text)).toBe(expected);
  });

  it('knows time zones by name', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});

const CONTENT = ['SeriesDate', 'SeriesTime', 'ContentDate', 'ContentTime'];
const CREATION = ['InstanceCreationDate', 'InstanceCreationTime'];

async function timesIn(attributes: Attributes, moments?: Conversion['moments']) {
  const { result, source } = ctCase();
  const { StudyInstanceUID, instances, patientAndStudy } = source;
  const uids = { SOPClassUID: '1.2', SOPInstanceUID: '1.3', SeriesInstanceUID: '1.4', StudyInstanceUID };
  const identity = encodeDicom({ ...patientAndStudy, ...uids, ...attributes });
  const read = (): Promise<never> => Promise.reject(new Error('read'));
  const converted = await convertResult({ result, instances, identity, read, moments });
  const all = converted.map(({ bytes }) => {
    const { dataset } = readDicom(bytes);
    return [CONTENT, CREATION, ['TimezoneOffsetFromUTC', 'StudyDate', 'StudyTime']].map((keywords) =>
      keywords.map((keyword) => dataset.text(keyword)),
    );
  });
  expect(all.length).toBeGreaterThan(3);
  expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
  return all[0];
}

describe('the objects of a result state', () => {
  const moments = { content: '2026-02-01T22:30:00Z', creation: '2026-02-02T07:00:05Z', timeZone: 'Europe/Berlin' };

  it('the study’s date and time where no moment is given', async () => {
    const own = ['20260105', '083000'];

    expect(await timesIn({})).toEqual([[...own, ...own], own, [undefined, ...own]]);
  });

  it('when the answer was stored, and when they were made, in the site’s zone', async () => {
    expect(await timesIn({}, moments)).toEqual([
      ['20260201', '233000', '20260201', '233000'],
      ['20260202', '080005'],
      [undefined, '20260105', '083000'],
    ]);
  });

  it('the same in the source’s own offset, which is copied', async () => {
    expect(await timesIn({ TimezoneOffsetFromUTC: '-0500' }, moments)).toEqual([
      ['20260201', '173000', '20260201', '173000'],
      ['20260202', '020005'],
      ['-0500', '20260105', '083000'],
    ]);
  });
});

describe('every kind of object states', () => {
  it.each(TIMED)('its moments as the clock on the wall shows them: $name', (one) => {
    const objects = timedObjects(one);

    const kinds = new Set(objects.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      ...['non-result', 'pdf', 'rejection-note', 'secondary-capture', 'segmentation', 'structured-report'],
    ]);
    for (const { name, kind, bytes } of objects) {
      const { dataset } = readDicom(bytes);
      const stated = (what: string) => `${dataset.text(`${what}Date`)} ${dataset.text(`${what}Time`)}`;
      expect([stated('Content'), stated('Series'), stated('InstanceCreation')], name).toEqual([
        ...[one.content, one.content, one.creation],
      ]);
      expect(dataset.text('TimezoneOffsetFromUTC'), name).toBe(one.offset);
      if (kind !== 'pdf') continue;
      const pdf = Buffer.from(dataset.bytes('EncapsulatedDocument') ?? []).toString('latin1');
      // The file states no moment: the same answer has the same page, whenever it was stored.
      expect(pdf).not.toMatch(/CreationDate|ModDate/);
    }
  });

  it('the same, whatever the zone of the process', () => {
    const before = process.env['TZ'];
    // One in the site's zone, one in the source's.
    const some = [TIMED.find(({ offset }) => !offset), TIMED.find(({ offset }) => offset)].flatMap((one) => one ?? []);
    const bytesIn = (zone: string | undefined) => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
      const minutes = new Date('2026-07-01T00:00:00Z').getTimezoneOffset();
      return { minutes, digests: some.flatMap(timedObjects).map(({ bytes }) => sha256(bytes)) };
    };
    try {
      const all = ['America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'UTC'].map(bytesIn);

      expect(some).toHaveLength(2);
      expect(all.map(({ minutes }) => minutes)).toEqual([150, -345, -840, 0]);
      expect(new Set(all.map(({ digests }) => digests.join()))).toHaveProperty('size', 1);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});

it('an object’s moments can be given to hilum run', async () => {
  const moments = { content: '2026-02-01T22:30:00Z', creation: '2026-02-02T07:00:05Z', timeZone: 'UTC' };
  const { result, source } = ctCase();
  const [object] = result.toDicom({ ...source, times: timesOf(moments, undefined) });

  expect(momentsOf(encodeDicom(object?.attributes ?? {}))).toBe('2026-02-01T22:30:00Z,2026-02-02T07:00:05Z');
});

it('an answer remembers when it was stored', () => {
  const { result } = ctCase();
  const stored = parseResult(serialiseResult(storedAt(result, Date.UTC(2026, 1, 1, 22, 30))));

  expect(stored.metadata.storedAt).toBe('2026-02-01T22:30:00.000Z');
  expect(parseResult(serialiseResult(result)).metadata.storedAt).toBeUndefined();
});
