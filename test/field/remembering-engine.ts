/** An engine that answers a question once: many cases have other headers around the same pixels. */
import { createHash } from 'node:crypto';
import type { InferenceEngine, Tensor } from '#core/ports.ts';

type Answer = Readonly<Record<string, Tensor>>;

/** Answers beyond this are asked for again. */
const MOST_BYTES = 512 * 2 ** 20;

export function remembering(engine: InferenceEngine): InferenceEngine {
  const answers = new Map<string, Answer>();
  let bytes = 0;
  return {
    async run<Output extends string>(
      ...[modelId, inputs, expected]: Parameters<typeof engine.run<Output>>
    ): Promise<Readonly<Record<Output, Tensor>>> {
      const question = digestOf(modelId, inputs);
      const known = answers.get(question);
      // A tool may write into what it is given.
      if (known !== undefined) return structuredClone(known) as Readonly<Record<Output, Tensor>>;
      const answer = await engine.run(modelId, inputs, expected);
      const outputs: readonly Tensor[] = Object.values(answer);
      const size = outputs.reduce((sum, { data }) => sum + data.byteLength, 0);
      if (bytes + size <= MOST_BYTES) {
        answers.set(question, structuredClone(answer));
        bytes += size;
      }
      return answer;
    },
  };
}

function digestOf(modelId: string, inputs: Readonly<Record<string, Tensor>>): string {
  const hash = createHash('sha256').update(modelId);
  for (const [name, { data, shape }] of Object.entries(inputs)) {
    hash.update(`${name} ${shape.join(' ')}`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
