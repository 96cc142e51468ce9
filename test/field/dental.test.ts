/** Dental radiographs. */
import { describeArea } from './describe-area.ts';

describeArea('dental');
