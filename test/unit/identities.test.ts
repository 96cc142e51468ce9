/** The keys of digests that name identities. */
import { expect, it } from 'vitest';
import { readDicom } from '#dicom/read.ts';
import { areSameIdentities, identityKeyOf, readIdentity, storeIdentity } from '#pipeline/identities.ts';
import { createMemoryObjectStore } from '../fixtures/memory-ports.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const secret = { url: 'https://pacs/dicom-web', deleteReplaced: true, restoreMissing: false };
const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex');

it('are those of the archive’s secret, or come from its password, and never are the password', () => {
  const derived = hex(identityKeyOf({ ...secret, password: 'p' }));

  expect(hex(identityKeyOf({ ...secret, password: 'p', identityKey: 'k'.repeat(32) }))).toBe('6b'.repeat(32));
  expect(hex(identityKeyOf({ ...secret, username: 'u', password: 'p' }))).toBe(derived);
  expect(hex(identityKeyOf({ ...secret, password: 'q' }))).not.toBe(derived);
  expect(derived).toMatch(/^[0-9a-f]{64}$/);
});

it('are nobody’s guess without a password', () => {
  const own = identityKeyOf(secret);

  expect(own).toHaveLength(32);
  expect(hex(own)).not.toBe('0'.repeat(64));
  expect(identityKeyOf({ ...secret, password: '' })).toEqual(own);
});

it('make other names, and the content decides', async () => {
  const objects = createMemoryObjectStore();
  const [ours, theirs] = [makeRadiographFile(), makeRadiographFile({ patient: { PatientName: 'A', PatientID: 'B' } })];
  const store = (file: Uint8Array, key: number) =>
    storeIdentity(objects, readDicom(file).dataset, new Uint8Array(32).fill(key));
  const [a, again, b, other] = [
    await store(ours, 1),
    await store(ours, 1),
    await store(ours, 2),
    await store(theirs, 1),
  ];

  expect([a === again, a === b]).toEqual([true, false]);
  expect(await areSameIdentities(objects, a, b)).toBe(true);
  expect(await areSameIdentities(objects, a, other)).toBe(false);
  expect(await areSameIdentities(objects, undefined, undefined)).toBe(true);
  expect(await areSameIdentities(objects, a, undefined)).toBe(false);
  expect(await areSameIdentities(objects, a, '0'.repeat(64))).toBe(false);
  await expect(readIdentity(objects, '0'.repeat(64))).rejects.toMatchObject({ code: 'missing-chunk' });
});
