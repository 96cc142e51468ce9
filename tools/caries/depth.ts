/** How deep a lesion reaches, in the classes of radiographic caries. */

/**
 * Outer and inner half of the enamel, outer, middle and inner third of the dentin, from shallow to deep (after I. Espelid
 * and A. B. Tveit; ICCMS RA1–RC5).
 */
export const DEPTH_CLASSES = ['E1', 'E2', 'D1', 'D2', 'D3'] as const;
export type DepthClass = (typeof DEPTH_CLASSES)[number];
