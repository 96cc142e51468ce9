/** Loads all of Hilum's masks without a click, and shows the worst finding in every view. */
import { segmentationsIn, worstSegmentation } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */

const SEGMENTATION_PANEL = '@ohif/extension-cornerstone.panelModule.panelSegmentation';
/** Segments are written worst first. */
const WORST_SEGMENT = 1;

/**
 * Starts as soon as OHIF has arranged a study.
 *
 * @param {Context} context
 * @returns {() => void} ends it
 */
export function showFindings(context) {
  const { hangingProtocolService, displaySetService, cornerstoneViewportService, panelService } = context.services;
  /** @type {Set<string>} display sets whose loading has begun */
  const begun = new Set();
  /** @type {Set<string>} viewports that have shown the worst finding: a user's own position is not changed again */
  const jumped = new Set();
  const loadAll = () => {
    const displaySets = displaySetService.getActiveDisplaySets();
    const segmentations = segmentationsIn(displaySets).filter((one) => !begun.has(one.displaySetInstanceUID));
    if (segmentations.length === 0) return;
    panelService.activatePanel(SEGMENTATION_PANEL, true);
    const worst = worstSegmentation(displaySets, context.severities);
    for (const segmentation of segmentations) {
      begun.add(segmentation.displaySetInstanceUID);
      load(context, segmentation).then(
        () => segmentation === worst && jumpIn(context, worst, jumped),
        // One that fails leaves the others alone; OHIF tells why when it is opened by hand.
        (error) => console.warn('Hilum: a segmentation could not be loaded', error),
      );
    }
  };
  const jumpLater = () => {
    const worst = worstSegmentation(displaySetService.getActiveDisplaySets(), context.severities);
    if (worst?.isLoaded) jumpIn(context, worst, jumped);
  };
  const subscriptions = [
    hangingProtocolService.subscribe(hangingProtocolService.EVENTS.PROTOCOL_CHANGED, loadAll),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_DATA_CHANGED, jumpLater),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_VOLUMES_CHANGED, jumpLater),
  ];
  return () => {
    for (const { unsubscribe } of subscriptions) unsubscribe();
  };
}

/** Loads a segmentation and lays it over the views of its images, also over those that are opened later. */
async function load({ services, commandsManager }, segmentation) {
  const { segmentationService, viewportGridService } = services;
  await (segmentation.loading ? segmentation.loadingPromise : segmentation.load({ headers: {} }));
  commandsManager.run('updateStoredSegmentationPresentation', { displaySet: segmentation, type: 'Labelmap' });
  const segmentationId = segmentation.displaySetInstanceUID;
  for (const [viewportId, { displaySetInstanceUIDs }] of viewportGridService.getState().viewports) {
    if (!displaySetInstanceUIDs.includes(segmentation.referencedDisplaySetInstanceUID)) continue;
    if (segmentationService.getSegmentationRepresentations(viewportId, { segmentationId }).length > 0) continue;
    await segmentationService.addSegmentationRepresentation(viewportId, { segmentationId, type: 'Labelmap' });
  }
}

/** Shows the worst segment in the views of its images that have not shown it yet, and marks it in the list of segments. */
function jumpIn({ services }, segmentation, jumped) {
  const { segmentationService, viewportGridService, cornerstoneViewportService } = services;
  const segmentationId = segmentation.displaySetInstanceUID;
  const center =
    segmentationService.getSegmentation(segmentationId)?.segments[WORST_SEGMENT]?.cachedStats?.center?.world;
  if (center === undefined) return;
  for (const [viewportId, { displaySetInstanceUIDs }] of viewportGridService.getState().viewports) {
    if (jumped.has(viewportId)) continue;
    if (!displaySetInstanceUIDs.includes(segmentation.referencedDisplaySetInstanceUID)) continue;
    const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportId);
    if (!viewport?.getImageData?.()) continue;
    jumped.add(viewportId);
    viewport.jumpToWorld?.(center);
    segmentationService.setActiveSegmentation(viewportId, segmentationId);
  }
  segmentationService.setActiveSegment(segmentationId, WORST_SEGMENT);
}
