/** Outcomes of cases in a file a part, a line a case, so that a page can be made again and an interrupted run goes on. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Line {
  readonly version: string;
  readonly case: unknown;
  readonly outcome: unknown;
}

/** The outcomes of one part that were found by one version of a tool. */
export class OutcomeFile {
  readonly #path: string;
  readonly #version: string;
  readonly #known = new Map<string, unknown>();

  /**
   * @param version `toolVersion`: outcomes of another version are not taken
   * @param resume keeps what is there; a new file is begun without it
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

/** The last line of a run that was ended may be half of one. */
function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
