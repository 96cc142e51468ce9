/** Stores outcomes, one file per part and one line per case, so that an interrupted run can be resumed. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Line {
  readonly version: string;
  readonly case: unknown;
  readonly outcome: unknown;
}

/** The outcomes of one part for one version of a tool. */
export class OutcomeFile {
  readonly #path: string;
  readonly #version: string;
  readonly #known = new Map<string, unknown>();

  /**
   * @param version `toolVersion`; outcomes of other versions are ignored
   * @param resume keeps existing outcomes; otherwise the file is started anew
   */
  constructor(
    folder: string,
    part: string,
    { version, resume }: { readonly version: string; readonly resume: boolean },
  ) {
    this.#path = join(folder, `${part}.jsonl`);
    this.#version = version;
    mkdirSync(folder, { recursive: true });
    if (!resume) rmSync(this.#path, { force: true });
    if (!existsSync(this.#path)) return;
    for (const text of readFileSync(this.#path, 'utf8').split('\n')) {
      const line = lineOf(text);
      if (line?.version === version) this.#known.set(JSON.stringify(line.case), line.outcome);
    }
  }

  has(one: unknown): boolean {
    return this.#known.has(JSON.stringify(one));
  }

  outcomeOf(one: unknown): unknown {
    return this.#known.get(JSON.stringify(one));
  }

  add(one: unknown, outcome: unknown): void {
    this.#known.set(JSON.stringify(one), outcome);
    const line: Line = { version: this.#version, case: one, outcome };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

/** Undefined for an incomplete line, such as the last one of an interrupted run. */
function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
