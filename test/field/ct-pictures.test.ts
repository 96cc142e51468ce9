/** CT whose picture contradicts its header, or is hard to judge. */
import { describeArea } from './describe-area.ts';

describeArea('ct-picture');
describeArea('ct-spine');
