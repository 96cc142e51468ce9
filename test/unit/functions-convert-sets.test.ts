/** What a set says that convert makes of an answer: decided once, for the identity that the message names. */
import { beforeEach, describe, expect, it } from 'vitest';
import { nonResult, serialiseResult } from '#core/results/result.ts';
import { describeTool } from '#core/tool-manifest.ts';
import { readDicom } from '#dicom/read.ts';
import { makeHandler } from '#functions/convert/handler.ts';
import { storeIdentity } from '#pipeline/identities.ts';
import { objectKey, objectListKey, resultKey, setKey } from '#pipeline/keys.ts';
import type { RunMessage } from '#pipeline/messages.ts';
import { parseObjectList } from '#pipeline/object-list.ts';
import { noteRouted } from '#pipeline/sets.ts';
import {
  createPipeline,
  minuteLeft,
  nothingFailed,
  type Pipeline,
  REASON,
  runMessage,
  setFolder,
  sqsEvent,
  stored,
  upload,
} from '../fixtures/pipeline.ts';
import { entry, INSTANCE, makeRadiographFile } from '../fixtures/tiny-radiograph.ts';

const file = makeRadiographFile();
const toReturn = { step: 'return', lane: 'live' } as const;

const convert = (pipeline: Pipeline, message: RunMessage) =>
  makeHandler(pipeline)(sqsEvent('convert-live', [message]), minuteLeft);

describe('convert', () => {
  let pipeline: Pipeline;
  let study: Awaited<ReturnType<typeof upload>>;
  let message: RunMessage;
  beforeEach(async () => {
    pipeline = createPipeline();
    study = await upload(pipeline, file);
    message = runMessage(file, entry, study);
    const { version, inputDigest } = message;
    const answer = nonResult({
      ...{ description: describeTool(entry), version, inputDigest, inputs: [INSTANCE] },
      ...{ outcome: 'not-evaluable', reason: REASON },
    });
    await pipeline.objects.put(resultKey(message), serialiseResult(answer));
  });
  const folder = () => setFolder(pipeline, message);
  const listed = async () => parseObjectList((await pipeline.objects.get(objectListKey(folder()))) ?? new Uint8Array());

  it('follows the file of the set that was stored first', async () => {
    const { put } = pipeline.objects;
    let first: Uint8Array | undefined;
    const objects = {
      ...pipeline.objects,
      put: async (...[key, bytes, options]: Parameters<typeof put>) => {
        if (key.endsWith('/set.json') && first === undefined) {
          first = Buffer.from(Buffer.from(bytes).toString().replace('2026-01-01', '2025-12-31'));
          await put(key, first);
        }
        return put(key, bytes, options);
      },
    };

    expect(await convert({ ...pipeline, objects }, message)).toEqual(nothingFailed);

    expect(await stored(pipeline, setKey(folder()))).toMatchObject({ createdAt: '2025-12-31T00:00:00.000Z' });
  });

  it('takes patient and study from the identity, not from the image', async () => {
    const { dataset } = readDicom(
      makeRadiographFile({ patient: { PatientID: 'RIGHT-1', PatientName: 'Phantom^Right' } }),
    );
    const identity = await storeIdentity(pipeline.objects, dataset, new Uint8Array(32));
    const corrected = { ...message, identity, sequence: 2 };

    expect(await convert(pipeline, corrected)).toEqual(nothingFailed);

    const [object] = (await listed()).objects;
    const bytes = (await pipeline.objects.get(objectKey(folder(), object?.SOPInstanceUID ?? ''))) ?? new Uint8Array();
    expect(readDicom(bytes).dataset.text('PatientID')).toBe('RIGHT-1');
    expect(await stored(pipeline, setKey(folder()))).toMatchObject({ identity, sequence: 2 });
    expect(await pipeline.runs.get(message.runId)).toMatchObject({ identity, sequence: 2, set: folder().setId });
  });

  it('names the images that the answer is of, and the one whose header tells the identity', async () => {
    await convert(pipeline, message);

    const [instance] = study.instances;
    const image = { SOPInstanceUID: INSTANCE, SeriesInstanceUID: instance?.SeriesInstanceUID };
    expect(await listed()).toMatchObject({ inputs: [image], identityInstance: image });
  });

  it('neither converts nor passes on an answer of an older upload once a newer one is routed', async () => {
    await noteRouted(pipeline.sets, message, { sequence: 2, runId: '2'.repeat(32), revision: 'e'.repeat(64) });

    expect(await convert(pipeline, { ...message, sequence: 1 })).toEqual(nothingFailed);

    expect(await pipeline.runs.get(message.runId)).toMatchObject({ state: 'superseded' });
    expect(pipeline.sentTo(toReturn)).toEqual([]);
    expect([...pipeline.objects.contents.keys()].filter((key) => key.includes('/sets/'))).toEqual([]);
  });
});
