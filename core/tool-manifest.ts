/**
 * `tools/<id>/manifest.json` and `layers/models/<id>/model.json`: what is known about a tool and a model without running
 * them. Routing reads nothing else, so it never runs a tool's code.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { SelectionSchema } from './study/selection.ts';
import type { ToolDescription } from './tool.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]{1,39}$/);
const semver = z.string().regex(/^\d+\.\d+\.\d+$/);

export const ToolManifestSchema = z
  .object({
    id,
    version: semver,
    label: z.string().max(40),
    purpose: z.string(),
    inputs: z.string(),
    outputs: z.string(),
    limits: z.string(),
    /** The base of the tool's Series Numbers (`core/results/series.ts`): a multiple of 10,000 that no other tool has. */
    seriesNumber: z.number().int().min(10_000).multipleOf(10_000),
    /** Ids of the tool's models, which are folders in `layers/models/`. */
    models: z.array(id),
    selection: SelectionSchema,
    /** What one run needs: Lambda memory (MB) and the longest it may take (s). */
    resources: z.object({
      memoryMb: z.number().int().min(512).max(10_240),
      timeoutS: z.number().int().min(1).max(840),
    }),
  })
  .strict();
export type ToolManifest = Readonly<z.infer<typeof ToolManifestSchema>>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** The origin of the weights, for people: project, group, paper, commit. */
const origin = z.string().regex(/\S/);

/**
 * The source of weights that were trained elsewhere. With `url` or `path` they are never committed, and `hilum models pull`
 * puts them in the model's folder; with `origin` alone they are committed there.
 */
const SourceSchema = z.union(
  [
    z.strictObject({
      url: z.url({ protocol: /^https$/ }),
      sizeBytes: z
        .number()
        .int()
        .positive()
        .max(4 * 2 ** 30),
      origin,
    }),
    /** A file on this machine or on a mounted share. A relative path begins at the clone. */
    z.strictObject({ path: z.string().regex(/\S/), sha256: sha256.optional(), origin: origin.optional() }),
    z.strictObject({ origin }),
  ],
  { error: 'must be { url (https), sizeBytes, origin }, { path, sha256, origin } or { origin }' },
);

export const ModelCardSchema = z
  .object({
    id,
    version: semver,
    /** The file's name in the model's folder. */
    file: z.string().regex(/^[0-9A-Za-z._-]+$/),
    sha256,
    /** Without a source, the weights were trained here, by `training/` in the model's folder, and are committed. */
    source: SourceSchema.optional(),
    licence: z.string(),
    summary: z.string(),
  })
  .refine(({ sha256, source }) => !(source && 'sha256' in source) || [undefined, sha256].includes(source.sha256), {
    path: ['source', 'sha256'],
    error: 'differs from the card’s own sha256',
  });
export type ModelCard = Readonly<z.infer<typeof ModelCardSchema>>;

/** Whether a model's file is part of the clone. `hilum models pull` fetches or copies any other file. */
export function isCommitted({ source }: Pick<ModelCard, 'source'>): boolean {
  return source === undefined || !('url' in source || 'path' in source);
}

/** A tool as the catalogue knows it: its manifest and the cards of its models, in the manifest's order. */
export interface ToolEntry {
  readonly manifest: ToolManifest;
  readonly models: readonly ModelCard[];
}

/** Version of the layout and wording that `core/results` writes. Raise it when the bytes of an unchanged result change. */
export const RESULT_FORMAT = 6;

/** `<semver>+r<result format>.<8 hex of each model's SHA-256, joined by '.'>`: changes with the code, a model or the format. */
export function toolVersion({ manifest, models }: ToolEntry): string {
  return [`${manifest.version}+r${RESULT_FORMAT}`, ...models.map((model) => model.sha256.slice(0, 8))].join('.');
}

/**
 * Threads for a tool's models: one per vCPU that Lambda provides for the memory (1,769 MB each, at most 6). The laptop uses
 * the same number, so a model's output is the same there, bit for bit.
 */
export function threadsFor({ manifest }: ToolEntry): number {
  return Math.min(6, Math.max(1, Math.round(manifest.resources.memoryMb / 1769)));
}

/** What people read about a tool, taken from its manifest. */
export function describeTool({ manifest, models }: ToolEntry): ToolDescription {
  const { id, label, purpose, inputs, outputs, limits, seriesNumber } = manifest;
  return {
    id,
    label,
    purpose,
    inputs,
    outputs,
    limits,
    seriesNumber,
    models: models.map(({ id, version, sha256 }) => ({ id, version, sha256 })),
    configurationSha256: createHash('sha256').update(JSON.stringify(manifest)).digest('hex'),
  };
}
