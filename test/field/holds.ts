/** What must hold of an answer: nothing in it may be wrong, and enough must be given. */
import type { StudyReport } from '#cli/run-study.ts';
import type { Finding } from '#core/tool.ts';
import type { DentalTruth } from '#phantoms/dental.ts';
import type { SpineTruth } from './bases.ts';
import type { Expected } from './case.ts';

const all =
  (...checks: readonly ((report: StudyReport) => readonly string[])[]) =>
  (report: StudyReport): readonly string[] =>
    checks.flatMap((check) => check(report));

interface SpineHolds {
  readonly truth: () => SpineTruth;
  /** The fewest bodies with a grade. */
  readonly graded: number;
  /** Names must be given, may be given, or must not be given. */
  readonly names?: 'given' | 'any' | 'none';
  /** Words that the answer must give, such as those about what was left aside. */
  readonly says?: RegExp;
}

/** No wrong name, no false moderate or severe grade, no grade 0 of a moderate or severe fracture, no body where there is none. */
export function spineHolds({ truth, graded, names = 'given', says }: SpineHolds): Expected {
  return {
    faults: all(
      ({ findings }) => findings.flatMap((finding) => bodyFaults(finding, truth())),
      ({ findings }) =>
        atLeast(findings.filter((finding) => gradeOf(finding) !== undefined).length, graded, 'bodies graded'),
      ({ findings }) => twiceFaults(findings, truth()),
      ({ findings }) => namesFaults(findings, names),
      saying(says),
    ),
  };
}

/** Levels are named as the vertebrae are; other bodies are counted from below. */
const isName = (id: string): boolean => /^[CTL]\d+$/.test(id);

/** The middle of a finding lies no farther from that of its body. */
const NEAR_MM = 12;

/** The body whose middle is nearest. */
function bodyAt({ position = [Number.NaN, 0, 0] }: Finding, truth: SpineTruth): SpineTruth[number] | undefined {
  const near = truth
    .map((body) => ({ body, mm: Math.hypot(...body.centre.map((mm, axis) => mm - (position[axis] ?? 0))) }))
    .filter(({ mm }) => mm < NEAR_MM)
    .sort((a, b) => a.mm - b.mm);
  return near[0]?.body;
}

/** Whether a finding lies beyond all bodies whose middle is in view: the bodies at the ends are partly in view. */
function isAtTheEnd({ position = [0, 0, Number.NaN] }: Finding, truth: SpineTruth): boolean {
  const heights = truth.map(({ centre }) => centre[2]);
  return position[2] > Math.max(...heights) || position[2] < Math.min(...heights);
}

/** No body is graded twice, as two halves of it would be. */
function twiceFaults(findings: readonly Finding[], truth: SpineTruth): readonly string[] {
  const graded = findings.filter((finding) => gradeOf(finding) !== undefined);
  const bodies = graded.flatMap((finding) => bodyAt(finding, truth)?.level ?? []);
  return bodies.filter((level, n) => bodies.indexOf(level) !== n).map((level) => `${level} is graded twice`);
}

function bodyFaults(finding: Finding, truth: SpineTruth): readonly string[] {
  const { id } = finding;
  const body = bodyAt(finding, truth);
  const grade = gradeOf(finding);
  if (body === undefined)
    return grade === undefined && isAtTheEnd(finding, truth) ? [] : [`${id} is no vertebral body`];
  const name = isName(id) && id !== body.level ? [`${body.level} is called ${id}`] : [];
  if (grade === undefined) return name;
  if (grade >= 2 && body.grade === 0) return [...name, `the sound ${body.level} is called grade ${grade}`];
  if (grade === 0 && body.grade >= 2) return [...name, `${body.level}, grade ${body.grade}, is called sound`];
  return name;
}

function gradeOf({ evaluations }: Finding): number | undefined {
  const value = evaluations
    .map((one) => /^genant-(\d)$/.exec(one.value.value)?.[1])
    .find((digit) => digit !== undefined);
  return value === undefined ? undefined : Number(value);
}

function namesFaults(findings: readonly Finding[], names: 'given' | 'any' | 'none'): readonly string[] {
  const named = findings.filter(({ id }) => isName(id)).map(({ id }) => id);
  if (names === 'given' && named.length === 0) return ['no level is named'];
  return names === 'none' && named.length > 0 ? [`levels are named: ${named.join(', ')}`] : [];
}

const atLeast = (count: number, least: number, what: string): readonly string[] =>
  count >= least ? [] : [`only ${count} ${what}, not ${least}`];

/** The words may stand in the summary or among the reasons of what was left aside. */
function saying(says: RegExp | undefined): (report: StudyReport) => readonly string[] {
  return (report) =>
    says === undefined || says.test(JSON.stringify(report)) ? [] : [`the answer does not say ${says}`];
}

interface CariesHolds {
  /** Teeth of the picture before it was turned or mirrored. */
  readonly truth?: () => Pick<DentalTruth, 'teeth'>;
  /** The place before the change of a place (column, row) after it. */
  readonly before?: (x: number, y: number) => readonly [number, number];
  readonly findings?: readonly [atLeast: number, atMost: number];
  /** Whether tooth numbers must be there, or must not. */
  readonly numbers?: 'given' | 'any' | 'none';
  readonly says?: RegExp;
}

/** No wrong tooth number, no certainty, and a number of findings. */
export function cariesHolds({
  truth,
  before = (x, y) => [x, y],
  findings = [0, 16],
  numbers = 'any',
  says,
}: CariesHolds): Expected {
  return {
    faults: all(
      (report) =>
        report.findings.length >= findings[0] && report.findings.length <= findings[1]
          ? []
          : [`${report.findings.length} findings, not ${findings.join(' to ')}`],
      ({ findings: found }) =>
        found.filter(({ certainty }) => certainty !== undefined).map(({ id }) => `${id} has a certainty`),
      (report) => report.findings.flatMap((finding) => toothFaults(finding, truth?.().teeth, before)),
      (report) => {
        const given = report.findings.filter((finding) => toothOf(finding) !== undefined).length;
        if (numbers === 'given' && given === 0) return ['no tooth is numbered'];
        return numbers === 'none' && given > 0 ? [`${given} teeth are numbered`] : [];
      },
      saying(says),
    ),
  };
}

/** FDI number by ISO 3950. */
const toothOf = ({ evaluations }: Finding): number | undefined =>
  evaluations
    .map(({ value }) => /\b([1-4][1-8])\b/.exec(value.value)?.[1])
    .flatMap((fdi) => (fdi === undefined ? [] : [Number(fdi)]))[0];

function toothFaults(
  finding: Finding,
  teeth: DentalTruth['teeth'] | undefined,
  before: (x: number, y: number) => readonly [number, number],
): readonly string[] {
  const fdi = toothOf(finding);
  const points = finding.regions?.[0]?.points ?? [];
  const [x, y] = before(mean(points.map(([column]) => column)), mean(points.map(([, row]) => row)));
  const under = (teeth ?? []).filter(({ box }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
  const wrong =
    teeth !== undefined && fdi !== undefined && under.length > 0 && !under.some((tooth) => tooth.fdi === fdi);
  return wrong ? [`tooth ${under.map((tooth) => tooth.fdi).join(' or ')} is called ${fdi}`] : [];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Volumes of grey and white matter (mL) and the share of grey (%), within bounds. */
export function brainHolds(bounds: {
  readonly grey: readonly [number, number];
  readonly white: readonly [number, number];
  readonly greyShare?: readonly [number, number];
}): Expected {
  const value = (report: StudyReport, id: string, at: number): number =>
    report.findings.find((finding) => finding.id === id)?.measurements[at]?.value ?? Number.NaN;
  const within = (what: string, found: number, [low, high]: readonly [number, number]): readonly string[] =>
    found >= low && found <= high ? [] : [`${what} ${found}, not ${low} to ${high}`];
  return {
    faults: all(
      (report) => within('grey matter, mL,', value(report, 'grey-matter', 0), bounds.grey),
      (report) => within('white matter, mL,', value(report, 'white-matter', 0), bounds.white),
      (report) =>
        bounds.greyShare === undefined
          ? []
          : within('share of grey matter, %,', value(report, 'grey-matter', 1), bounds.greyShare),
    ),
  };
}
