/** The depth of a lesion, in the classes of radiographic caries. */
import type { Severity } from '#core/tool.ts';
import type { PlaneRegion, Planes } from './planes.ts';

/**
 * Outer and inner half of the enamel, then outer, middle and inner third of the dentin, from shallow to deep (ICCMS RA1, RA2,
 * RA3, RB4 and RC5; Pitts et al. 2014).
 */
export const DEPTH_CLASSES = ['E1', 'E2', 'D1', 'D2', 'D3'] as const;
export type DepthClass = (typeof DEPTH_CLASSES)[number];

export const DEPTH_WORDS: Readonly<Record<DepthClass, string>> = {
  E1: 'outer half of the enamel',
  E2: 'inner half of the enamel',
  D1: 'outer third of the dentin',
  D2: 'middle third of the dentin',
  D3: 'inner third of the dentin',
};

/** Initial, moderate and extensive caries of ICCMS (Pitts et al. 2014), and the severities that give them colour and order. */
export const STAGES: Readonly<Record<DepthClass, { readonly severity: Severity; readonly stage: string }>> = {
  E1: { severity: 'mild', stage: 'initial' },
  E2: { severity: 'mild', stage: 'initial' },
  D1: { severity: 'mild', stage: 'initial' },
  D2: { severity: 'moderate', stage: 'moderate' },
  D3: { severity: 'severe', stage: 'extensive' },
};

/** The last class that most of the lesion's pixels reach. For each of the first four classes, the model says how likely a pixel goes deeper. */
export function depthClassOf({ pixels }: PlaneRegion, { lesion, deeper }: Planes): DepthClass {
  let reached = 0;
  for (const plane of deeper) {
    let [sum, weight] = [0, 0];
    for (const index of pixels) {
      sum += (lesion[index] ?? 0) * (plane[index] ?? 0);
      weight += lesion[index] ?? 0;
    }
    if (sum < weight / 2) break;
    reached += 1;
  }
  return DEPTH_CLASSES[reached] ?? 'D3';
}
