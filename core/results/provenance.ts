/** The origin of a result, in lines that are the same in every object. */
import type { ProcessingResult } from '../tool.ts';

/**
 * `Tool <id> <version>`, `Input sha256:<hex>`, `Configuration sha256:<hex>`, and `Model <id> <version> sha256:<hex>` for each
 * model. From any object, they lead back to the exact code, settings, weights and images.
 */
export function provenance(result: Pick<ProcessingResult, 'metadata'>): readonly string[] {
  const { tool, version } = result.metadata;
  return [`Tool ${tool.id} ${version}`, ...parameters(result)];
}

/** The same without the tool, for places that name the tool elsewhere. */
export function parameters({ metadata }: Pick<ProcessingResult, 'metadata'>): readonly string[] {
  const { tool, inputDigest } = metadata;
  return [
    `Input sha256:${inputDigest}`,
    ...(tool.configurationSha256 === undefined ? [] : [`Configuration sha256:${tool.configurationSha256}`]),
    ...tool.models.map(({ id, version, sha256 }) => `Model ${id} ${version} sha256:${sha256}`),
  ];
}
