/** Mutations that survive, with the reason why no test can or need detect them. A test reports entries that match no mutation. */
import type { Mutant } from './mutants.ts';

interface Accepted extends Pick<Mutant, 'file' | 'was' | 'becomes'> {
  readonly reason: string;
}

const ACCEPTED: readonly Accepted[] = [
  {
    file: 'core/study/split-frames.ts',
    was: 'const areVolumes = parts.length > 1 && parts.some((part) => part.length > 1);',
    becomes: 'const areVolumes = parts.some((part) => part.length > 1);',
    reason:
      'A single part is all slices, which overlap or are interleaved: it is never returned, or is equal to the input.',
  },
  {
    file: 'core/study/split-frames.ts',
    was: "return DimensionIndexValues.filter((_, index) => !IN_SPACE.has(DimensionIndexPointers[index] ?? '')).join();",
    becomes: 'return DimensionIndexValues.filter((_, index) => !IN_SPACE.has(DimensionIndexPointers[index])).join();',
    reason: 'Neither the empty name nor none is among the names of the set; the empty one is there for the types.',
  },
  {
    file: 'adapters/decoder/worker.ts',
    was: "port.postMessage(reply, answer.kind === 'decoded' ? answer.frames.map(({ buffer }) => buffer) : []);",
    becomes: 'port.postMessage(reply, false ? answer.frames.map(({ buffer }) => buffer) : []);',
    reason:
      'The frames are copied instead of transferred: the answer is the same, and only the thread could tell the difference.',
  },
  {
    file: 'adapters/decoder/thread.ts',
    was: 'else timer = setTimeout(look, Math.max(20, limitMs - usedMs));',
    becomes: 'else timer = setTimeout(look, Math.min(20, limitMs - usedMs));',
    reason: 'It checks more often than necessary, with the same decision.',
  },
  {
    file: 'pipeline/run-state.ts',
    was: 'received: 0,',
    becomes: 'received: (-1),',
    reason: 'Ranks are only compared with each other, and nothing is below the first.',
  },
  {
    file: 'pipeline/run-state.ts',
    was: 'delivered: 5,',
    becomes: 'delivered: 6,',
    reason: 'Ranks are only compared with each other, and nothing is above the last.',
  },
  {
    file: 'functions/infer/handler.ts',
    was: 'if (images.length === 0 || inputDigestOf(images) !== inputDigest) {',
    becomes: 'if (inputDigestOf(images) !== inputDigest) {',
    reason: 'No run is named after the digest of no images: route ends such a run itself.',
  },
  {
    file: 'core/image/slices.ts',
    was: 'const parts = instances.toSorted((a, b) => (a.InConcatenationNumber ?? 0) - (b.InConcatenationNumber ?? 0));',
    becomes: 'const parts = instances.toSorted((a, b) => (a.InConcatenationNumber ?? 0) - (b.InConcatenationNumber));',
    reason:
      'The sort passes a part without a number only as `a` if another part precedes it, so the order is the same.',
  },
  {
    file: 'adapters/decoder/thread.ts',
    was: 'const overdue = performance.now() - started > limitMs * WALL_LIMIT_FACTOR;',
    becomes: 'const overdue = performance.now() - started >= limitMs * WALL_LIMIT_FACTOR;',
    reason: 'They differ at one moment of the clock alone.',
  },
  {
    file: 'functions/dead-letter/handler.ts',
    was: 'const entry = catalog.find(({ manifest }) => manifest.id === message.tool);',
    becomes: 'const entry = catalog.findLast(({ manifest }) => manifest.id === message.tool);',
    reason: 'No two tools of a catalogue have one id.',
  },
  {
    file: 'core/image/voxels.ts',
    was: 'const value = stored[i] ?? 0;',
    becomes: 'const value = stored[i];',
    reason: 'The default is there for the types: as many samples are stored as there are voxels.',
  },
  {
    file: 'core/image/voxels.ts',
    was: 'for (let i = 0; i < target.length; i += 1) {',
    becomes: 'for (let i = 0; i <= target.length; i += 1) {',
    reason: 'What is written behind the end of a typed array is dropped.',
  },
];

/** The reason why a mutation may survive, if it may. */
export const reasonFor = ({ file, was, becomes }: Mutant): string | undefined =>
  ACCEPTED.find((entry) => entry.file === file && entry.was === was && entry.becomes === becomes)?.reason;

/** Entries that match no mutation. */
export const staleEntries = (mutants: readonly Mutant[]): readonly Accepted[] =>
  ACCEPTED.filter(
    (entry) =>
      !mutants.some(({ file, was, becomes }) => file === entry.file && was === entry.was && becomes === entry.becomes),
  );
