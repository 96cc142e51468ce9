/**
 * Hilum has no egress: everything runs at once in a network that has only the loopback interface, with all
 * connections and name look-ups recorded. ONNX Runtime sends its telemetry seconds after its first use, so the processes
 * that use it run longer than that. A test of ONNX Runtime with default settings shows that the recording works.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type PartName, ROOT, VENVS } from '../../localstack/parts.mjs';
import { dataFolder, describeWith, skipUnless } from '../fixtures/lanes.ts';
import { canIsolate, watchNetwork } from '../fixtures/watch-network.ts';
import type { SystemReport } from '../fixtures/whole-system.ts';

/** Chromium asks the system for a route to this address to detect IPv6; it sends nothing to it. */
const CHROMIUM_ASKS = '2001:4860:4860::8888 port 443 by "/proc/self/exe", "--type=utility"';
/** ONNX Runtime looks a host up 9 s after its first use. */
const LINGER_MS = 14_000;
const PACKAGE = 'onnxruntime-node';
const MODEL = join(ROOT, 'layers', 'models', 'caries-lesion', 'caries-lesion.onnx');
const skip = (): boolean => skipUnless(canIsolate(), 'a process cannot have a network of its own here (unshare --net)');

const homes: string[] = [];
function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'hilum-egress-'));
  homes.push(home);
  return home;
}
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const { HILUM_DATA = dataFolder() } = process.env;

// Concurrent, because most of the time is spent waiting for traffic that must not occur.
describe.concurrent('egress', () => {
  describeWith(['strace', 'cloud', 'orthanc', 'postgresql', 'ohif', 'chromium'], 'the whole system', () => {
    it.skipIf(skip())('works without any name look-up or connection to the outside', async () => {
      const env = { HOME: newHome(), HILUM_TEST_LINGER_MS: String(LINGER_MS), HILUM_DATA };

      const system = await watchNetwork(process.execPath, [join(ROOT, 'test', 'fixtures', 'whole-system.ts')], env);

      expect(system.code, system.stderr).toBe(0);
      const report = JSON.parse(system.stdout) as SystemReport;
      const attempts = system.attempts.filter((attempt) => !attempt.startsWith(CHROMIUM_ASKS));
      expect({ ...report, attempts }).toEqual({
        attempts: [],
        runs: { caries: 'delivered' },
        functions: [
          'RouteFunction',
          'ToolcariesInferFunction',
          'ConvertFunction',
          'ReturnFunction',
          'DeadLetterFunction',
        ],
        command: { code: 0, left: [] },
        viewer: { statuses: [200, 200, 200], outside: [] },
        left: [],
      });
      expect(system.loopback).toBeGreaterThan(50);
    });
  });

  describeWith(['strace'], 'the watch', () => {
    it.skipIf(skip())('detects the telemetry of ONNX Runtime with default settings', async () => {
      const home = newHome();
      const use = `import { InferenceSession } from '${PACKAGE}'; await InferenceSession.create(${JSON.stringify(MODEL)});`;
      const linger = `setTimeout(() => undefined, ${LINGER_MS});`;
      const args = ['--input-type=module', '-e', `process.chdir(${JSON.stringify(ROOT)}); ${use} ${linger}`];

      const untold = await watchNetwork(process.execPath, args, { HOME: home });

      expect(untold.code).toBe(0);
      expect(untold.attempts.length).toBeGreaterThan(0);
      expect(readdirSync(home)).toEqual(['.cache']);
    });

    const scripts: readonly (readonly [script: string, venv: keyof typeof VENVS, part: PartName])[] = [
      ['layers/training/quantise.py', 'training', 'training'],
      ['bench/models/infer_onnxruntime.py', 'training', 'training'],
      ['test/judges/brain_tissue.py', 'judges', 'judges'],
    ];
    describe.each(scripts)('sees of %s', (script, venv, part) => {
      describeWith([part], 'as far as its imports', () => {
        it.skipIf(skip())('nothing, but detects its telemetry with default settings', async () => {
          const code = readFileSync(join(ROOT, script), 'utf8');
          const imports = code.slice(0, code.indexOf('\nimport onnxruntime')).concat('\nimport onnxruntime\n');
          const python = join(VENVS[venv].folder, 'bin', 'python');
          const lives = (head: string) =>
            watchNetwork(python, ['-c', `${head}\nimport time\ntime.sleep(${LINGER_MS / 1000})`], { HOME: newHome() });

          const [told, untold] = await Promise.all([lives(imports), lives(imports.replace(/^os\.environ.*$/m, ''))]);

          expect([told.code, untold.code]).toEqual([0, 0]);
          expect(told.attempts).toEqual([]);
          expect(untold.attempts.length).toBeGreaterThan(0);
        });
      });
    });
  });
});
