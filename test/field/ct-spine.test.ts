/** Spines that are hard to judge. */
import { describeArea } from './describe-area.ts';

describeArea('ct-spine');
