import type { CalledDelivery, EndpointTurn, Refusal, SettleAnswer } from '../delivery/store-answers.ts';
import type { NextDelivery } from '../delivery/ordering-key.ts';
import type { Outcome } from '../delivery/outcome.ts';
import type { Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';
import { nextDelivery, orderingOf } from './data-api-ordering.ts';
import { outcomeOf } from './outcome-rows.ts';

/** One row of the settle's answer: what became of a delivery, one to be asked for, whoever comes next of an
 * ordering key, an endpoint that turned, or what to announce. */
export type SettleRow =
  | { what: 'settled'; answer: SettleAnswer }
  | { what: 'called'; called: CalledDelivery }
  | { what: 'turned'; turn: EndpointTurn }
  | { what: 'next'; next: NextDelivery }
  | { what: 'outcome'; outcome: Outcome };

export function settleRow(row: Row): SettleRow {
  const columns = readColumns(row);
  const what = columns.oneOf('what', ['settled', 'called', 'down', 'up', 'outcome', 'next']);
  switch (what) {
    case 'settled':
      return { what, answer: settleAnswer(row) };
    case 'called':
      return { what, called: calledDelivery(row) };
    case 'next':
      return { what, next: nextDelivery(row) };
    case 'outcome':
      return { what, outcome: outcomeOf(columns.string('outcome')) };
    case 'down':
    case 'up': {
      const organizationId = columns.integer('organization_id');
      const failures = columns.integer('failures');
      return { what: 'turned', turn: { became: what, organizationId, origin: columns.string('origin'), failures } };
    }
  }
}

/** The answer about a delivery whose attempt's own row the database refuses. */
export function withoutRecord(row: SettleRow, unkept: Refusal): SettleRow {
  if (row.what !== 'settled' || row.answer.verdict === 'refused') return row;
  return { ...row, answer: { ...row.answer, unkept } };
}

export function calledDelivery(row: Row): CalledDelivery {
  const columns = readColumns(row);
  return {
    deliveryId: columns.integer('id'),
    organizationId: columns.integer('organization_id'),
    attempt: columns.integer('attempt'),
    delaySeconds: columns.integer('delay_seconds'),
  };
}

const VERDICTS = ['recorded', 'already_recorded', 'late_success', 'superseded', 'vanished', 'locked'] as const;

function settleAnswer(row: Row): SettleAnswer {
  const columns = readColumns(row);
  return {
    deliveryId: columns.integer('id'),
    verdict: columns.oneOf('verdict', VERDICTS),
    ...(columns.optionalString('becomes') === 'held' && { isHeld: true }),
    ...orderingOf(row, 'ordering_organization_id'),
  };
}
