/** Loads all of Hilum's masks without a click, and shows the worst finding in every view. */
import { isFinding, worstFirst, worstSegment } from './segmentations.js';
import { ALL, segmentCenters } from './segments.js';

/** @typedef {import('./extension.js').Context} Context */
/** @typedef {{ segmentation: any, center: import('./segments.js').SegmentCenter | undefined }} Shown */
/**
 * @typedef {object} Views viewports with the images in them
 * @property {Set<string>} ready those whose volume is there
 * @property {Set<string>} moved those that have shown the worst finding: a user's own position is not changed again
 */

const SEGMENTATION_PANEL = '@ohif/extension-cornerstone.panelModule.panelSegmentation';
/** The image should be seen through the mask, and the edge of the mask on it. */
const STYLE = { fillAlpha: 0.35, fillAlphaInactive: 0.35, outlineWidth: 2, outlineWidthInactive: 2 };

/**
 * Starts as soon as OHIF has arranged a study.
 *
 * @param {Context} context
 * @returns {() => void} ends it
 */
export function showFindings(context) {
  const { hangingProtocolService, displaySetService, cornerstoneViewportService, panelService, viewportGridService } =
    context.services;
  /** @type {Map<any, Promise<boolean>>} whether each segmentation could be loaded */
  const loads = new Map();
  /** @type {Map<string, Shown>} by the display set of the images: the worst of its segmentations */
  const worst = new Map();
  /** @type {Views} */
  const views = { ready: new Set(), moved: new Set() };
  const show = () => {
    for (const shown of worst.values()) moveViews(context, shown, views);
  };
  const start = async () => {
    const segmentations = worstFirst(displaySetService.getActiveDisplaySets(), context.severities);
    const waiting = segmentations.filter((one) => !loads.has(one));
    if (waiting.length === 0) return;
    panelService.activatePanel(SEGMENTATION_PANEL, true);
    context.services.segmentationService.setStyle({ type: 'Labelmap' }, STYLE);
    for (const one of waiting) loads.set(one, isLoaded(context, one));
    for (const segmentation of segmentations) {
      const images = segmentation.referencedDisplaySetInstanceUID;
      if (worst.has(images) || !(await loads.get(segmentation))) continue;
      worst.set(images, { segmentation, center: centerToShow(context, segmentation) });
      show();
    }
    // OHIF lists the segmentation that came last.
    await Promise.all(loads.values());
    for (const shown of worst.values())
      for (const viewportId of viewsOf(context.services, shown.segmentation)) list(context, shown, viewportId);
  };
  // OHIF moves a volume to its own first slice before it tells that the volume is there.
  const showVolume = ({ viewportInfo }) => {
    const viewportId = viewportInfo.getViewportId();
    const { displaySetInstanceUIDs = [] } = viewportGridService.getState().viewports.get(viewportId) ?? {};
    for (const images of displaySetInstanceUIDs) views.ready.add(viewOf(viewportId, images));
    show();
  };
  const subscriptions = [
    hangingProtocolService.subscribe(hangingProtocolService.EVENTS.PROTOCOL_CHANGED, start),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_DATA_CHANGED, show),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_VOLUMES_CHANGED, showVolume),
  ];
  return () => {
    for (const { unsubscribe } of subscriptions) unsubscribe();
  };
}

/** A viewport and the images in it. */
const viewOf = (viewportId, displaySetInstanceUID) => `${viewportId} ${displaySetInstanceUID}`;

/** Loads a segmentation. One that fails leaves the others alone, and the user is told. */
async function isLoaded(context, segmentation) {
  try {
    await load(context, segmentation);
    return true;
  } catch (error) {
    context.notShown.add(segmentation);
    console.warn('Hilum: a segmentation could not be loaded', error);
    context.services.uiNotificationService.show({
      title: 'A segmentation is not shown',
      message: `${segmentation.SeriesDescription} could not be loaded.`,
      type: 'error',
      duration: 30_000,
    });
    return false;
  }
}

/** Loads a segmentation and lays it over the views of its images, also over those that are opened later. */
async function load({ services, commandsManager }, segmentation) {
  const { segmentationService } = services;
  await (segmentation.loading ? segmentation.loadingPromise : segmentation.load({ headers: {} }));
  commandsManager.run('updateStoredSegmentationPresentation', { displaySet: segmentation, type: 'Labelmap' });
  const segmentationId = segmentation.displaySetInstanceUID;
  for (const viewportId of viewsOf(services, segmentation)) {
    if (segmentationService.getSegmentationRepresentations(viewportId, { segmentationId }).length > 0) continue;
    await segmentationService.addSegmentationRepresentation(viewportId, { segmentationId, type: 'Labelmap' });
  }
}

/** The viewports that show the images of a segmentation. */
function viewsOf({ viewportGridService }, { referencedDisplaySetInstanceUID }) {
  return [...viewportGridService.getState().viewports]
    .filter(([, { displaySetInstanceUIDs = [] }]) => displaySetInstanceUIDs.includes(referencedDisplaySetInstanceUID))
    .map(([viewportId]) => viewportId);
}

/**
 * The place of the worst finding; where all is sound, the middle of what was segmented. Gives OHIF the segments' right centres,
 * to which it jumps when a segment of the list is chosen.
 *
 * @param {Context} context
 */
function centerToShow({ services, severities }, segmentation) {
  const { segmentationService, displaySetService } = services;
  const images = displaySetService.getDisplaySetByUID(segmentation.referencedDisplaySetInstanceUID);
  const { segments } = segmentationService.getSegmentation(segmentation.displaySetInstanceUID);
  const centers = segmentCenters(segmentation, images);
  for (const [number, { world, image }] of centers)
    if (world !== undefined && segments[number]?.cachedStats) segments[number].cachedStats.center = { world, image };
  const worst = worstSegment(segmentation, severities);
  return centers.get(isFinding(worst, severities) ? Number(worst.SegmentNumber) : ALL);
}

/** Moves the views that have not shown it yet to the worst finding. @param {Views} views */
function moveViews(context, { segmentation, center }, { ready, moved }) {
  if (center === undefined) return;
  for (const viewportId of viewsOf(context.services, segmentation)) {
    const view = viewOf(viewportId, segmentation.referencedDisplaySetInstanceUID);
    const viewport = context.services.cornerstoneViewportService.getCornerstoneViewport(viewportId);
    const isThere = viewport?.type === 'stack' ? viewport.getImageData() : ready.has(view);
    if (moved.has(view) || !isThere) continue;
    moved.add(view);
    moveTo(viewport, center);
    list(context, { segmentation, center }, viewportId);
  }
}

/** Lists the segmentation on the right while the viewport is the active one, and marks the segment. */
function list({ services: { segmentationService } }, { segmentation, center }, viewportId) {
  segmentationService.setActiveSegmentation(viewportId, segmentation.displaySetInstanceUID);
  if (center !== undefined) segmentationService.setActiveSegment(segmentation.displaySetInstanceUID, center.number);
}

/** Moves a view to the slice of a point. It stays where it is in the slice, so that the whole of the image remains in view. */
function moveTo(viewport, { imageId, world }) {
  const index = viewport.setImageIdIndex ? viewport.getImageIds().indexOf(imageId) : -1;
  if (index >= 0) return void viewport.setImageIdIndex(index);
  if (world === undefined || viewport.type === 'volume3d') return;
  const { viewPlaneNormal, focalPoint, position } = viewport.getCamera();
  const depth = viewPlaneNormal.reduce((sum, value, axis) => sum + value * (world[axis] - focalPoint[axis]), 0);
  const moved = (point) => point.map((value, axis) => value + depth * viewPlaneNormal[axis]);
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
  viewport.render();
}
