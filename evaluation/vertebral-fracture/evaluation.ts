/** The evaluation of `vertebral-fracture`. */
import { type Evaluation, part } from '../evaluation.ts';
import { compressions } from './compressions.ts';
import { chestCopiesPart, lumbarCopiesPart, lumbarCutsPart } from './copy-parts.ts';
import { phantomLies, realLies } from './lies-part.ts';
import { paintedMaskPart } from './painted-mask-part.ts';
import { phantoms } from './phantoms.ts';
import { realCt, slab } from './real-ct-part.ts';
import { robustness } from './robustness.ts';

export const evaluation: Evaluation = {
  tool: 'vertebral-fracture',
  parts: [
    part(phantoms),
    part(robustness),
    part(realCt),
    part(compressions),
    part(lumbarCopiesPart),
    part(lumbarCutsPart),
    part(chestCopiesPart),
    part(phantomLies),
    part(realLies),
    part(paintedMaskPart),
    part(slab),
  ],
};
