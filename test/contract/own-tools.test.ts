/**
 * Tools of one's own: a broad CT segmentation tool with weights that were trained elsewhere, and a classification tool without a
 * model, are added to a copy of the checkout by their folders alone. And what a developer is told of a tool that does not work.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBitewing } from '#phantoms/dental.ts';
import { radiographPhantomToDicom } from '#phantoms/dicom.ts';
import { DOUBLE_ONNX, NOT_FITTING, NOT_LOADABLE, X, Y } from '../fixtures/broken-models.ts';
import type { Ended } from '../fixtures/hilum.ts';
import { addOwnTools, type Checkout, copyOfCheckout } from '../fixtures/own-tools.ts';
import { PHANTOM_STUDIES } from '../fixtures/phantom-studies.ts';
import { sha256Of, thresholdOnnx } from '../fixtures/tiny-onnx.ts';

const OWN = ['bone-mask', 'exposure'];
const FOLDERS = /^(tools\/(bone-mask|exposure)|layers\/models\/bone-threshold)\//;

let checkout: Checkout;
let studies: string;
beforeAll(async () => {
  checkout = await copyOfCheckout();
  studies = join(checkout.root, '..');
  const [bitewing = new Uint8Array()] = radiographPhantomToDicom(makeBitewing({ seed: 7 }), { seed: 7 });
  writeFileSync(join(studies, 'bitewing.dcm'), bitewing);
  const slice = PHANTOM_STUDIES['spine-ct']?.().files[0] ?? new Uint8Array();
  writeFileSync(join(studies, 'slice.dcm'), slice);
});
afterAll(() => checkout?.remove());

const told = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`;
const run = (tool: string): Promise<Ended> =>
  checkout.hilum('run', join(studies, 'bitewing.dcm'), '--tool', tool, '--out', join(studies, 'out', tool));

describe('two tools of one’s own', () => {
  beforeAll(() => {
    addOwnTools(checkout);
    const example = join(checkout.root, 'tools', 'exposure', 'examples', 'of-its-own');
    mkdirSync(example, { recursive: true });
    copyFileSync(join(studies, 'bitewing.dcm'), join(example, 'bitewing.dcm'));
  });

  it('have weights whose card names the file that was made for it', () => {
    const card = JSON.parse(readFileSync(join(checkout.root, 'layers/models/bone-threshold/model.json'), 'utf8')) as {
      readonly sha256: string;
    };

    expect(card.sha256).toBe(sha256Of(thresholdOnnx(200)));
  });

  it('are known to the command, which copies the weights from where their card says they are', async () => {
    const [tools, before, inspected] = await Promise.all([
      checkout.hilum('tools', '--json'),
      checkout.hilum('models'),
      checkout.hilum('inspect', join(studies, 'bitewing.dcm'), join(studies, 'slice.dcm'), '--json'),
    ]);
    const pulled = await checkout.hilum('models', 'pull', 'bone-threshold');

    expect((JSON.parse(tools.stdout) as readonly { readonly id: string }[]).map(({ id }) => id)).toEqual(
      expect.arrayContaining(OWN),
    );
    expect(before.stdout).toMatch(/^bone-threshold 1\.0\.0: present$.*\.\.\/weights\/bone-threshold\.onnx/ms);
    for (const id of OWN) expect(inspected.stdout).toContain(`"id": "${id}"`);
    expect([pulled.code, pulled.stdout]).toEqual([0, expect.stringMatching(/copied .* its digest is right/)]);
    expect(readdirSync(join(checkout.root, 'layers/models/bone-threshold'))).toContain('bone-threshold.onnx');
  });

  it('answer to `hilum run`', async () => {
    const { code, stdout } = await run('exposure');

    expect([code, stdout]).toEqual([0, expect.stringMatching(/: result\n {2}The radiograph is (light|dark)\./)]);
  });

  it('keep the contract, their golden files recorded in their own folders', { timeout: 300_000 }, async () => {
    const script = join('test', 'contract', 'run.ts');
    const before = await checkout.run('node', script, 'exposure');
    const golden = await checkout.run('node', script, '--golden', ...OWN);
    const contract = await checkout.run('node', script, '--scope', ...OWN);

    expect([before.code, told(before)]).toEqual([
      1,
      expect.stringContaining('`npm run golden -- exposure` records it'),
    ]);
    expect([golden.code, contract.code], told(contract)).toEqual([0, 0]);
  });

  it('turn no test of the tree red, and are in the stack', { timeout: 300_000 }, async () => {
    const tests = ['docs', 'import-rule', 'tool-inputs', 'evaluation-run', 'conformance'].map(
      (name) => `test/unit/${name}.test.ts`,
    );
    const unit = await checkout.run('node', 'node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...tests);
    const synth = await checkout.run('node_modules/.bin/cdk', 'synth', '-c', 'environment=local', '-o', '../cdk.out');

    expect([unit.code, synth.code], `${told(unit)}\n${synth.stderr}`).toEqual([0, 0]);
    for (const id of OWN) expect(synth.stdout).toContain(`infer-${id}-live`);
  });

  it('changed nothing outside of their folders', async () => {
    const changed = await checkout.changed();

    expect(changed).toEqual(
      expect.arrayContaining(['tools/bone-mask/golden/spine-ct.json', 'tools/exposure/golden/of-its-own.json']),
    );
    expect(changed.filter((path) => !FOLDERS.test(path))).toEqual([]);
  });
});

/** A tool whose `process` is `body`, on lines that are counted from 8. */
const toolOf = (body: string): string => `import { createResult } from '#core/results/result.ts';
import { describeTool, toolVersion } from '#core/tool-manifest.ts';
export const createTool = (entry) => ({
  name: entry.manifest.id,
  versionId: () => toolVersion(entry),
  description: () => describeTool(entry),
  canProcessImage: () => ({ suitable: true }),
  async process(images, { engine }) {
    ${body}
  },
});
`;

/** The call as source text; large inputs are zeros. */
function callOf(inputs: NonNullable<(typeof NOT_FITTING)[number]['inputs']>, expected: object, model: string): string {
  const tensors = Object.entries(inputs).map(([name, { data, shape }]) => {
    const values = data.length > 16 ? String(data.length) : JSON.stringify([...data]);
    return `${name}: { data: new Float32Array(${values}), shape: ${JSON.stringify(shape)} }`;
  });
  return `await engine.run('${model}', { ${tensors.join(', ')} }, ${JSON.stringify(expected)});`;
}

describe('a tool that does not work', () => {
  it.each([...NOT_LOADABLE, ...NOT_FITTING].map((broken, index) => ({ ...broken, id: `broken-${index}` })))(
    'is told by `hilum run`: $what',
    async ({ id, file, inputs = X, expected = Y, code, says }) => {
      checkout.addTool(id, toolOf(callOf(inputs, expected, id)), file);

      const ended = await run(id);

      expect(ended.code).toBe(1);
      expect(ended.stdout).toMatch(says);
      expect(ended.stdout).toContain(`(${code})`);
      expect(ended.stderr).toContain(`at tools/${id}/tool.ts:9:`);
    },
  );

  it.each([
    ['throws', "throw new TypeError('no data of Doe^Jane');", /TypeError: no data of Doe\^Jane/],
    ['reads what is not there', 'return images[3].kind;', /TypeError: Cannot read properties of undefined/],
    ['throws what is no error', "throw 'Doe^Jane';", /thrown: Doe\^Jane/],
    ['throws an object', "throw { patient: 'Doe^Jane' };", /thrown: \{ patient: 'Doe\^Jane' \}/],
    ['throws what cannot be text', 'throw Object.create(null);', /thrown: \[Object: null prototype\] \{\}/],
    ['throws nothing', 'throw undefined;', /The tool threw undefined/],
    [
      'throws several errors',
      "await Promise.any([Promise.reject(new RangeError('no data of Doe^Jane'))]);",
      /AggregateError: .*\n {2}RangeError: no data of Doe\^Jane/,
    ],
    [
      'throws in a timer',
      "await new Promise(() => setTimeout(() => { throw new Error('no data of Doe^Jane'); }));",
      /Error: no data of Doe\^Jane/,
    ],
    [
      'loses a promise',
      "Promise.reject(new Error('no data of Doe^Jane')); await new Promise(() => setTimeout(() => {}, 50));",
      /Error: no data of Doe\^Jane/,
    ],
    [
      'leaves a timer running',
      "setInterval(() => {}, 1000); throw new Error('no data of Doe^Jane');",
      /Error: no data of Doe\^Jane/,
    ],
  ])('tells its developer at once what it threw and where, and nobody else: %s', async (what, body, says) => {
    const id = `own-${what.replaceAll(/\W/g, '-')}`;
    checkout.addTool(id, toolOf(body), DOUBLE_ONNX);

    const ended = await run(id);

    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(says);
    if (!/^thrown|threw/.test(says.source)) expect(ended.stderr).toContain(`at tools/${id}/tool.ts:9:`);
    expect(ended.stdout).toContain('(tool-failed)');
    const out = join(studies, 'out', id);
    const written = readdirSync(out, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(written.length).toBeGreaterThan(1);
    for (const content of [ended.stdout, ...written]) expect(content).not.toMatch(/no data of|properties of undefined/);
  });

  it.each([
    [
      'is no TypeScript',
      'export const createTool = ;',
      /tools\/unloadable\/tool\.ts cannot be loaded: .* \(tools\/unloadable\/tool\.ts:1\)/,
    ],
    ['imports what is not there', "import './gone.ts';", /tools\/unloadable\/tool\.ts cannot be loaded: .*gone\.ts/],
    ['throws at once what is no error', 'throw null;', /tools\/unloadable\/tool\.ts cannot be loaded: it throws null/],
    [
      'never ends loading',
      'await new Promise(() => {});',
      /unloadable failed: its code waits for a promise that never settles/,
    ],
    ['makes no tool', 'export const createTool = () => {};', /createTool\(entry\) gives no tool: it returns undefined/],
    [
      'makes a part of a tool',
      'export const createTool = ({ manifest: { id } }) => ({ name: id, description() {}, versionId() {} });',
      /createTool\(entry\) gives no tool: it lacks canProcessImage\(\), process\(\)/,
    ],
    [
      'makes a promise of one',
      'export const createTool = async () => ({});',
      /createTool\(entry\) gives a promise: it is not async/,
    ],
  ])('is told where it does not load: it %s', async (_what, code, says) => {
    checkout.addTool('unloadable', code, DOUBLE_ONNX);

    const ended = await run('unloadable');

    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toContain(checkout.root);
  });

  it('that answers nothing is told what it lacks', async () => {
    checkout.addTool('silent', toolOf(''), DOUBLE_ONNX);

    expect((await run('silent')).stdout).toMatch(
      /it is not a result; return what createResult\(\) gives \(tool-failed\)/,
    );
  });

  it.each([
    ['waits for ever', 'await new Promise(() => {});'],
    ['computes for ever', 'for (;;);'],
    ['computes for ever after a pause', 'await new Promise((resolve) => setTimeout(resolve, 50)); for (;;);'],
  ])('that %s is ended at its deadline', async (what, body) => {
    const id = `slow-${what.replaceAll(' ', '-')}`;
    checkout.addTool(id, toolOf(body), DOUBLE_ONNX);
    const manifest = join(checkout.root, 'tools', id, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"timeoutS":60', '"timeoutS":2'));

    const ended = await run(id);

    expect([ended.code, ended.stdout]).toEqual([1, expect.stringMatching(/was not done within 2 s \(tool-timeout\)/)]);
  });

  it('that ends the process is told not to, and is no success', async () => {
    checkout.addTool('ending', toolOf('process.exit(0);'), DOUBLE_ONNX);

    const ended = await run('ending');

    expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(/The tool ending ended this process/)]);
  });

  it('that prints does not print into the data of --json', async () => {
    checkout.addTool('printing', toolOf("console.log('some', 'values');"), DOUBLE_ONNX);
    const out = join(studies, 'out', 'printing');

    const ended = await checkout.hilum(
      'run',
      join(studies, 'bitewing.dcm'),
      '--tool',
      'printing',
      '--out',
      out,
      '--json',
    );

    expect(JSON.parse(ended.stdout)).toMatchObject([{ outcome: 'failed' }]);
    expect(ended.stderr).toContain('some values');
  });

  it('that has no card fails one test, which names the file', { timeout: 120_000 }, async () => {
    const ended = await checkout.run('node', join('test', 'contract', 'run.ts'), 'silent');

    expect(ended.code).toBe(1);
    expect(told(ended)).toContain('layers/models/silent/CARD.md is missing: it is the model’s card');
    expect(told(ended)).toContain('tools/silent/README.md is missing: it is the tool’s card');
  });
});
