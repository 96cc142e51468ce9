/**
 * A child process that loads one tool and runs cases one after the other: `fork(worker.ts, [TOOL, MODELS])`. It receives
 * `CaseCall` messages and answers each with a `CaseAnswer`.
 */
import { findEvaluation } from './find-evaluation.ts';
import { toolUnderEvaluation } from './tool-under-evaluation.ts';

export interface CaseCall {
  readonly part: string;
  readonly index: number;
}

export type CaseAnswer = { readonly outcome: unknown } | { readonly error: string };

const [id = '', modelsDir] = process.argv.slice(2);
// Awaited when a case runs, so that an error of loading is that case's answer.
const loading = Promise.all([findEvaluation(id), toolUnderEvaluation(id, modelsDir)]);
loading.catch(() => undefined);

process.on('message', ({ part, index }: CaseCall) => {
  answerTo(part, index).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : `${error}` }),
  );
});

async function answerTo(name: string, index: number): Promise<CaseAnswer> {
  const [evaluation, tool] = await loading;
  const part = evaluation.parts.find((one) => one.name === name);
  const one = part?.cases()[index];
  if (part === undefined || one === undefined) throw new RangeError(`There is no case ${index} of ${name}`);
  return { outcome: await part.run(one, tool) };
}
