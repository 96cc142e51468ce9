/** Drawn findings of Hilum's reports: in the colour of their severity, labelled with what was found, labels apart from each other. */
import { placeBeside } from './label-places.js';

/**
 * @typedef {object} Drawn
 * @property {string} label
 * @property {string | undefined} color CSS; undefined where the finding has no severity
 * @property {readonly { name: string, value: string }[]} details
 */

/** What draws an outline. Each gets the annotation's UID, which is the Tracking Unique Identifier, and options. */
const OUTLINES = ['renderPolyLine', 'renderPoint', 'renderMultipoint', 'renderEllipse'];

/** With more findings on one image, their measurements would cover it. */
const MOST_WITH_DETAILS = 3;
const MOST_DETAILS = 5;

/** Of an average word, in pixels, with a margin. */
const WIDEST_CHARACTER = 9;

const LABEL_STYLE = { fontSize: '14px', padding: 0, background: 'rgba(0, 0, 0, 0.65)', textBoxMargin: 4 };

/**
 * Changes how a tool of OHIF for displaying reports (`DICOMSRDisplay` of a tool group) draws Hilum's findings. OHIF draws the first one
 * in green and the others in yellow, writes a code's value instead of its meaning, leaves out zeros, and lays labels over each other.
 *
 * @param {any} tool
 * @param {(uid: string) => Drawn | undefined} drawnOf by Tracking Unique Identifier; undefined for what is not Hilum's
 * @param {any} drawing `cornerstoneTools.drawing`
 */
export function drawAsFound(tool, drawnOf, drawing) {
  const { renderAnnotation, renderTextBox } = tool;
  let labels = [];
  for (const name of OUTLINES) {
    const draw = tool[name];
    tool[name] = (helper, viewport, points, uid, imageId, options) =>
      draw.call(tool, helper, viewport, points, uid, imageId, { ...options, ...outlineStyle(drawnOf(uid)) });
  }
  tool.renderTextBox = (helper, viewport, points, adapter, annotation, ...rest) => {
    const drawn = drawnOf(annotation.annotationUID);
    if (drawn === undefined) return renderTextBox.call(tool, helper, viewport, points, adapter, annotation, ...rest);
    if (points?.length > 0) labels.push({ uid: annotation.annotationUID, points, drawn });
  };
  tool.renderAnnotation = (enabledElement, helper) => {
    labels = [];
    renderAnnotation.call(tool, enabledElement, helper);
    drawLabels(labels, enabledElement.viewport.element, helper, drawing);
  };
}

const outlineStyle = (drawn) => (drawn?.color === undefined ? {} : { color: drawn.color, lineDash: '', lineWidth: 2 });

function drawLabels(labels, { clientWidth, clientHeight }, helper, drawing) {
  const shapes = labels.map(({ points }) => boundsOf(points));
  const taken = [];
  for (const [index, { uid, points, drawn }] of labels.entries()) {
    const shape = shapes[index];
    const lines = linesOf(drawn, labels.length).flatMap((line) => wrapped(line, clientWidth / WIDEST_CHARACTER));
    const style = drawn.color === undefined ? LABEL_STYLE : { ...LABEL_STYLE, color: drawn.color };
    const draw = (at) => drawing.drawLinkedTextBox(helper, uid, '1', lines, at, points, {}, style);
    // Its size is known once it is drawn. Drawn again, it moves.
    const box = draw([shape.x, shape.y]);
    const others = [...taken, ...shapes.filter((other) => other !== shape)];
    const place = placeBeside(shape, box, others, { width: clientWidth, height: clientHeight });
    const [dx, dy] = [place.x - box.x, place.y - box.y];
    taken.push(draw([shape.x + dx, shape.y + dy]));
  }
}

/** A line in pieces of so many characters at most, broken between words. */
function wrapped(line, most) {
  const lines = [''];
  for (const word of line.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.filter((one) => one !== '');
}

/** The lines of a label. Alone, or nearly, a finding has its site and measurements beside it. */
function linesOf({ label, details }, labelsOnImage) {
  if (labelsOnImage > MOST_WITH_DETAILS) return [label];
  return [label, ...details.slice(0, MOST_DETAILS).map(({ name, value }) => `${name}: ${value}`)];
}

function boundsOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}
