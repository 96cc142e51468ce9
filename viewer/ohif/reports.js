/** Structured reports in OHIF: drawn as found, or shown as text, and never beside the drawing of another report. */
import { isDrawable, readReport } from './report-content.js';
import { drawAsFound } from './report-drawing.js';
import { asText } from './report-text.js';
import { isOurs } from './segmentations.js';

/** @typedef {import('./extension.js').Context} Context */
/** @typedef {import('./report-drawing.js').Drawn} Drawn */

const VIEWPORT = '@ohif/extension-cornerstone-dicom-sr.viewportModule.dicom-sr';
const TOOL_GROUP = 'SRToolGroup';
const TOOL = 'DICOMSRDisplay';

/** OHIF's entries whose component is changed. They outlive a mode. */
const changedEntries = new WeakSet();

/**
 * Puts a component of Hilum's around OHIF's viewport for reports. OHIF keeps the viewport's state when another report is opened in the
 * same place. If nothing of that one can be drawn, the drawing before stays on the screen, and without one, the screen stays black.
 *
 * @param {Context & { extensionManager: any }} context
 */
export function showReports({ extensionManager, services, severities }) {
  const entry = extensionManager.getModuleEntry(VIEWPORT);
  if (entry === undefined || changedEntries.has(entry)) return;
  changedEntries.add(entry);
  const OhifViewport = entry.component;
  /** @type {Map<string, Drawn>} */
  const drawn = new Map();
  const changed = new WeakSet();
  const colorOf = (severity) => {
    const found = severities.find(({ id }) => id === severity);
    return found && `rgb(${found.rgb.join(', ')})`;
  };
  entry.component = (props) => {
    const [displaySet] = props.displaySets;
    // OHIF would ask whether to edit the findings as measurements of the user's own, which fails.
    if (isOurs(displaySet)) {
      Object.defineProperty(displaySet, 'isRehydratable', {
        get: () => false,
        set: () => undefined,
        configurable: true,
      });
      for (const { uid, label, severity, details } of readReport(displaySet.instance).findings)
        drawn.set(uid, { label, details, color: colorOf(severity) });
    }
    const { ToolGroupManager, drawing } = window.cornerstoneTools;
    const tool = ToolGroupManager.getToolGroup(TOOL_GROUP)?.getToolInstance(TOOL);
    if (tool !== undefined && !changed.has(tool)) {
      changed.add(tool);
      drawAsFound(tool, (uid) => drawn.get(uid), drawing);
    }
    const shown = shownOf(displaySet, drawableIn(services.displaySetService));
    if (shown === displaySet) drawSoon(services, props.viewportOptions.viewportId, displaySet.displaySetInstanceUID);
    // React makes a component with another key anew.
    return { ...OhifViewport({ ...props, displaySets: [shown] }), key: displaySet.displaySetInstanceUID };
  };
}

/** @type {Map<string, string>} by viewport, the report that is to be drawn */
const drawnNow = new Map();
const REDRAWN = { everyMs: 500, times: 40 };

/**
 * Draws again for a while. OHIF says which findings a viewport shows after its image is there, or before, and draws them with the image
 * only: in one case of two, they were seen when the mouse moved.
 */
function drawSoon({ cornerstoneViewportService }, viewportId, report) {
  if (drawnNow.get(viewportId) === report) return;
  drawnNow.set(viewportId, report);
  const draw = (left) => {
    if (drawnNow.get(viewportId) !== report) return;
    if (cornerstoneViewportService.getCornerstoneViewport(viewportId))
      window.cornerstoneTools.utilities.triggerAnnotationRenderForViewportIds([viewportId]);
    if (left > 0) setTimeout(draw, REDRAWN.everyMs, left - 1);
    else drawnNow.delete(viewportId);
  };
  setTimeout(draw, REDRAWN.everyMs, REDRAWN.times);
}

/** A report of which nothing can be drawn is given to OHIF as one that has text only. */
function shownOf(displaySet, drawable) {
  const { instance, isImagingMeasurementReport } = displaySet;
  if (isImagingMeasurementReport && isDrawable(instance, drawable)) return displaySet;
  const text = isOurs(displaySet) ? asText(instance) : instance;
  return Object.create(displaySet, {
    isImagingMeasurementReport: { value: false },
    instances: { value: [text] },
  });
}

function drawableIn(displaySetService) {
  const withImages = displaySetService.getActiveDisplaySets().filter(({ images = [] }) => images.length > 0);
  return {
    imageUids: new Set(withImages.flatMap(({ images }) => images.map(({ SOPInstanceUID }) => SOPInstanceUID))),
    framesOfReference: new Set(withImages.flatMap(({ FrameOfReferenceUID }) => FrameOfReferenceUID ?? [])),
  };
}
