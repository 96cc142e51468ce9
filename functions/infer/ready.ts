/** Loads a tool's models while its function starts, when the first message's time does not run yet. */
import { errorFacts, type Observer } from '#adapters/aws/observe.ts';
import type { OnnxEngine } from '#adapters/onnx/engine.ts';
import type { ModelCard } from '#core/tool-manifest.ts';

/**
 * A model that cannot be loaded is logged and no more: a function that fails to start says nothing to its queue. The first
 * message asks for the model again, and what is thrown then has its disposition.
 */
export async function readyModels(
  models: readonly Pick<ModelCard, 'id'>[],
  engine: Pick<OnnxEngine, 'prepare'>,
  observer: Observer,
): Promise<void> {
  for (const { id } of models) {
    await engine.prepare(id).catch((error: unknown) => {
      observer.log('warn', 'model-not-ready', { model: id, ...errorFacts(error) });
    });
  }
}
