/** The demo's studies: two phantoms with known truth, or a folder of the user. */
import { indexInstance } from '#core/study/index-instance.ts';
import type { InstanceIndex } from '#core/study/study-index.ts';
import type { Finding, ImageRegion } from '#core/tool.ts';
import { readStudies, type StudyFiles } from '#files/dicom-files.ts';
import { makeBitewing } from '#phantoms/dental.ts';
import { radiographPhantomToDicom, spinePhantomToDicom } from '#phantoms/dicom.ts';
import { makeSpinePhantom, type VertebraTruth } from '#phantoms/spine-ct.ts';
import { UsageError } from '../command.ts';

/** A study of the demo. */
export interface DemoStudy extends StudyFiles {
  readonly name: string;
  /** What the study is known to hold; empty for a user's study. */
  readonly truth: readonly Truth[];
}

/** One thing a phantom holds. */
export interface Truth {
  readonly text: string;
  /** Whether a finding is about this thing. */
  readonly isMetBy: (finding: Finding) => boolean;
}

const SPINE_SEED = 12;
const BITEWING_SEED = 5;

/** The two phantoms. Their seeds are fixed, so that a second demo finds the first one's studies in the PACS. */
export function phantomStudies(): readonly DemoStudy[] {
  const spine = makeSpinePhantom({
    seed: SPINE_SEED,
    columns: 256,
    rows: 256,
    spacingMm: [1, 1, 2],
    from: 'S',
    to: 'T11',
    fractures: [{ level: 'L2', type: 'wedge', loss: 0.35 }],
  });
  const bitewing = makeBitewing({ seed: BITEWING_SEED });
  return [
    {
      name: 'CT phantom of the spine',
      ...studyOf(spinePhantomToDicom(spine, { seed: SPINE_SEED })),
      truth: spine.truth.vertebrae.filter(({ complete }) => complete).map(vertebraTruth),
    },
    {
      name: 'dental phantom (bitewing)',
      ...studyOf(radiographPhantomToDicom(bitewing, { seed: BITEWING_SEED })),
      truth: bitewing.truth.lesions.map(({ fdi, surface, depth, centre }) => ({
        text: `caries of tooth ${fdi}, ${surface}, depth ${depth}`,
        isMetBy: ({ regions = [] }) => regions.some((region) => surrounds(region, centre)),
      })),
    },
  ];
}

function studyOf(files: readonly Uint8Array[]): StudyFiles {
  const byUid = new Map(files.map((bytes) => [indexInstance(bytes).SOPInstanceUID, bytes]));
  const instances = files.map(indexInstance);
  const [first] = instances;
  if (first === undefined) throw new RangeError('A phantom has no files');
  const read = async ({ SOPInstanceUID }: InstanceIndex): Promise<Uint8Array> => {
    const bytes = byUid.get(SOPInstanceUID);
    if (bytes === undefined) throw new RangeError(`${SOPInstanceUID} is not of this phantom`);
    return bytes;
  };
  return { StudyInstanceUID: first.StudyInstanceUID, instances, read };
}

function vertebraTruth({ level, centre, lossPercent, grade }: VertebraTruth): Truth {
  const state = grade === 0 ? 'no fracture' : `height loss ${lossPercent.toFixed(0)} %, Genant grade ${grade}`;
  const isNear = (position: readonly number[]): boolean =>
    Math.hypot(...position.map((value, axis) => value - (centre[axis] ?? 0))) < NEAR_MM;
  return {
    text: `${level}: ${state}`,
    isMetBy: ({ id, position }) => (position === undefined ? id === level : isNear(position)),
  };
}

/** Less than half of the least distance between the centres of neighbouring vertebral bodies. */
const NEAR_MM = 12;

/** Whether a drawn region holds a point, to within a few pixels. */
function surrounds({ points }: ImageRegion, [column, row]: readonly [number, number]): boolean {
  const isWithin = (values: readonly number[], value: number): boolean =>
    Math.min(...values) - MARGIN <= value && value <= Math.max(...values) + MARGIN;
  return (
    isWithin(
      points.map(([x]) => x),
      column,
    ) &&
    isWithin(
      points.map(([, y]) => y),
      row,
    )
  );
}
const MARGIN = 4;

/**
 * The studies of a folder.
 *
 * @throws UsageError if the folder holds no study
 */
export async function folderStudies(folder: string): Promise<readonly DemoStudy[]> {
  const { studies, refused } = await readStudies([folder]);
  if (studies.length === 0) {
    const [first] = refused;
    const why = first === undefined ? 'it holds no files' : `${first.path}: ${first.message} (${first.code})`;
    throw new UsageError(`There is no DICOM study in ${folder}: ${why}`);
  }
  return studies.map((study) => ({ ...study, name: folder, truth: [] }));
}
