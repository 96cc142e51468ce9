/** CT whose headers, places, series or bytes are odd. One file, so that the spine that they share is evaluated once. */
import { describeArea } from './describe-area.ts';

describeArea('ct-headers');
describeArea('ct-geometry');
describeArea('ct-scan');
describeArea('bytes');
