/** Figures about what the tool withholds: of how many sound and how many fractured bodies it says nothing, and why. */
import type { Metric, Table } from '../evaluation.ts';
import { shareOf, statisticOf } from '../metrics.ts';
import { MODERATE } from './grades.ts';

/** One body that is completely in view. */
export interface Judged {
  /** The true grade, and the true loss of height, percent. */
  readonly grade: number;
  readonly lossPercent: number;
  /** The tool's grade; absent if it is withheld. */
  readonly given?: number;
  /** Why the grade is withheld, if it is. */
  readonly reason: string;
}

/** Losses from here on are called moderate or worse by any reader. */
const CLEAR_PERCENT = 30;

const isSound = ({ grade }: Judged): boolean => grade === 0;
const isFractured = ({ grade }: Judged): boolean => grade >= MODERATE;
const isClear = ({ lossPercent }: Judged): boolean => lossPercent >= CLEAR_PERCENT;
const isWithheld = ({ given }: Judged): boolean => given === undefined;

/** How much is withheld of sound and of fractured bodies, and how many clear fractures are called. */
export function withheldMetrics<Case>(
  cases: readonly Case[],
  bodiesOf: (one: Case) => readonly Judged[],
): Readonly<Record<string, Metric | undefined>> {
  const share = (of: (body: Judged) => boolean, holds: (body: Judged) => boolean, options: Pick<Metric, 'goal'> = {}) =>
    shareOf(
      cases,
      (one) => {
        const some = bodiesOf(one).filter(of);
        return [some.filter(holds).length, some.length];
      },
      options,
    );
  return {
    withheldSound: share(isSound, isWithheld),
    withheldFractured: share(isFractured, isWithheld),
    withheldRatio: statisticOf(cases, bodiesOf, withheldRatio, { goal: { atMost: 2 } }),
    lossSeenFrom30: share(isClear, ({ given = 0 }) => given > 0),
    calledFrom30: share(isClear, ({ given = 0 }) => given >= MODERATE, { goal: { atLeast: 0.75 } }),
  };
}

/** The share withheld among fractured bodies, divided by the share among sound ones. NaN if nothing sound is withheld. */
function withheldRatio(bodies: readonly Judged[]): number {
  const share = (of: (body: Judged) => boolean): number => {
    const some = bodies.filter(of);
    return some.filter(isWithheld).length / some.length;
  };
  return share(isFractured) / share(isSound);
}

/** The reasons, most frequent first. */
export function withheldTable<Case>(cases: readonly Case[], bodiesOf: (one: Case) => readonly Judged[]): Table {
  const withheld = cases.flatMap(bodiesOf).filter(isWithheld);
  return {
    title: 'Why complete bodies have no grade',
    header: ['reason', 'sound', 'mild', 'moderate or severe'],
    rows: [...Map.groupBy(withheld, ({ reason }) => reason)]
      .toSorted((a, b) => b[1].length - a[1].length)
      .map(([reason, some]) => [
        reason,
        ...[some.filter(isSound), some.filter(({ grade }) => grade === 1), some.filter(isFractured)].map(({ length }) =>
          String(length),
        ),
      ]),
  };
}
