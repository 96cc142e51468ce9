/**
 * Nothing of Hilum reaches for the world outside: everything at work at once in a network of nothing but the loopback, with
 * every connection and look-up seen. ONNX Runtime sends its telemetry seconds after its first use, so that whoever uses it
 * lives for longer than that; the same watch on ONNX Runtime as it comes shows that it sees.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type PartName, ROOT, VENVS } from '../../localstack/parts.mjs';
import { dataFolder, describeWith, skipUnless } from '../fixtures/lanes.ts';
import { canIsolate, watchNetwork } from '../fixtures/watch-network.ts';
import type { HouseReport } from '../fixtures/whole-house.ts';

/** An address that Chromium asks the system for a route to, to know whether there is IPv6; it sends nothing there. */
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

// All at once: most of the time goes by in waiting for what must not come.
describe.concurrent('egress', () => {
  describeWith(['strace', 'cloud', 'orthanc', 'postgresql', 'ohif', 'chromium'], 'the whole house', () => {
    it.skipIf(skip())('works without a look-up or a connection to the outside', async () => {
      const env = { HOME: newHome(), HILUM_TEST_LINGER_MS: String(LINGER_MS), HILUM_DATA };

      const house = await watchNetwork(process.execPath, [join(ROOT, 'test', 'fixtures', 'whole-house.ts')], env);

      expect(house.code, house.stderr).toBe(0);
      const report = JSON.parse(house.stdout) as HouseReport;
      const attempts = house.attempts.filter((attempt) => !attempt.startsWith(CHROMIUM_ASKS));
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
      expect(house.loopback).toBeGreaterThan(50);
    });
  });

  describeWith(['strace'], 'the watch', () => {
    it.skipIf(skip())('sees what ONNX Runtime sends where nobody told it not to', async () => {
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
        it.skipIf(skip())('nothing, but for what it would send untold', async () => {
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
