/** Decides as early as possible what the tools want: by modality before a series is read, then by the header index. */
import { createHash } from 'node:crypto';
import type { Reason } from '#core/errors.ts';
import { groupImages, IMAGES_VERSION } from '#core/study/images.ts';
import { modalityOf } from '#core/study/modalities.ts';
import { noImage } from '#core/study/no-image.ts';
import { butForSize, selectImages } from '#core/study/selection.ts';
import type { ImageIndex, InstanceIndex, StudyIndex } from '#core/study/study-index.ts';
import type { ToolEntry } from '#core/tool-manifest.ts';

type Verdict = { readonly wanted: true } | { readonly wanted: false; readonly reason: Reason };

const WANTED: Verdict = { wanted: true };

export interface Wants {
  /** Changes with any tool's selection and with the definition of an image. Older decisions are then void. */
  readonly digest: string;
  /** Whether any tool may take images of this modality. The series need not be read for that. */
  judgeModality(Modality: string | undefined): Verdict;
  /**
   * Whether any tool takes at least one image of these instances, which are of one series. The number of slices does not count:
   * the series may be a piece of a scan whose other pieces are other series.
   */
  judgeSeries(StudyInstanceUID: string, instances: readonly InstanceIndex[]): Verdict;
  /** Whether any tool takes at least one image of these instances, which are all of one study that `judgeSeries` wanted. */
  judgeStudy(StudyInstanceUID: string, instances: readonly InstanceIndex[]): Verdict;
  /** The images of these instances that any tool takes, whatever their number of slices. */
  imagesOf(StudyInstanceUID: string, instances: readonly InstanceIndex[]): readonly ImageIndex[];
}

/** The selections of all tools of a catalogue. */
export function wantsOf(catalog: readonly ToolEntry[]): Wants {
  const manifests = catalog.map((entry) => entry.manifest);
  const selections = manifests.map(({ id, selection }) => ({ id, selection }));
  return {
    digest: createHash('sha256').update(JSON.stringify({ IMAGES_VERSION, selections })).digest('hex'),

    judgeModality(Modality) {
      if (manifests.some(({ selection }) => couldTake(selection, modalityOf(Modality)))) return WANTED;
      const message = Modality
        ? `No deployed tool takes images of ${shown(Modality)}.`
        : 'The series names no modality.';
      return { wanted: false, reason: { code: 'modality-not-wanted', message } };
    },

    judgeSeries: (StudyInstanceUID, instances) =>
      judge(
        manifests.map(({ label, selection }) => ({ label, selection: butForSize(selection) })),
        { StudyInstanceUID, instances },
        'series',
      ),
    judgeStudy: (StudyInstanceUID, instances) => judge(manifests, { StudyInstanceUID, instances }, 'study'),

    imagesOf(StudyInstanceUID, instances) {
      const images = groupImages({ StudyInstanceUID, instances });
      const taken = manifests.flatMap(({ selection }) => selectImages(butForSize(selection), images).selected);
      return [...new Set(taken)];
    },
  };
}

/** Whether a selection takes at least one image of these instances, as `selectImages` would. */
function judge(
  selections: readonly Pick<ToolEntry['manifest'], 'label' | 'selection'>[],
  study: StudyIndex,
  what: 'series' | 'study',
): Verdict {
  const refusals = new Set<string>();
  const images = groupImages(study);
  for (const { label, selection } of selections) {
    const answer = selectImages(selection, images);
    if (answer.selected.length > 0) return WANTED;
    for (const { reason } of answer.refusals) refusals.add(`${label}: ${reason.message}`);
  }
  if (refusals.size === 0) return { wanted: false, reason: noImage(`The ${what}`, study.instances) };
  const message = `No deployed tool takes the ${what}: ${[...refusals].map(withoutStop).join('; ')}.`;
  return { wanted: false, reason: { code: 'no-suitable-image', message } };
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');

/** False if the rules on Modality alone refuse the series. */
function couldTake({ alternatives }: ToolEntry['manifest']['selection'], Modality: string | undefined): boolean {
  return alternatives.some((rules) =>
    rules
      .filter((rule) => rule.attribute === 'Modality')
      .every((rule) => {
        if (Modality === undefined) return rule.whenAbsent === 'accept';
        return (rule.in?.includes(Modality) ?? true) && !rule.notIn?.includes(Modality);
      }),
  );
}

function shown(Modality: string): string {
  const term = modalityOf(Modality);
  return term === undefined ? 'a modality that DICOM does not define' : `modality ${term}`;
}
