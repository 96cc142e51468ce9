/** Finds the evaluations of this clone: every `evaluation/<tool-id>/evaluation.ts`. There is no list of them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Evaluation } from './evaluation.ts';

const fileOf = (tool: string): string => join(import.meta.dirname, tool, 'evaluation.ts');

/** Ids of the tools that have an evaluation. */
export function evaluatedTools(): readonly string[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => existsSync(fileOf(name)))
    .sort();
}

/** @throws Error if the tool has no evaluation, or if the file does not export an `evaluation` of this tool */
export async function findEvaluation(tool: string): Promise<Evaluation> {
  if (!evaluatedTools().includes(tool)) {
    throw new Error(`There is no evaluation of ${tool}: choose one of ${evaluatedTools().join(', ')}`);
  }
  const module: { readonly evaluation?: Evaluation } = await import(pathToFileURL(fileOf(tool)).href);
  if (module.evaluation?.tool !== tool) {
    throw new Error(`evaluation/${tool}/evaluation.ts does not export \`evaluation\` of the tool ${tool}`);
  }
  return module.evaluation;
}
