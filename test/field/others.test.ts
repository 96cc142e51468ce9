/** Dental radiographs and MR. */
import { describeArea } from './describe-area.ts';

describeArea('dental');
describeArea('mr');
