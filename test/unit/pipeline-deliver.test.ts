/** Delivery without its function. */
import { expect, it } from 'vitest';
import { type DeliveryArchive, deliver } from '#pipeline/deliver.ts';
import { objectListKey, receiptKey } from '#pipeline/keys.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import type { CallOptions } from '#pipeline/ports.ts';
import { readSetFile } from '#pipeline/set-file.ts';
import { createMemoryPacs, opened } from '../fixtures/memory-archive.ts';
import { converted, createPipeline, runMessage, upload } from '../fixtures/pipeline.ts';
import { entry, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const bytes = makeRadiographFile();
const SOPInstanceUID = '2.25.1';

/** A bucket with a converted set, and an archive, which record the options of every call. */
async function createPorts() {
  const pipeline = createPipeline();
  const message = runMessage(bytes, entry, await upload(pipeline, bytes));
  const { set: setId = '' } = await converted(pipeline, message, [{ SOPInstanceUID, bytes }]);
  const folder = { tool: message.tool, runId: message.runId, setId };
  const set = await readSetFile(pipeline.objects, folder);
  if (set === undefined) throw new Error('There is no set');
  const list = parseObjectList((await pipeline.objects.get(objectListKey(folder))) ?? new Uint8Array());
  const pacs = createMemoryPacs();
  pacs.add(bytes);
  const seen: [string, CallOptions][] = [];
  const watched = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...given: readonly unknown[]): unknown => {
          const { signal, deadlineMs } = (given.at(-1) ?? {}) as CallOptions;
          seen.push([String(key), { ...(signal && { signal }), ...(deadlineMs !== undefined && { deadlineMs }) }]);
          return Reflect.apply(method, target, given);
        };
      },
    });
  const ports = {
    objects: watched(pipeline.objects),
    sets: watched(pipeline.sets),
    archive: opened(watched<DeliveryArchive>(pacs)),
  };
  return { memory: pipeline.objects, pacs, seen, ports, set, list, folder };
}

it('stores missing objects, reads them back and writes a receipt, after which nothing is done again', async () => {
  const { memory, pacs, seen, ports, set, list, folder } = await createPorts();

  expect(await deliver(set, list, ports)).toEqual({ kind: 'delivered' });
  const calls = seen.length;
  expect(await deliver(set, list, ports)).toEqual({ kind: 'delivered' });

  expect(pacs.storedUids).toEqual([SOPInstanceUID]);
  expect(await memory.exists(receiptKey(folder))).toBe(true);
  expect(seen.slice(calls).map(([name]) => name)).toEqual(['get']);
});

it('passes signal and deadline to every call', async () => {
  const { seen, ports, set, list } = await createPorts();
  const options = { signal: new AbortController().signal, deadlineMs: Date.UTC(2100, 0) };

  await deliver(set, list, ports, options);

  const look = ['listInstances', 'retrieveHeader'];
  expect(seen.map(([name]) => name)).toEqual([
    ...['get', 'get', ...look, 'get', 'replace'],
    ...['retrieveInstance', 'store', 'retrieveInstance', ...look, 'put', 'get', 'replace'],
  ]);
  expect(seen.filter(([, given]) => JSON.stringify(given) !== JSON.stringify(options))).toEqual([]);
});

it('stores nothing and writes no receipt if it was aborted', async () => {
  const { memory, pacs, ports, set, list, folder } = await createPorts();
  const options = { signal: AbortSignal.abort(new Error('enough')) };

  await expect(deliver(set, list, ports, options)).rejects.toThrow('enough');

  expect(pacs.storedUids).toEqual([]);
  expect(await memory.exists(receiptKey(folder))).toBe(false);
});
