/** Which images a tool takes: declared in the tool's manifest, decided from headers alone. */
import { z } from 'zod';

const RuleSchema = z
  .object({
    /** A keyword of the header index (`core/study/study-index.ts`), or `NumberOfInstances` of the image. */
    attribute: z.string(),
    in: z.array(z.string()).optional(),
    notIn: z.array(z.string()).optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    /** What an absent attribute means. */
    whenAbsent: z.enum(['accept', 'refuse']).default('refuse'),
    /** Why an image that breaks the rule is refused, for people. */
    reason: z.string(),
  })
  .strict();

export const SelectionSchema = z
  .object({
    image: z.enum(['volume', 'radiograph']),
    /** An image is suitable when it meets every rule of at least one alternative. */
    alternatives: z.array(z.array(RuleSchema).min(1)).min(1),
    /** Of several suitable images: all of them, or the best by `prefer`, then by SeriesInstanceUID. */
    take: z.enum(['all', 'best']),
    prefer: z.array(z.object({ attribute: z.string(), order: z.enum(['ascending', 'descending']) }).strict()).default([]),
  })
  .strict();
export type Selection = Readonly<z.infer<typeof SelectionSchema>>;
