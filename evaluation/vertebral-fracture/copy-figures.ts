/** Figures about copies of real CTs: wrong names, false fractures, and what is withheld with which reason. */
import type { Metric, Table } from '../evaluation.ts';
import { shareOf } from '../metrics.ts';
import { MODERATE } from './grades.ts';
import type { CopyBody, CopyOutcome, Said } from './judge-copy.ts';

/** The outcome of one copy, with what the copy is. */
export interface NamedOutcome extends CopyOutcome {
  readonly kind: string;
  readonly name: string;
}

/** A name that is given to another vertebra, or to none. */
export const isWrongName = (level: string | undefined, { id }: Said): boolean =>
  !id.startsWith('body-') && id !== level;
/** Neither of the CTs has a moderate or severe fracture. */
export const isFalse = ({ grade = 0 }: Said): boolean => grade >= MODERATE;

interface Wrong {
  readonly level: string | undefined;
  readonly said: Said;
}

/** All that is said, with the vertebra that it is said of. */
const allSaid = ({ bodies, strays }: CopyOutcome): readonly Wrong[] => [
  ...bodies.flatMap(({ level, said }) => said.map((one) => ({ level, said: one }))),
  ...strays.map((said) => ({ level: undefined, said })),
];

const inView = ({ bodies }: CopyOutcome): readonly CopyBody[] => bodies.filter((body) => body.inView);
const isGraded = ({ said }: CopyBody): boolean => said.some(({ grade }) => grade !== undefined);
export const gradedIn = ({ bodies }: CopyOutcome): number => bodies.filter(isGraded).length;
const wrongNamesIn = (one: CopyOutcome): number =>
  allSaid(one).filter(({ level, said }) => isWrongName(level, said)).length;
const falseModerateIn = (one: CopyOutcome): number => allSaid(one).filter(({ said }) => isFalse(said)).length;

/** The metrics that all parts with copies share. */
export function copyMetrics(
  outcomes: readonly CopyOutcome[],
  { mostWithheld }: { readonly mostWithheld?: number } = {},
): Readonly<Record<string, Metric | undefined>> {
  const said = outcomes.flatMap(allSaid).map((one) => one.said);
  const graded = said.filter(({ grade }) => grade !== undefined);
  const sum = (count: (one: CopyOutcome) => number): number => outcomes.reduce((total, one) => total + count(one), 0);
  return {
    wrongNames: {
      value: sum(wrongNamesIn),
      n: said.filter(({ id }) => !id.startsWith('body-')).length,
      goal: { atMost: 0 },
    },
    falseModerate: { value: sum(falseModerateIn), n: graded.length, goal: { atMost: 0 } },
    calledMild: { value: graded.filter(({ grade }) => grade === 1).length, n: graded.length },
    withheldShare: shareOf(
      outcomes,
      (one) => [inView(one).filter((body) => !isGraded(body)).length, inView(one).length],
      {
        ...(mostWithheld !== undefined && { goal: { atMost: mostWithheld } }),
      },
    ),
    namedShare: shareOf(outcomes, (one) => [
      inView(one).filter(({ level, said: own }) => own.some(({ id }) => id === level)).length,
      inView(one).length,
    ]),
    evaluated: shareOf(outcomes, ({ answer }) => [Number(answer === 'result'), 1]),
  };
}

export function byKind(outcomes: readonly NamedOutcome[]): Table {
  return {
    title: 'By kind of copy',
    header: ['kind', 'copies', 'bodies in view', 'graded', 'named rightly', 'wrong names', 'false moderate or severe'],
    rows: [...Map.groupBy(outcomes, ({ kind }) => kind)].map(([kind, some]) => {
      const bodies = some.flatMap(inView);
      return [
        kind,
        some.length,
        bodies.length,
        bodies.filter(isGraded).length,
        bodies.filter(({ level, said }) => said.some(({ id }) => id === level)).length,
        some.reduce((sum, one) => sum + wrongNamesIn(one), 0),
        some.reduce((sum, one) => sum + falseModerateIn(one), 0),
      ].map(String);
    }),
  };
}

/** Why bodies in view have no grade. */
export function reasons(outcomes: readonly CopyOutcome[]): Table {
  const withheld = outcomes.flatMap((one) =>
    inView(one)
      .filter((body) => !isGraded(body))
      .map(({ said: [first] }) => first?.withheld ?? (one.answer === 'result' ? 'no finding' : `all: ${one.answer}`)),
  );
  return {
    title: 'Why bodies in view have no grade',
    header: ['reason', 'bodies'],
    rows: [...Map.groupBy(withheld, (reason) => reason)]
      .toSorted((a, b) => b[1].length - a[1].length)
      .map(([reason, some]) => [reason, String(some.length)]),
  };
}

const MOST_ROWS = 40;

/** Every wrong answer, up to a limit; no table if there is none. */
export function wrongAnswers(outcomes: readonly NamedOutcome[]): readonly Table[] {
  const rows = outcomes.flatMap((one) =>
    allSaid(one)
      .filter(({ level, said }) => isWrongName(level, said) || isFalse(said))
      .map(({ level, said: { id, grade, lossPercent } }) => [
        one.name,
        level ?? 'no vertebra',
        id,
        grade === undefined ? 'none' : String(grade),
        lossPercent?.toFixed(0) ?? '',
      ]),
  );
  if (rows.length === 0) return [];
  return [
    {
      title: rows.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${rows.length} wrong answers` : 'Wrong answers',
      header: ['copy', 'vertebra', 'called', 'grade', 'loss, %'],
      rows: rows.slice(0, MOST_ROWS),
    },
  ];
}
