/** The environments that are declared, and that each declared tool is deployed as declared, or nothing is. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../core/errors.ts';
import type { Tools } from '../../infra/config.ts';
import { parseConfig } from '../../infra/config.ts';
import { deployedTools } from '../../infra/declared-tools.ts';
import { ENVIRONMENTS } from '../../infra/environments.ts';
import { modelsOf } from '../../infra/models.ts';
import { discoverTools } from '../../infra/tools.ts';
import { makeRoot } from './stack.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const WEIGHTS = 'weights';
const DIGEST = createHash('sha256').update(WEIGHTS).digest('hex');

describe('the declared environments', () => {
  it.each(['dev', 'prod'])('declare tools of the clone with the digests of their models’ cards: %s', (name) => {
    const tools = Object.entries(ENVIRONMENTS[name]?.tools ?? {});
    const found = discoverTools(REPOSITORY);
    expect(tools.length).toBeGreaterThan(0);
    for (const [id, { models }] of tools) {
      const cards = found.filter((tool) => tool.id === id).flatMap((tool) => modelsOf(tool, REPOSITORY));
      expect(models, id).toEqual(Object.fromEntries(cards.map(({ card }) => [card.id, card.sha256])));
    }
  });

  it('are deployable but the production, which lacks what only the hospital knows', () => {
    // Only locally is it known that Hilum's own viewer shows the masks.
    for (const [environment, wholeByteMasks] of [
      ['local', false],
      ['dev', true],
    ])
      expect(parseConfig({ environment }, ENVIRONMENTS)).toMatchObject({ environment, stage: 'dev', wholeByteMasks });
    expect(() => parseConfig({ environment: 'prod' }, ENVIRONMENTS)).toThrow(
      /It needs account[^;]*; region[^;]*; alarmAddresses[^;]*\.$/,
    );
  });
});

describe('a declared tool', () => {
  let root: string;
  beforeEach(() => {
    root = makeRoot(['first-tool', 'second-tool']);
    const manifest = join(root, 'tools', 'first-tool', 'manifest.json');
    const [first] = discoverTools(root);
    writeFileSync(manifest, JSON.stringify({ ...first, models: ['lesion'] }));
    mkdirSync(join(root, 'layers', 'models', 'lesion'), { recursive: true });
    writeFileSync(join(root, 'layers', 'models', 'lesion', 'lesion.onnx'), WEIGHTS);
    writeCard({});
  });
  const writeCard = (changed: object): void => {
    const card = { id: 'lesion', version: '1.0.0', file: 'lesion.onnx', sha256: DIGEST, licence: 'MIT', summary: 's' };
    writeFileSync(join(root, 'layers', 'models', 'lesion', 'model.json'), JSON.stringify({ ...card, ...changed }));
  };
  const FIRST: Tools = { 'first-tool': { models: { lesion: DIGEST } } };
  const deployed = (tools: Tools | 'found') =>
    deployedTools(parseConfig({ environment: 'own', root }, { own: { stage: 'dev', tools } }));
  const idsOf = (tools: readonly { readonly id: string }[]) => tools.map(({ id }) => id);

  it('is deployed, and one that is not declared is not, which is said', () => {
    const { active, retired, told } = deployed(FIRST);

    expect([idsOf(active), idsOf(retired)]).toEqual([['first-tool'], []]);
    expect(told).toEqual(['The tool second-tool is not deployed: the environment own does not declare it.']);
  });

  it('is active or retired', () => {
    const { active, retired, told } = deployed({ ...FIRST, 'second-tool': { state: 'retired', models: {} } });

    expect([idsOf(active), idsOf(retired)]).toEqual([['first-tool'], ['second-tool']]);
    expect(told).toEqual([]);
  });

  it.each<[string, Tools, RegExp]>([
    [
      'without a folder',
      { absent: { models: {} } },
      /^The environment own declares the tool absent, but .*absent has no manifest\.$/,
    ],
    [
      'without a digest',
      { 'first-tool': { models: {} } },
      /the digest of its model lesion is not declared\. Its card says [0-9a-f]{64}\.$/,
    ],
    [
      'with another digest',
      { 'first-tool': { models: { lesion: 'b'.repeat(64) } } },
      /^The tool first-tool of the environment own: the digest of its model lesion is declared as b{64}, and its card says/,
    ],
    [
      'with a model that it does not use',
      { 'second-tool': { models: { lesion: DIGEST } } },
      /^The environment own declares the model lesion of the tool second-tool, which does not use it\.$/,
    ],
    [
      'retired, and without a folder to drain it',
      { absent: { state: 'retired', models: {} } },
      /declares the tool absent/,
    ],
  ])('is refused %s', (_, tools, sentence) => {
    expect(() => deployed(tools)).toThrow(ConfigurationError);
    expect(() => deployed(tools)).toThrow(sentence);
  });

  it('is refused without its model, saying how to get it', () => {
    rmSync(join(root, 'layers', 'models', 'lesion', 'lesion.onnx'));

    expect(() => deployed(FIRST)).toThrow(/lesion\.onnx, its model, is not here\. It is part of the clone\.$/);
    writeCard({ source: { url: 'https://models.example/lesion.onnx', sizeBytes: 7, origin: 'somebody else' } });
    expect(() => deployed(FIRST)).toThrow(/is not here\. `bin\/hilum models pull lesion` fetches it\.$/);
  });

  it('is refused if the model is another than its card says', () => {
    writeFileSync(join(root, 'layers', 'models', 'lesion', 'lesion.onnx'), 'other weights');

    expect(() => deployed(FIRST)).toThrow(
      /lesion\.onnx, its model, has the digest [0-9a-f]{64}, and [0-9a-f]{64} is declared\.$/,
    );
  });

  it('ends the app with exit code 2 and the sentences, and makes no template', () => {
    const tools = JSON.stringify({ absent: { models: {} }, 'first-tool': { models: {} } });
    const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ environment: 'dev', root, tools }) };
    const run = () =>
      execFileSync(process.execPath, [join(REPOSITORY, 'infra', 'app.ts')], { env, encoding: 'utf8', stdio: 'pipe' });

    expect(run).toThrow(
      expect.objectContaining({
        status: 2,
        stderr: expect.stringMatching(/^The environment dev declares the tool absent.* is not declared\..*\n$/),
      }),
    );
  });

  it('may lack its model where the environment deploys what is found', () => {
    rmSync(join(root, 'layers', 'models', 'lesion', 'lesion.onnx'));
    writeCard({ source: { url: 'https://models.example/lesion.onnx', sizeBytes: 7, origin: 'somebody else' } });

    const { active, told } = deployed('found');

    expect(idsOf(active)).toEqual(['second-tool']);
    expect(told).toEqual([expect.stringMatching(/first-tool is left out .*bin\/hilum models pull lesion/)]);
  });
});
