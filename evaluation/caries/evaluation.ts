/** The evaluation of `caries`: `npm run evaluate -- caries`. */
import type { Evaluation } from '../evaluation.ts';
import { contradictions } from './contradictions.ts';
import { heldOut, validation } from './phantoms.ts';
import { realPanoramic } from './real-panoramic.ts';
import { robustness } from './robustness.ts';
import { realScope, scope } from './scope.ts';

export const evaluation: Evaluation = {
  tool: 'caries',
  parts: [heldOut, validation, robustness, scope, contradictions, realScope, realPanoramic],
};
