/** Loads all of Hilum's masks without a click, and shows the worst finding in every view. */
import { isFinding, tieToImages, worstFirst, worstSegment } from './segmentations.js';
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
 * Starts as soon as OHIF has arranged a study, and goes on with what comes later, such as a study from before.
 *
 * @param {Context} context
 * @returns {() => void} ends it
 */
export function showFindings(context) {
  const { hangingProtocolService, displaySetService, cornerstoneViewportService, panelService, viewportGridService } =
    context.services;
  /** @type {Set<any>} the segmentations that have been loaded, or failed */
  const seen = new Set();
  /** @type {Map<string, Shown>} by the display set of the images: the worst of its segmentations */
  const worst = new Map();
  /** @type {Map<string, ReadonlyMap<number, import('./segments.js').SegmentCenter>>} by segmentation */
  const centers = new Map();
  /** @type {Views} */
  const views = { ready: new Set(), moved: new Set() };
  let [isArranged, isEnded] = [false, false];
  const show = () => {
    for (const shown of worst.values()) moveViews(context, shown, views);
  };
  const add = async (segmentation) => {
    if (!(await isLoaded(context, segmentation, () => isEnded)) || isEnded) return;
    // Each takes a moment, in which OHIF could not answer.
    await nextTask();
    if (isEnded) return;
    const found = centersIn(context, segmentation);
    if (found !== undefined) centers.set(segmentation.displaySetInstanceUID, found);
    const center = found && centerToShow(context, segmentation, found);
    const images = segmentation.referencedDisplaySetInstanceUID;
    if (!worst.has(images)) worst.set(images, { segmentation, center });
    show();
  };
  // One after the other: each needs memory of its own while it is read.
  const addAll = async () => {
    if (isEnded) return;
    const displaySets = displaySetService.getActiveDisplaySets();
    tieToImages(displaySetService, displaySets);
    const waiting = worstFirst(displaySets, context.severities).filter((one) => !seen.has(one));
    if (waiting.length === 0) return;
    panelService.activatePanel(SEGMENTATION_PANEL, true);
    context.services.segmentationService.setStyle({ type: 'Labelmap' }, STYLE);
    for (const segmentation of waiting) {
      seen.add(segmentation);
      await add(segmentation).catch(warn);
      if (isEnded) return;
    }
    // OHIF lists the segmentation that came last.
    for (const shown of worst.values())
      for (const viewportId of viewsOf(context.services, shown.segmentation)) list(context, shown, viewportId);
  };
  let all = Promise.resolve();
  const start = () => {
    if (!isArranged) return;
    all = all.then(addAll).catch(warn);
  };
  const startFirst = () => {
    isArranged = true;
    start();
  };
  // OHIF moves a volume to its own first slice before it tells that the volume is there.
  const showVolume = ({ viewportInfo }) => {
    const viewportId = viewportInfo.getViewportId();
    const { displaySetInstanceUIDs = [] } = viewportGridService.getState().viewports.get(viewportId) ?? {};
    for (const images of displaySetInstanceUIDs) views.ready.add(viewOf(viewportId, images));
    show();
  };
  const endJumps = jumpToImages(context, centers);
  const subscriptions = [
    hangingProtocolService.subscribe(hangingProtocolService.EVENTS.PROTOCOL_CHANGED, startFirst),
    displaySetService.subscribe(displaySetService.EVENTS.DISPLAY_SETS_ADDED, start),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_DATA_CHANGED, show),
    cornerstoneViewportService.subscribe(cornerstoneViewportService.EVENTS.VIEWPORT_VOLUMES_CHANGED, showVolume),
  ];
  return () => {
    isEnded = true;
    for (const { unsubscribe } of subscriptions) unsubscribe();
    endJumps();
  };
}

const warn = (error) => console.warn('Hilum: a result could not be shown', error);

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** A viewport and the images in it. */
const viewOf = (viewportId, displaySetInstanceUID) => `${viewportId} ${displaySetInstanceUID}`;

/** Loads a segmentation. One that fails leaves the others alone, and the user is told. */
async function isLoaded(context, segmentation, isEnded) {
  try {
    await load(context, segmentation, isEnded);
    return true;
  } catch (error) {
    if (isEnded()) return false;
    sayNotShown(context, segmentation);
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

/** Has the text over the images say it. OHIF writes that text again on this event only, of those that change nothing. */
function sayNotShown({ notShown }, segmentation) {
  notShown.add(segmentation);
  const { cornerstone, cornerstoneTools } = window;
  const metadata = { toolName: cornerstoneTools.UltrasoundPleuraBLineTool.toolName };
  cornerstone.triggerEvent(cornerstone.eventTarget, cornerstoneTools.Enums.Events.ANNOTATION_MODIFIED, {
    annotation: { metadata },
  });
}

/** Loads a segmentation and lays it over the views of its images, also over those that are opened later. */
async function load({ services, commandsManager }, segmentation, isEnded) {
  const { segmentationService } = services;
  await (segmentation.loading ? segmentation.loadingPromise : segmentation.load({ headers: {} }));
  if (isEnded()) return;
  commandsManager.run('updateStoredSegmentationPresentation', { displaySet: segmentation, type: 'Labelmap' });
  const segmentationId = segmentation.displaySetInstanceUID;
  for (const viewportId of viewsOf(services, segmentation)) {
    if (isEnded()) return;
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
 * The centres of a segmentation's segments; undefined where they cannot be told, which leaves other segmentations alone. Gives OHIF the right
 * ones, to which it jumps when a segment of the list is chosen.
 *
 * @param {Context} context
 */
function centersIn({ services: { segmentationService } }, segmentation) {
  try {
    const { segments } = segmentationService.getSegmentation(segmentation.displaySetInstanceUID);
    const centers = segmentCenters(segmentation, (imageId) => window.cornerstone.metaData.get('instance', imageId));
    for (const [number, { world, image }] of centers)
      if (world !== undefined && segments[number]?.cachedStats) segments[number].cachedStats.center = { world, image };
    return centers;
  } catch (error) {
    console.warn('Hilum: the places of segments are not known', error);
    return undefined;
  }
}

/**
 * The place of the worst finding; where all is sound, the middle of what was segmented. None where OHIF does not show it: of two series
 * that were joined, it lays the mask over one.
 *
 * @param {Context} context
 */
function centerToShow(context, segmentation, centers) {
  const { severities } = context;
  const worst = worstSegment(segmentation, severities);
  const center = centers.get(isFinding(worst, severities) ? Number(worst.SegmentNumber) : ALL);
  if (center === undefined) sayNotShown(context, segmentation);
  return center;
}

/**
 * Lets a choice in the list show the segment's image where images have no position in the patient. OHIF goes by positions, and would show
 * any image of a stack.
 *
 * @param {Context} context
 * @param {ReadonlyMap<string, ReadonlyMap<number, import('./segments.js').SegmentCenter>>} centers by segmentation
 * @returns {() => void} ends it
 */
function jumpToImages({ services: { segmentationService, cornerstoneViewportService } }, centers) {
  const jump = segmentationService.jumpToSegmentCenter;
  segmentationService.jumpToSegmentCenter = (segmentationId, number, viewportId, ...style) => {
    const center = centers.get(segmentationId)?.get(Number(number));
    if (center === undefined || center.world !== undefined)
      return jump.call(segmentationService, segmentationId, number, viewportId, ...style);
    const ids = viewportId ? [viewportId] : segmentationService.getViewportIdsWithSegmentation(segmentationId);
    for (const id of ids)
      if (moveTo(cornerstoneViewportService.getCornerstoneViewport(id), center))
        segmentationService.highlightSegment(segmentationId, Number(number), id);
  };
  return () => {
    segmentationService.jumpToSegmentCenter = jump;
  };
}

/** Moves the views that have not shown it yet to the worst finding. @param {Views} views */
function moveViews(context, { segmentation, center }, { ready, moved }) {
  if (center === undefined) return;
  for (const viewportId of viewsOf(context.services, segmentation)) {
    const view = viewOf(viewportId, segmentation.referencedDisplaySetInstanceUID);
    const viewport = context.services.cornerstoneViewportService.getCornerstoneViewport(viewportId);
    const isThere = viewport?.type === 'stack' ? viewport.getImageData() : ready.has(view);
    if (moved.has(view) || !isThere) continue;
    if (!moveTo(viewport, center)) continue;
    moved.add(view);
    list(context, { segmentation, center }, viewportId);
  }
}

/** Lists the segmentation on the right while the viewport is the active one, and marks the segment. */
function list({ services: { segmentationService } }, { segmentation, center }, viewportId) {
  segmentationService.setActiveSegmentation(viewportId, segmentation.displaySetInstanceUID);
  if (center !== undefined) segmentationService.setActiveSegment(segmentation.displaySetInstanceUID, center.number);
}

/**
 * Moves a view to the slice of a point. It stays where it is in the slice, so that the whole of the image remains in view.
 *
 * @returns {boolean} whether it can
 */
function moveTo(viewport, { imageId, world }) {
  if (viewport === undefined || viewport === null) return false;
  const index = viewport.setImageIdIndex ? viewport.getImageIds().indexOf(imageId) : -1;
  if (index >= 0) {
    viewport.setImageIdIndex(index);
    return true;
  }
  if (world === undefined || viewport.type === 'volume3d') return false;
  const { viewPlaneNormal, focalPoint, position } = viewport.getCamera();
  const depth = viewPlaneNormal.reduce((sum, value, axis) => sum + value * (world[axis] - focalPoint[axis]), 0);
  const moved = (point) => point.map((value, axis) => value + depth * viewPlaneNormal[axis]);
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
  viewport.render();
  return true;
}
