/**
 * The contract kit for one tool or several: `npm run contract -- TOOL…` asks what every tool and model promises, with `--scope`
 * also what they answer to studies that they are not for; `npm run golden -- TOOL…` records answers in `tools/<id>/golden/`
 * besides. Without a tool all are asked.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadCatalog } from '#adapters/catalog/catalog.ts';
import { isKnown } from '#core/errors.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OPTIONS = ['--golden', '--scope'];

const asked = process.argv.slice(2).filter((argument) => !OPTIONS.includes(argument));
const [isGolden, withScope] = OPTIONS.map((option) => process.argv.includes(option));
process.exitCode = await run();

async function run(): Promise<number> {
  const known = await idsInCatalog();
  if (known === undefined) return 1;
  const unknown = asked.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    console.error(
      `There is no tool ${unknown.join(', ')}: no tools/<id>/manifest.json. There are: ${known.join(', ')}`,
    );
    return 2;
  }
  // Recording without a tool is of the whole lane: some answers are recorded that belong to no tool.
  const kit = ['models', 'tools', ...(withScope ? ['scope'] : [])];
  const files = isGolden && asked.length === 0 ? [] : kit.map((name) => join('test', 'contract', `${name}.test.ts`));
  const env = {
    ...process.env,
    ...(asked.length > 0 && { HILUM_CONTRACT_TOOLS: asked.join(',') }),
    ...(isGolden && { HILUM_UPDATE_GOLDEN: '1' }),
  };
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'contract', '--reporter', 'verbose', ...files];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

async function idsInCatalog(): Promise<readonly string[] | undefined> {
  try {
    return (await loadCatalog(ROOT)).map(({ manifest }) => manifest.id);
  } catch (error) {
    if (!isKnown(error)) throw error;
    console.error(error.message);
    return undefined;
  }
}
