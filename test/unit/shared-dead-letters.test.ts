/** All tools share the dead-letter queue of a lane. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeHandler } from '#functions/dead-letter/handler.ts';
import { createPipeline, minuteLeft, nothingFailed, type Pipeline, sqsEvent } from '../fixtures/pipeline.ts';
import { entry } from '../fixtures/tiny-radiograph.ts';

const handle = (pipeline: Pipeline, body: string) =>
  makeHandler({ ...pipeline, catalog: [entry] })(sqsEvent('infer-live-dead', [body]), minuteLeft);

describe('a letter of the queue that all tools share', () => {
  let pipeline: Pipeline;
  beforeEach(() => {
    pipeline = createPipeline();
  });

  it.each([
    [{ tool: 'un-dead' }, 'infer-un-dead-live'],
    [{ tool: '../un-dead' }, 'infer-live'],
    ['x', 'infer-live'],
  ])('that reads %j is kept under the queue of its tool', async (body, source) => {
    const letter = typeof body === 'string' ? body : JSON.stringify(body);
    await handle(pipeline, letter);

    expect([...pipeline.objects.contents.keys()]).toEqual([`dead-letters/${source}/message-0.json`]);
  });

  it('of a newer format goes back to the queue of its tool', async () => {
    const newer = '{"format": "hilum.run/2", "tool": "tiny"}';

    expect(await handle(pipeline, newer)).toEqual(nothingFailed);

    expect(pipeline.queueNamed('infer-tiny-live').sent).toEqual([newer]);
  });

  it('of a newer format that does not name its tool waits for code that knows the format', async () => {
    expect(await handle(pipeline, '{"format": "hilum.run/2"}')).not.toEqual(nothingFailed);

    expect(pipeline.queueNamed('infer-live-dead').postponed).toHaveLength(1);
    expect(pipeline.queueNamed('infer-live').sent).toEqual([]);
  });
});
