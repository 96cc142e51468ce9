/**
 * A process of its own in which one tool is loaded once and cases run one after the other: `fork(worker.ts, [TOOL, MODELS])`.
 * It is sent a `CaseCall` and answers a `CaseAnswer`.
 */
import { findEvaluation } from './find-evaluation.ts';
import { toolUnderEvaluation } from './tool-under-evaluation.ts';

export interface CaseCall {
  readonly part: string;
  readonly index: number;
}

export type CaseAnswer = { readonly outcome: unknown } | { readonly error: string };

const [id = '', modelsDir] = process.argv.slice(2);
// Awaited where a case is run, so that what is wrong with it is an answer.
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
