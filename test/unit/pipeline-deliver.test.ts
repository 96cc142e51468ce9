/** Delivery without its function. */
import { expect, it } from 'vitest';
import { indexInstance } from '#core/study/index-instance.ts';
import { type DeliveryArchive, deliver } from '#pipeline/deliver.ts';
import { objectKey, receiptKey } from '#pipeline/keys.ts';
import { encodeObjectList, parseObjectList } from '#pipeline/object-list.ts';
import type { CallOptions, ObjectStore } from '#pipeline/ports.ts';
import { createMemoryObjectStore } from '../fixtures/memory-ports.ts';
import { sha256 } from '../fixtures/pipeline.ts';
import { makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const run = { tool: 'tiny', runId: '1'.repeat(32), setId: '2'.repeat(32), answer: 'result' } as const;
const SOPInstanceUID = '2.25.1';
const bytes = makeRadiographFile();
const { SeriesInstanceUID } = indexInstance(bytes);
const list = parseObjectList(
  encodeObjectList({
    ...{ StudyInstanceUID: '2.25.9', outcome: 'result', summary: 'One thing.' },
    objects: [
      {
        kind: 'pdf',
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1',
        SOPInstanceUID,
        SeriesInstanceUID,
        sha256: sha256(bytes),
      },
    ],
    inputs: [],
  }),
);

/** A bucket with the run's object, and an archive, which record the options of every call. */
async function createPorts() {
  const memory = createMemoryObjectStore();
  await memory.put(objectKey(run, SOPInstanceUID), bytes);
  const seen: CallOptions[] = [];
  const noted = ({ signal, deadlineMs }: CallOptions = {}): void => {
    seen.push({ ...(signal && { signal }), ...(deadlineMs !== undefined && { deadlineMs }) });
  };
  const objects: ObjectStore = {
    async get(key, options) {
      noted(options);
      return memory.get(key, options);
    },
    async put(key, content, options) {
      noted(options);
      return memory.put(key, content, options);
    },
    async exists(key, options) {
      noted(options);
      return memory.exists(key, options);
    },
  };
  const held = new Map<string, Uint8Array>();
  const archive: DeliveryArchive = {
    async store(sent, options) {
      noted(options);
      for (const object of sent) held.set(object.SOPInstanceUID, object.bytes);
      return sent.map((object) => ({ SOPInstanceUID: object.SOPInstanceUID, stored: true }));
    },
    async retrieveInstance(uids, options) {
      noted(options);
      return held.get(uids.SOPInstanceUID);
    },
  };
  return { memory, held, seen, ports: { objects, archive: async () => archive } };
}

it('stores missing objects, reads them back and writes a receipt, after which nothing is done again', async () => {
  const { memory, held, seen, ports } = await createPorts();

  await deliver(run, list, ports);
  const calls = seen.length;
  await deliver(run, list, ports);

  expect([...held.keys()]).toEqual([SOPInstanceUID]);
  expect(await memory.exists(receiptKey(run))).toBe(true);
  expect(seen.length).toBe(calls + 1);
});

it('passes signal and deadline to every call', async () => {
  const { seen, ports } = await createPorts();
  const options = { signal: new AbortController().signal, deadlineMs: Date.UTC(2100, 0) };

  await deliver(run, list, ports, options);

  expect(seen).toEqual(['exists', 'get', 'retrieve', 'store', 'retrieve', 'put'].map(() => options));
});

it('stores nothing and writes no receipt if it was aborted', async () => {
  const { memory, held, ports } = await createPorts();
  const options = { signal: AbortSignal.abort(new Error('enough')) };

  await expect(deliver(run, list, ports, options)).rejects.toThrow('enough');

  expect(held.size).toBe(0);
  expect(await memory.exists(receiptKey(run))).toBe(false);
});
