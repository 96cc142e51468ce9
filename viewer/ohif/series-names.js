/** Names in OHIF's list of series: whole, and those of reports without findings say why there are none. */
import { readReport } from './report-content.js';
import { isOurs } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

/** OHIF cuts names off after 160 pixels, so that all results of a tool look the same. */
const STYLE = `
[data-cy="series-description-label"] { max-width: none !important; white-space: normal !important; }
[data-cy^="study-browser-thumbnail"],
[data-cy^="study-browser-thumbnail"] div:has([data-cy="series-description-label"]) { height: auto !important; }
`;

/**
 * @param {Context} context
 * @returns {() => void} ends it
 */
export function nameSeries({ services: { displaySetService } }) {
  const style = document.createElement('style');
  style.textContent = STYLE;
  document.head.append(style);
  const { unsubscribe } = displaySetService.subscribe(
    displaySetService.EVENTS.DISPLAY_SETS_ADDED,
    ({ displaySetsAdded }) => {
      for (const displaySet of displaySetsAdded) nameByOutcome(displaySet);
    },
  );
  return () => {
    style.remove();
    unsubscribe();
  };
}

function nameByOutcome(displaySet) {
  if (displaySet.Modality !== 'SR' || !isOurs(displaySet)) return;
  const { tool, nonResult } = readReport(displaySet.instance);
  if (nonResult === undefined) return;
  const words = [nonResult.outcome, nonResult.reason].filter((word) => word !== '').join(': ');
  displaySet.SeriesDescription = `${tool}: no result. ${words}`;
  displaySet.label = displaySet.SeriesDescription;
}
