/** ONNX Runtime sends telemetry unless this is turned off before its first use. Checks that all our code turns it off. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';

const root = join(import.meta.dirname, '..', '..');
const RUNTIME = join(root, 'adapters', 'onnx', 'runtime.ts');
const PACKAGE = 'onnxruntime-node';
const SWITCH = 'ORT_DISABLE_TELEMETRY';
const GLOBS = {
  exclude: (name: string) => /(^|\/)(node_modules|cdk\.out|dist|artefacts|\.[^/]+)$/.test(name),
  cwd: root,
};

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Runs a module with a given environment; `HOME` is an empty folder. Returns its output and the files it left there. */
function runModule(code: string): { readonly said: string; readonly left: readonly string[] } {
  const home = mkdtempSync(join(tmpdir(), 'hilum-telemetry-'));
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
    env: { HOME: home, PATH: process.env['PATH'] },
  });
  return { said: `${stdout}${stderr}`, left: readdirSync(home) };
}

describe('ONNX Runtime in Node', () => {
  const use = `InferenceSession.create('${join(root, 'layers/models/caries-lesion/caries-lesion.onnx')}')`;
  const ours = `import { loadOnnxRuntime } from ${JSON.stringify(RUNTIME)};`;

  it('is loaded in one place only', () => {
    const files = globSync('**/*.{ts,mts,mjs,js}', GLOBS);
    const loads =
      /(?:^|[^.\w])(?:import|export)\s(?!type\b)[^;]*from\s*['"`]onnxruntime|(?:import|require)\(\s*['"`]onnxruntime/m;

    const found = files.filter((file) => loads.test(textOf(file).replaceAll(/typeof import\([^)]*\)/g, '')));

    expect(files.length).toBeGreaterThan(300);
    expect(found).toEqual(['adapters/onnx/runtime.ts']);
  });

  it('leaves nothing in the home folder, unlike with default settings', () => {
    const told = runModule(`${ours} const { InferenceSession } = await loadOnnxRuntime(); await ${use};`);
    const untold = runModule(`import { InferenceSession } from '${PACKAGE}'; await ${use};`);

    expect(told).toEqual({ said: '', left: [] });
    expect(untold).toEqual({ said: '', left: ['.cache'] });
  });

  it('is turned off even if the environment says otherwise', () => {
    const { left } = runModule(
      `process.env.${SWITCH} = '0'; ${ours} const { InferenceSession } = await loadOnnxRuntime(); await ${use};`,
    );

    expect(left).toEqual([]);
  });

  it('is refused in a worker thread, whose environment is a copy, unless the process has turned it off', () => {
    const worker = `
      import { parentPort } from 'node:worker_threads'; ${ours}
      parentPort.postMessage(await loadOnnxRuntime().then(() => 'loaded', ({ code }) => code));`;
    const start = `
      import { once } from 'node:events'; import { Worker } from 'node:worker_threads'; ${ours}
      const ask = async () => console.log((await once(new Worker(new URL(${JSON.stringify(
        `data:text/javascript,${encodeURIComponent(worker.replace(RUNTIME, `file://${RUNTIME}`))}`,
      )})), 'message'))[0]);
      await ask(); await loadOnnxRuntime(); await ask();`;

    expect(runModule(start).said).toBe('configuration\nloaded\n');
  });
});

describe('onnxruntime in Python', () => {
  const files = globSync('**/*.{py,sh}', GLOBS).filter((file) => /^\s*(import|from) onnxruntime/m.test(textOf(file)));

  it('is imported in files that this test finds', () => {
    expect(files.sort()).toEqual(
      expect.arrayContaining(['bench/models/infer_onnxruntime.py', 'layers/training/quantise.py']),
    );
  });

  it.each(files)('is turned off in %s before it is imported', (file) => {
    const lines = textOf(file).split('\n');
    const told = lines.findIndex((line) => line.startsWith(`os.environ["${SWITCH}"] = "${TELEMETRY_OFF[SWITCH]}"`));

    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(lines.findIndex((line) => /^\s*(import|from) onnxruntime/.test(line)));
  });

  it.each(globSync('**/*.sh', GLOBS).filter((file) => /python/.test(textOf(file))))(
    'is told so by %s, which starts Python',
    (file) => {
      const text = textOf(file);

      expect(text).toContain(`export ${SWITCH}=${TELEMETRY_OFF[SWITCH]}\n`);
      expect(text.indexOf(SWITCH)).toBeLessThan(text.search(/python"/));
    },
  );
});

it('is off in every container image', () => {
  const dockerfiles = globSync('**/Dockerfile', GLOBS);

  expect(dockerfiles).not.toEqual([]);
  for (const file of dockerfiles) expect(textOf(file), file).toContain(`\nENV ${SWITCH}=${TELEMETRY_OFF[SWITCH]}\n`);
});

it('of the CDK is off in this repository, and so are its notices', () => {
  const { versionReporting, notices, context } = JSON.parse(textOf('cdk.json')) as {
    readonly versionReporting?: boolean;
    readonly notices?: boolean;
    readonly context: Readonly<Record<string, unknown>>;
  };

  expect({ versionReporting, notices, telemetry: context['cli-telemetry'] }).toEqual({
    versionReporting: false,
    notices: false,
    telemetry: false,
  });
});
