import type { Command } from 'commander';
import { loadCatalog, loadModels } from '#adapters/catalog/catalog.ts';
import { findModelFile, howToGet, sha256Of } from '#adapters/models/model-file.ts';
import { pullModel } from '#adapters/models/pull.ts';
import { ConfigurationError, ModelDigestError } from '#core/errors.ts';
import { isCommitted, type ModelCard } from '#core/tool-manifest.ts';
import { modelPlaces, print, printJson, root, UsageError } from '../command.ts';
import { notAmong } from '../suggest.ts';
import { explain } from '../usage.ts';

/** `hilum models`: every model with its digest and licence, whether it is here, and which tools use it; `pull` fetches. */
export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .description('list the models with their digests, licences and tools; fetch those that are not committed')
    .option('--json', 'print an array for scripts')
    // An unknown subcommand is refused below, with a suggestion.
    .allowExcessArguments()
    .action(async ({ json }: { json?: true }, { args: [unknown] }: Command) => {
      if (unknown !== undefined) throw new UsageError(notAmong('command', unknown, ['pull']));
      const described = await describeModels();
      if (json === true) printJson(described);
      else for (const model of described) printModel(model);
    });
  explain(models, { examples: ['hilum models', 'hilum models pull brain-meshnet'] });
  const pullCommand = models
    .command('pull')
    .description('get models that are not committed: from the address or path on their cards, or from HILUM_MODELS_DIR')
    .argument('[id]', 'the model (default: all of them)')
    .allowExcessArguments(false)
    .action(pull);
  explain(pullCommand, {
    examples: ['hilum models pull brain-meshnet', 'HILUM_MODELS_DIR=/media/models hilum models pull'],
    failure: 'a model cannot be fetched, has another digest than its card says, or cannot be written',
  });
}

async function describeModels() {
  const catalog = await loadCatalog(root);
  const usedBy = (id: string): readonly string[] =>
    catalog.filter(({ manifest }) => manifest.models.includes(id)).map(({ manifest }) => manifest.id);
  return Promise.all(
    (await loadModels(root)).map(async (card) => ({ ...card, ...(await stateOf(card)), tools: usedBy(card.id) })),
  );
}

/** `present`: here, with the card's digest; `damaged`: here, with another; `missing`: not on this machine. */
async function stateOf(card: ModelCard): Promise<{ readonly state: string; readonly path?: string }> {
  const path = await findModelFile(modelPlaces, card);
  if (path === undefined) return { state: 'missing' };
  return { state: (await sha256Of(path)) === card.sha256 ? 'present' : 'damaged', path };
}

function printModel(model: Awaited<ReturnType<typeof describeModels>>[number]): void {
  const { id, version, state, summary, sha256, licence, source, tools } = model;
  print(`${id} ${version}: ${state}`);
  print(`  ${summary}`);
  print(`  sha256   ${sha256}`);
  print(`  licence  ${licence}`);
  if (source !== undefined) print(`  from     ${fromWhere(source)}`);
  print(`  tools    ${tools.join(', ')}`);
  if (state !== 'present' && !isCommitted(model)) print(`  get it   \`hilum models pull ${id}\``);
  print();
}

/** The origin of the weights, for people. */
function fromWhere(source: NonNullable<ModelCard['source']>): string {
  if ('url' in source) return `${source.origin}, ${source.sizeBytes} bytes`;
  return 'path' in source ? [source.origin, source.path].filter(Boolean).join(', ') : source.origin;
}

async function pull(id: string | undefined): Promise<void> {
  const cards = await loadModels(root);
  const wanted = id === undefined ? cards.filter((card) => !isCommitted(card)) : cards.filter((c) => c.id === id);
  if (id !== undefined && wanted.length === 0) {
    const known = cards.map((card) => card.id);
    throw new UsageError(notAmong('model', id, known));
  }
  for (const card of wanted) {
    if (!isCommitted(card)) print(`${card.id}: ${WORDS[await pullModel(card, { ...modelPlaces, fetch })]}`);
    else await checkCommitted(card);
  }
}

/**
 * Checks a committed model.
 *
 * @throws ConfigurationError if the file is missing
 * @throws ModelDigestError if it is another file
 */
async function checkCommitted(card: ModelCard): Promise<void> {
  const { state, path = '' } = await stateOf(card);
  if (state === 'missing') throw new ConfigurationError(howToGet(card), { facts: { model: card.id } });
  if (state === 'damaged') {
    throw new ModelDigestError(
      `${path} does not have the SHA-256 that the card of the model ${card.id} names. It is part of the clone: restore it.`,
      { facts: { model: card.id } },
    );
  }
  print(`${card.id}: comes with Hilum, nothing to fetch`);
}

const WORDS = {
  present: 'already here, and its digest is right',
  copied: 'copied from this machine, and its digest is right',
  fetched: 'fetched, and its digest is right',
} as const;
