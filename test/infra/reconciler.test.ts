import { describe, expect, it } from 'vitest';
import { METRICS } from '../../adapters/aws/observe.ts';
import { policiesOf, resourcesOf, type Statement, synthesise } from './stack.ts';

const stack = synthesise();

/** The statements of the policies whose ids begin so. */
const statementsOf = (id: string): readonly Statement[] =>
  policiesOf(stack)
    .filter(([name]) => name.startsWith(id))
    .flatMap(([, statements]) => statements);

describe('the reconciler', () => {
  it('lets the reconciler send, count and list, and read and delete nothing of a study', () => {
    const Statement = statementsOf('Reconciler');
    const actions = Statement.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('kms:'));

    expect(actions.toSorted()).toEqual([
      ...['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      ...['s3:ListBucket', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
    ]);
    const conditionOf = (action: string) => Statement.find((each) => each.Action === action)?.Condition;
    expect(conditionOf('s3:ListBucket')).toEqual({
      StringLike: { 's3:prefix': ['live/studies/*', 'backfill/studies/*', 'runs/*'] },
    });
    expect(conditionOf('dynamodb:DeleteItem')).toEqual({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['work/*'] },
    });
  });

  it.each([
    [{}, 'rate(10 minutes)'],
    [{ reconcileMinutes: '2' }, 'rate(2 minutes)'],
  ])('looks for lost work on a schedule (%j)', (context, ScheduleExpression) => {
    const [rule, ...others] = Object.values(resourcesOf(synthesise(context), 'AWS::Events::Rule'));

    expect(others).toEqual([]);
    expect(rule?.Properties).toMatchObject({ ScheduleExpression, State: 'ENABLED' });
    expect(JSON.stringify(rule?.Properties['Targets'])).toContain('Reconcile');
  });

  it('raises an alarm for a run that was sent again in vain', () => {
    const alarms = Object.entries(resourcesOf(stack, 'AWS::CloudWatch::Alarm')).filter(
      ([, { Properties }]) => Properties['MetricName'] === METRICS.stuck,
    );

    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.[1].Properties['AlarmActions']).toHaveLength(1);
  });
});

describe('a run whose product is gone', () => {
  it('can be sent back: from delivery to conversion, and from conversion to every tool', () => {
    const sendingTo = (id: string): string =>
      JSON.stringify(
        statementsOf(id)
          .filter(({ Action }) => [Action].flat().includes('sqs:SendMessage'))
          .map(({ Resource }) => Resource),
      );

    expect(sendingTo('Return')).toContain('convertlive');
    expect(sendingTo('Return')).toContain('convertbackfill');
    expect(sendingTo('Convert')).toContain(':hilum-infer-*');
  });
});
