/** CT whose picture contradicts its header. */
import { describeArea } from './describe-area.ts';

describeArea('ct-picture');
