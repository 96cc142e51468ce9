/** The order of the series in the list on the left. */

/** Images first, then results; each by Series Number. */
export function seriesOrder() {
  return {
    sortingCriteria: { $set: inOrder },
    'studyBrowser.sortFunctions': {
      $unshift: [{ label: 'Images, then results', sortFunction: inOrder }],
    },
  };
}

/** @param {any} a @param {any} b display sets or entries of the list */
export function inOrder(a, b) {
  return Number(isDerived(a)) - Number(isDerived(b)) || Number(a?.SeriesNumber) - Number(b?.SeriesNumber);
}

const RESULTS = ['SEG', 'SR', 'DOC', 'OT', 'KO', 'PR', 'RTSTRUCT'];
const isDerived = (entry) => RESULTS.includes(entry?.Modality ?? entry?.modality);
