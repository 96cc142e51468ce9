/** MR of the head. */
import { describeArea } from './describe-area.ts';

describeArea('mr');
