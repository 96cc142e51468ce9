import { expect, it } from 'vitest';
import { isKnown } from '#core/errors.ts';
import { inProcessDecoder } from '#dicom/codecs/in-process.ts';
import { decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { createCaseMaker } from './make-case.ts';
import { makeSeeds } from './seeds.ts';

const { HILUM_REQUIRE_ALL_LANES } = process.env;
const CASES = HILUM_REQUIRE_ALL_LANES === '1' ? 3000 : 500;

/** The digest of a file's pixels, or the code of their refusal. */
async function answerOf(bytes: Uint8Array): Promise<string> {
  try {
    return pixelSha256(await decodePixels(readDicom(bytes), inProcessDecoder));
  } catch (error) {
    if (isKnown(error)) return error.code;
    throw error;
  }
}

it('decodes a damaged frame without a trace of what was decoded before it', async () => {
  const seeds = (await makeSeeds(false)).filter(({ tree }) => tree?.nodes.some(({ fragments }) => fragments));
  const makeCase = createCaseMaker(seeds, 77);
  const answers: string[] = [];
  const different: number[] = [];

  for (let number = 0; number < CASES; number += 1) {
    const { bytes } = makeCase(number);
    const answer = await answerOf(bytes);
    await answerOf(seeds[(number * 7) % seeds.length]?.bytes ?? bytes);
    if ((await answerOf(bytes)) !== answer) different.push(number);
    answers.push(answer);
  }

  expect(different).toEqual([]);
  expect(answers.filter((answer) => answer.length === 64).length).toBeGreaterThan(CASES / 10);
});
