/** Inspects DICOM files without keeping their pixels in memory. */
import type { Reason } from '#core/errors.ts';
import type { FrameDecoder } from '#core/ports.ts';
import { groupImages } from '#core/study/images.ts';
import { noImage } from '#core/study/no-image.ts';
import { judgeImage } from '#core/study/selection.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Suitability } from '#core/tool.ts';
import type { ToolEntry, ToolManifest } from '#core/tool-manifest.ts';
import { DicomReadError } from '#dicom/error.ts';
import { decodePixels, pixelSha256 } from '#dicom/pixels.ts';
import { readDicom } from '#dicom/read.ts';
import { type RefusedFile, readIndexed } from '#files/dicom-files.ts';
import { createProgress } from '#files/progress.ts';
import { describeUnusable, UNUSABLE, type Unusable } from './inspect-unusable.ts';

/** One item of `hilum inspect --json`. */
export type InspectedFile = (Accepted | (RefusedFile & Unusable & { readonly ok: false })) & {
  readonly tools: readonly Judgement[];
};

interface Accepted extends Partial<InstanceIndex> {
  readonly ok: true;
  readonly path: string;
}

/** A tool's judgement of the image that a file belongs to. */
interface Judgement {
  readonly id: string;
  readonly suitable: boolean;
  readonly reason?: Reason;
}

/** A file inspected on its own, before the tools judge its whole series. */
interface LookedAt {
  readonly path: string;
  readonly header?: InstanceIndex;
  readonly pixelSha256?: string;
  readonly refusal?: RefusedFile;
  /** Of a file that is refused for its UIDs alone. */
  readonly unusable?: Unusable;
}

/** Several files at once, so that reading, decoding and hashing overlap. */
const FILES_AT_ONCE = 4;

/**
 * Inspects files, a few at a time. Only headers and digests are kept, so that memory does not grow with the pixels. A file
 * with a readable header and unreadable pixels is refused, but its header is reported. A file whose UIDs are missing or unusable is
 * refused, too, but what it is and its pixels are reported.
 */
export async function inspectFiles(
  files: readonly string[],
  catalog: readonly ToolEntry[],
  decoder: FrameDecoder,
): Promise<readonly InspectedFile[]> {
  const looked: LookedAt[] = [];
  const progress = createProgress('Inspecting', files.length);
  const next = files.entries();
  const inspectNext = async (): Promise<void> => {
    for (const [i, path] of next) {
      looked[i] = await lookAt(path, decoder);
      progress.step();
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, inspectNext));
  progress.end();
  const judge = createJudge(
    catalog,
    looked.flatMap(({ header, pixelSha256 }) => (header === undefined ? [] : [{ ...header, pixelSha256 }])),
  );
  return looked.map(({ path, header, pixelSha256, refusal, unusable }) => ({
    path,
    ...header,
    ...unusable,
    ...(refusal === undefined ? { ok: true, ...(pixelSha256 && { pixelSha256 }) } : { ok: false, ...refusal }),
    tools: judge(header, refusal),
  }));
}

async function lookAt(path: string, decoder: FrameDecoder): Promise<LookedAt> {
  const read = await readIndexed(path);
  if ('code' in read) {
    return { path, refusal: read, ...(UNUSABLE.has(read.code) && { unusable: await describeUnusable(path, decoder) }) };
  }
  const { bytes, index: header } = read;
  try {
    return { path, header, pixelSha256: pixelSha256(await decodePixels(readDicom(bytes), decoder)) };
  } catch (error) {
    if (!(error instanceof DicomReadError)) throw error;
    if (error.code === 'no-pixel-data') return { path, header };
    return { path, header, refusal: { path, code: error.code, message: error.message } };
  }
}

/** Asks every tool about the images that an instance belongs to: an enhanced object may hold several volumes. */
function createJudge(catalog: readonly ToolEntry[], instances: readonly InstanceIndex[]) {
  const studies = Map.groupBy(instances, ({ StudyInstanceUID }) => StudyInstanceUID);
  const grouped = [...studies].flatMap(([StudyInstanceUID, members]) =>
    groupImages({ StudyInstanceUID, instances: members }),
  );
  const belongs = grouped
    .flatMap((image) => [image, ...(image.pieces ?? [])])
    .flatMap((image) => image.instances.map(({ SOPInstanceUID }) => ({ SOPInstanceUID, image })));
  const images = Map.groupBy(belongs, ({ SOPInstanceUID }) => SOPInstanceUID);
  const aside = new Map(
    grouped.flatMap(({ aside: apart = [] }) =>
      apart.flatMap(({ instances: members, reason }) => members.map(({ sha256 }) => [sha256, reason] as const)),
    ),
  );
  return (header: InstanceIndex | undefined, refusal: RefusedFile | undefined): readonly Judgement[] => {
    const noneOf = (): Reason => noImage('The file', header === undefined ? [] : [header]);
    const itsImages = images.get(header?.SOPInstanceUID ?? '') ?? [];
    const judge = ({ selection }: ToolManifest): Suitability => {
      if (refusal !== undefined) return { suitable: false, reason: { code: refusal.code, message: refusal.message } };
      const answers = itsImages.map(({ image }): Suitability => {
        return image.fault === undefined ? judgeImage(selection, image) : { suitable: false, reason: image.fault };
      });
      const apart = aside.get(header?.sha256 ?? '') ?? noneOf();
      return answers.find(({ suitable }) => suitable) ?? answers[0] ?? { suitable: false, reason: apart };
    };
    return catalog.map(({ manifest }) => ({ id: manifest.id, ...judge(manifest) }));
  };
}
