/** Which images a tool takes: declared in its manifest and decided from headers alone. */
import * as z from 'zod';
import type { Reason } from '../errors.ts';
import type { Suitability } from '../tool.ts';
import { judgeClaims } from './claims.ts';
import { type FrameHeader, imageFrames } from './frames.ts';
import { isKind } from './kinds.ts';
import { isLossy } from './likeness.ts';
import { compareOutlook, sliceMm } from './rank-images.ts';
import { type ImageIndex, InstanceAttributesSchema } from './study-index.ts';
import { unreadable } from './unreadable.ts';

const NUMBER_OF_INSTANCES = 'NumberOfInstances';
const isKnown = (name: string): boolean =>
  name === NUMBER_OF_INSTANCES || Object.hasOwn(InstanceAttributesSchema.shape, name);
const attribute = z.string().refine(isKnown, 'not in the header index (core/study/study-index.ts)');

const RuleSchema = z
  .object({
    /** A keyword of the header index (`core/study/study-index.ts`), or `NumberOfInstances`, the number of the image's slices. */
    attribute,
    in: z.array(z.string()).optional(),
    notIn: z.array(z.string()).optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    /** Whether an absent attribute passes the rule. One that is there and cannot be read never does. */
    whenAbsent: z.enum(['accept', 'refuse']).default('refuse'),
    /** Why an image that breaks the rule is refused, in words for people. */
    reason: z.string(),
  })
  .strict();
type Rule = Readonly<z.infer<typeof RuleSchema>>;

export const SelectionSchema = z
  .object({
    image: z.enum(['volume', 'radiograph']),
    /** Kinds of images other than the scan itself (`kinds.ts`) that the tool takes. Without them, none. */
    accepts: z.array(z.string().refine(isKind, 'not a kind of core/study/kinds.ts')).optional(),
    /** An image is suitable when it meets every rule of at least one alternative. */
    alternatives: z.array(z.array(RuleSchema).min(1)).min(1),
    /** Which of several suitable images to take: all, or the best by `prefer`, without loss, then by SeriesInstanceUID. */
    take: z.enum(['all', 'best']),
    prefer: z.array(z.object({ attribute, order: z.enum(['ascending', 'descending']) }).strict()).default([]),
  })
  .strict();
export type Selection = Readonly<z.infer<typeof SelectionSchema>>;

/** An image that a tool does not take, and the reason. */
export interface Refusal {
  readonly image: ImageIndex;
  readonly reason: Reason;
}

/** A rule that an image breaks, and why in words. */
interface Breach {
  readonly rule: Rule;
  readonly message: string;
}

/**
 * Whether the image meets a selection: it claims to be a scan, or a kind that the selection accepts (`claims.ts`), and every
 * instance or frame meets all rules of one alternative. A refusal gives the reason of the first broken rule, in the
 * alternative that came closest. An image of another modality is refused for that, whatever it claims.
 */
export function judgeImage(selection: Selection, image: ImageIndex): Suitability {
  if (image.kind !== selection.image) {
    return refuse('wrong-kind', `The image is a ${image.kind}; the tool takes a ${selection.image}`);
  }
  const breach = breachOf(selection, image);
  const asked = new Set(selection.alternatives.flat().map((rule) => rule.attribute));
  const claim = breach?.rule.attribute === 'Modality' ? undefined : judgeClaims(image, selection.accepts ?? [], asked);
  if (claim !== undefined) return { suitable: false, reason: claim };
  return breach === undefined ? { suitable: true } : refuse('not-suitable', breach.message);
}

function breachOf({ alternatives }: Selection, image: ImageIndex): Breach | undefined {
  const frames = imageFrames(image);
  let furthest = -1;
  let closest: Breach | undefined;
  for (const rules of alternatives) {
    const met = rules.findIndex((rule) => !meets(rule, image, frames));
    const rule = rules[met];
    if (rule === undefined) return undefined;
    if (met <= furthest) continue;
    furthest = met;
    closest = { rule, message: whyBroken(rule, frames) };
  }
  return closest;
}

/** What cannot be read is named; otherwise the rule's own reason holds. */
function whyBroken(rule: Rule, frames: readonly FrameHeader[]): string {
  const sentences = frames.flatMap((frame) => unreadable(frame, rule.attribute) ?? []);
  return sentences[0] === undefined ? rule.reason : `${sentences[0]}.`;
}

/**
 * The images that a tool takes, and the reasons why it takes no others. The order does not depend on the order of arrival.
 *
 * With `take: best` these are candidates, the most promising first (`rank-images.ts`, then the selection's preference): the
 * run tries them until one can be evaluated. After them come images that suit but for their number of slices, marked with that
 * `fault`: they are never tried, and the answer names them.
 */
export function selectImages(
  selection: Selection,
  images: readonly ImageIndex[],
): { readonly selected: readonly ImageIndex[]; readonly refusals: readonly Refusal[] } {
  const judged = images
    .flatMap((image) => suitableParts(selection, image))
    .map((image) => ({
      image,
      answer: judgeImage(selection, image),
    }));
  const suitable = judged.filter(({ answer }) => answer.suitable).map(({ image }) => image);
  const refusals = judged.flatMap(({ image, answer }) => (answer.suitable ? [] : [{ image, reason: answer.reason }]));
  if (selection.take === 'all') return { selected: ordered(selection, suitable), refusals };
  if (suitable.length === 0) return { selected: [], refusals };
  const small = refusals
    .filter(({ image }) => judgeImage(butForSize(selection), image).suitable)
    .map(({ image, reason }): ImageIndex => ({ fault: reason, ...image }));
  return { selected: [...ranked(selection, suitable), ...ordered(selection, small)], refusals };
}

/** The same selection without rules on the number of slices: a piece of a scan is judged with the others, not by itself. */
export function butForSize(selection: Selection): Selection {
  const alternatives = selection.alternatives.map((rules) =>
    rules.filter((rule) => rule.attribute !== NUMBER_OF_INSTANCES),
  );
  return { ...selection, alternatives };
}

/** An image that was joined from pieces is judged as a whole, or by its pieces where it does not suit as a whole. */
function suitableParts(selection: Selection, image: ImageIndex): readonly ImageIndex[] {
  return image.pieces === undefined || judgeImage(selection, image).suitable ? [image] : image.pieces;
}

function ranked(selection: Selection, images: readonly ImageIndex[]): readonly ImageIndex[] {
  const compareOutlooks = compareOutlook(images);
  const isFaulty = ({ fault }: ImageIndex): number => Number(fault !== undefined);
  return images.toSorted((a, b) => isFaulty(a) - isFaulty(b) || compareOutlooks(a, b) || compare(selection, a, b));
}

const ordered = (selection: Selection, images: readonly ImageIndex[]): readonly ImageIndex[] =>
  images.toSorted((a, b) => compare(selection, a, b));

function refuse(code: string, message: string): Suitability {
  return { suitable: false, reason: { code, message } };
}

function meets(rule: Rule, image: ImageIndex, frames: readonly FrameHeader[]): boolean {
  if (rule.attribute === NUMBER_OF_INSTANCES) return accepts(rule, [slicesIn(image)]);
  return frames.every((frame) => isReadable(rule, frame) && accepts(rule, valuesOf(frame, rule.attribute)));
}

/** Words that no list has claim nothing, so that a rule may pass them like silence. A number that cannot be read claims something. */
function isReadable({ attribute: name, whenAbsent }: Rule, { unreadable: faults }: FrameHeader): boolean {
  const fault = faults?.[name];
  return fault === undefined || (fault === 'unknown-words' && whenAbsent === 'accept');
}

/** The number of the image's slices. Frames count like instances: an enhanced image of 300 frames equals a series of 300. */
function slicesIn({ instances, frames }: ImageIndex): number {
  return frames?.length ?? instances.reduce((sum, { NumberOfFrames = 1 }) => sum + NumberOfFrames, 0);
}

/** `in`: one of the values is listed. `notIn`: none is listed. `atLeast`, `atMost`: all values are within. */
function accepts(rule: Rule, values: readonly (string | number)[]): boolean {
  if (values.length === 0) return rule.whenAbsent === 'accept';
  const lists = (list: readonly string[], value: string | number): boolean =>
    list.some((term) => term.toUpperCase() === String(value).toUpperCase());
  if (rule.in !== undefined && !values.some((value) => lists(rule.in ?? [], value))) return false;
  if (rule.notIn !== undefined && values.some((value) => lists(rule.notIn ?? [], value))) return false;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = rule;
  if (rule.atLeast === undefined && rule.atMost === undefined) return true;
  return values.every((value) => Number(value) >= atLeast && Number(value) <= atMost);
}

function valuesOf(frame: FrameHeader, name: string): readonly (string | number)[] {
  const value: unknown = Object.entries(frame).find(([keyword]) => keyword === name)?.[1];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((item) => {
    if (typeof item === 'boolean') return [String(item)];
    return typeof item === 'number' || (typeof item === 'string' && item !== '') ? [item] : [];
  });
}

function compare(selection: Selection, a: ImageIndex, b: ImageIndex): number {
  for (const { attribute: name, order } of selection.prefer) {
    const [left, right] = [preference(a, name), preference(b, name)];
    if (left === right) continue;
    if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
    return left < right === (order === 'ascending') ? -1 : 1;
  }
  const [lossy, other] = [a, b].map(({ instances }) => Number(instances.some(isLossy)));
  return (lossy ?? 0) - (other ?? 0) || compareText(identity(a), identity(b));
}

function preference(image: ImageIndex, name: string): string | number | undefined {
  if (name === NUMBER_OF_INSTANCES) return slicesIn(image);
  if (name === 'SliceThickness') return sliceMm(image);
  const [first] = imageFrames(image);
  return first === undefined ? undefined : valuesOf(first, name)[0];
}

function identity({ SeriesInstanceUID, instances }: ImageIndex): string {
  return `${SeriesInstanceUID} ${instances[0]?.SOPInstanceUID}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
