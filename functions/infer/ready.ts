/** Loads a tool's models while its function starts, so that loading does not count against the first message's time. */
import { errorFacts, type Observer } from '#adapters/aws/observe.ts';
import type { OnnxEngine } from '#adapters/onnx/engine.ts';
import type { ModelCard } from '#core/tool-manifest.ts';

/**
 * A model that cannot be loaded is only logged, because a function that fails to start cannot answer its queue. The first
 * message loads the model again, and an error then is handled by its disposition.
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
