/** Tests of `npm run mutate`: what it changes, what it does not change, what it draws, and which tests it runs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../localstack/parts.mjs';
import { staleEntries } from '../mutation/accepted.ts';
import { draw } from '../mutation/draw.ts';
import { mutantsOf } from '../mutation/mutants.ts';
import { NAMED, namedMutants } from '../mutation/named.ts';
import { OPERATORS } from '../mutation/operators.ts';
import { reportOf } from '../mutation/report.ts';
import { withText } from '../mutation/scratch.ts';
import { isSyntax } from '../mutation/syntax.ts';
import { targetsOf } from '../mutation/targets.ts';
import { createTestFinder } from '../mutation/tests-of.ts';

const targets = targetsOf(ROOT);
const all = targets.flatMap((file) => mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')));

/** An operator's changes of a line. */
const made = (operator: string, source: string): readonly string[] =>
  mutantsOf('x.ts', source)
    .filter((mutant) => mutant.operator === operator)
    .map(({ becomes }) => becomes);

describe('an operator', () => {
  it.each([
    ['condition-negated', 'if (a > b) f();', ['if (!(a > b)) f();']],
    ['condition-never', 'const x = a ? 1 : 2;', ['const x = false ? 1 : 2;']],
    ['condition-always', 'if (a) f();', ['if (true) f();']],
    ['clause-removed', 'const x = a && b;', ['const x = a;', 'const x = b;']],
    ['logic', 'const x = a && b;', ['const x = a || b;']],
    ['default', 'const x = a ?? b;', ['const x = a;', 'const x = b;']],
    ['boundary', 'const x = a < b || c >= d;', ['const x = a <= b || c >= d;', 'const x = a < b || c > d;']],
    ['equality', 'const x = a !== b;', ['const x = a === b;']],
    ['arithmetic', 'const x = a - b;', ['const x = a + b;']],
    ['sum', 'x += n;', ['x -= n;']],
    ['call-removed', 'await f(a);', [';']],
    ['throw-removed', 'if (a) throw b;', ['if (a) ;']],
    ['return-early', 'function f() { g(); }', ['function f() { return undefined; g(); }']],
    ['member-dropped', 'const x = { a, ...b };', ['const x = { ...b };', 'const x = { a };']],
    ['member-dropped', 'const x = [a, ...b];', ['const x = [a];']],
    ['number', 'f(1);', ['f(2);', 'f(0);']],
    ['number', 'f(0);', ['f(1);', 'f((-1));']],
    ['number', 'f(5_000);', ['f(0);']],
    ['string', "f('live');", ['f("live~");']],
    ['boolean', 'f(true);', ['f(false);']],
    ['method', 'f(a.some(g));', ['f(a.every(g));']],
  ])('%s of `%s`', (operator, source, becomes) => {
    expect(made(operator, source)).toEqual(becomes);
  });

  it.each(OPERATORS.map(({ name }) => name))('%s finds work in the sources', (name) => {
    expect(all.some(({ operator }) => operator === name)).toBe(true);
  });

  it.each([
    "import { a } from 'b';",
    "export { a } from 'b';",
    "type A = { a: 'b'; c: 1 };",
    'log.info("noticed", { a: 1 });',
    "edge.log.warn('x', { a });",
    "const reason = { message: 'x' };",
  ])('changes nothing of `%s`', (source) => {
    expect(mutantsOf('x.ts', source)).toEqual([]);
  });

  it('changes no message, and no facts of an error', () => {
    expect(
      mutantsOf('x.ts', "throw new TypeError('No way', { facts: { a: 1 } });").map(({ operator }) => operator),
    ).toEqual(['throw-removed']);
    expect(made('string', "const x = 'An image';")).toEqual([]);
  });

  it('looks inside type expressions, and returns positions in the original source', () => {
    const source = '/** × 😀 */\nconst a: number = (b as number) < c ? 1 : 2;';
    const [mutant] = mutantsOf('x.ts', source).filter(({ operator }) => operator === 'boundary');

    expect(mutant).toMatchObject({ line: 2, was: 'const a: number = (b as number) < c ? 1 : 2;' });
    expect(mutant?.text).toBe(source.replace('<', '<='));
  });
});

describe('what is drawn', () => {
  const drawn = draw(all, 80, 1);

  it('has the requested number, the same for the same seed, and different for another', () => {
    expect(drawn).toHaveLength(80);
    expect(draw(all, 80, 1)).toEqual(drawn);
    expect(draw(all, 80, 2)).not.toEqual(drawn);
    expect(draw(all.slice(0, 5), 64, 1)).toHaveLength(5);
  });

  it('includes every file that can be changed, and most operators', () => {
    const many = draw(all, 128, 1);
    expect(new Set(many.map(({ file }) => file))).toEqual(new Set(all.map(({ file }) => file)));
    expect(new Set(drawn.map(({ operator }) => operator)).size).toBeGreaterThan(OPERATORS.length / 2);
  });

  it('are valid modules, all different', () => {
    expect(drawn.filter(({ text }) => !isSyntax(text))).toEqual([]);
    expect(new Set(drawn.map(({ file, text }) => `${file}\n${text}`)).size).toBe(80);
  });
});

describe('the choice of files and tests', () => {
  it('covers the files that docs/architecture.md names, for every tool, and the folders of its guarantees', () => {
    expect(targets).toEqual(
      expect.arrayContaining(['edge/forwarder.ts', 'functions/infer/handler.ts', 'tools/caries/tool.ts']),
    );
    expect(targets).toContain('adapters/decoder/thread.ts');
    expect(targets.filter((path) => path.startsWith('test/'))).toEqual([]);
  });

  it('runs for every file the tests that lead to it, the closest first', () => {
    const testsOf = createTestFinder(ROOT);

    expect([...new Set(all.map(({ file }) => file))].filter((file) => testsOf(file).length === 0)).toEqual([]);
    const [closest, ...others] = testsOf('functions/infer/handler.ts');
    expect([closest, others.includes('test/unit/ends.test.ts')]).toEqual(['test/unit/functions-infer.test.ts', true]);
    // By way of a fixture, and of a thread program that is started and not imported.
    expect(testsOf('edge/forward-study.ts')).toContain('test/unit/edge-forwarder.test.ts');
    expect(testsOf('adapters/decoder/worker.ts')).toContain('test/unit/decoder.test.ts');
    expect(testsOf('tools/caries/tool.ts').slice(-2)).toEqual([
      'test/contract/caries.test.ts',
      'test/contract/tools.test.ts',
    ]);
    expect(testsOf('nowhere.ts')).toEqual([]);
  });
});

describe('a run', () => {
  const [caught, living] = draw(all, 2, 1);
  if (caught === undefined || living === undefined) throw new Error('There are no mutations');

  it('always tries the named mutations, which still match the sources', () => {
    expect(namedMutants(ROOT).map(({ operator }) => operator)).toEqual(NAMED.map(({ name }) => name));
  });

  it('has no accepted entry without a mutation', () => {
    expect(staleEntries(all)).toEqual([]);
  });

  it('fails below 95 %, and if a named mutation survives', () => {
    const tried = (dead: number, alive: number) => [
      ...Array.from({ length: dead }, () => ({ mutant: caught, outcome: 'caught' as const, seconds: 1 })),
      ...Array.from({ length: alive }, () => ({ mutant: living, outcome: 'survived' as const, seconds: 1 })),
    ];
    const nothing = { seed: 1, named: [], stale: [] };

    expect(reportOf({ ...nothing, tried: tried(95, 5) })).toMatchObject({ score: 0.95, passed: true });
    expect(reportOf({ ...nothing, tried: tried(94, 6) })).toMatchObject({ caught: 94, tried: 100, passed: false });
    expect(reportOf({ ...nothing, tried: tried(99, 1), named: [living] })).toMatchObject({
      ...{ namedSurvivors: 1, passed: false },
      survivors: [{ file: living.file, line: living.line, was: living.was, becomes: living.becomes }],
    });
    expect(reportOf({ ...nothing, tried: [] }).passed).toBe(false);
  });

  it('restores the source, whatever happens meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hilum-mutation-'));
    const read = () => readFileSync(join(folder, 'a.ts'), 'utf8');
    writeFileSync(join(folder, 'a.ts'), 'original');
    try {
      const work = () => {
        const seen = read();
        return Promise.reject(new Error(seen));
      };
      await expect(withText(folder, 'a.ts', { text: 'mutated', original: 'original' }, work)).rejects.toThrow(
        'mutated',
      );
      expect(read()).toBe('original');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
