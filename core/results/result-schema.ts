/** The shape of a stored result (`runs/<tool>/<runId>/result.json`), version 1. */
import * as z from 'zod';
import { KEY_UID } from '#dicom/uid.ts';

export const RESULT_FORMAT_NAME = 'hilum.result/1';

const base64 = z.string().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')));
const uid = z.string().regex(KEY_UID);
const frame = { SOPInstanceUID: uid, frameNumber: z.number().int().positive().optional() };
const concept = z.object({ value: z.string(), scheme: z.string(), meaning: z.string() });
const reason = z.object({ code: z.string(), message: z.string() });
const triplet = z.tuple([z.number(), z.number(), z.number()]);

const FindingSchema = z.object({
  id: z.string(),
  label: z.string().min(1).max(40).optional(),
  severity: z.enum(['severe', 'moderate', 'mild', 'not-judged', 'normal']).optional(),
  summary: z.string(),
  finding: concept,
  site: concept.optional(),
  laterality: concept.optional(),
  siteModifier: concept.optional(),
  measurements: z.array(
    z.object({ name: concept, value: z.number(), unit: concept, inferredFrom: z.array(z.string()).optional() }),
  ),
  evaluations: z.array(z.object({ name: concept, value: concept })),
  certainty: z.number().optional(),
  segmentNumber: z.number().int().optional(),
  position: triplet.optional(),
  regions: z
    .array(
      z.object({
        ...frame,
        graphicType: z.enum(['POINT', 'POLYLINE', 'CIRCLE', 'ELLIPSE']),
        points: z.array(z.tuple([z.number(), z.number()])),
      }),
    )
    .optional(),
});

const contentShape = (bytes: z.ZodType<Uint8Array>) => ({
  findings: z.array(FindingSchema),
  segments: z.array(
    z.object({
      number: z.number().int().positive(),
      label: z.string(),
      category: concept,
      type: concept,
      cielab: triplet.optional(),
      frames: z.array(z.object({ ...frame, bits: bytes })),
    }),
  ),
  keyImages: z.array(
    z.object({
      title: z.string(),
      rows: z.number().int().positive(),
      columns: z.number().int().positive(),
      rgb: bytes,
      sources: z.array(uid),
    }),
  ),
  report: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('page'),
        title: z.string(),
        paragraphs: z.array(z.string()),
        table: z
          .object({
            header: z.array(z.string()),
            rows: z.array(z.array(z.string())),
            findings: z.array(z.string()).optional(),
          })
          .optional(),
        pictures: z.array(z.number().int().nonnegative()),
      }),
      z.object({ kind: z.literal('pdf'), title: z.string(), bytes: bytes }),
    ])
    .optional(),
});

/** What a tool gives to `createResult`. The compiler asks for this, but not every tool is compiled. */
export const ResultContentSchema = z.object({
  outcome: z.enum(['result', 'no-finding']),
  reason: reason.optional(),
  notInView: z.literal(true).optional(),
  summary: z.string().regex(/\S/, 'says nothing'),
  ...contentShape(z.custom<Uint8Array>((value) => ArrayBuffer.isView(value), 'is not a Uint8Array')),
});

/** Byte arrays are base64 on the wire and Uint8Array once parsed. */
export const StoredResultSchema = z.object({
  format: z.literal(RESULT_FORMAT_NAME),
  toolName: z.string(),
  metadata: z.object({
    tool: z.object({
      id: z.string(),
      label: z.string(),
      purpose: z.string(),
      inputs: z.string(),
      outputs: z.string(),
      limits: z.string(),
      seriesNumber: z.number().int().optional(),
      models: z.array(z.object({ id: z.string(), version: z.string(), sha256: z.string() })),
      configurationSha256: z.string().optional(),
    }),
    version: z.string(),
    inputDigest: z.string(),
    inputs: z.array(uid),
    outcome: z.enum(['result', 'no-finding', 'not-applicable', 'not-evaluable', 'failed']),
    reason: reason.optional(),
    notInView: z.literal(true).optional(),
    summary: z.string(),
    storedAt: z.iso.datetime().optional(),
    timingsMs: z.record(z.string(), z.number()),
    leftOut: z.array(z.object({ SOPInstanceUIDs: z.array(uid), reason })).optional(),
    passedOver: z
      .array(
        z.object({
          SeriesInstanceUID: uid,
          SeriesNumber: z.number().optional(),
          Modality: z.string(),
          images: z.number().int(),
          reason,
        }),
      )
      .optional(),
    joined: z.array(z.array(uid)).optional(),
    notes: z.array(reason).optional(),
  }),
  ...contentShape(base64),
});
