import { explainEnd } from '../shared/operate/explain-end.ts';
import type { DeliveryRecord } from './delivery-record.ts';
import { type Html, html } from './html.ts';
import { shownTime } from './shown-time.ts';

/** What happens next with a delivery, in words. */
export function nextStep(delivery: DeliveryRecord): Html {
  const { attemptCount, maxAttempts } = delivery;
  const next = `attempt ${attemptCount + 1} of ${maxAttempts}`;
  const due = shownTime(delivery.dueAt, 'relative');
  switch (delivery.phase) {
    case 'succeeded':
      return html`Delivered by ${attemptCount === 1 ? 'its first attempt' : `attempt ${attemptCount}`}.
      ${
        delivery.succeededLate
          ? 'The success was recorded late, after its lease had been taken over or the delivery buried. '
          : undefined
      }Nothing
      more happens.`;
    case 'dead_letter':
      return html`${end(delivery)} It will not be tried again automatically. ${mayHaveArrived(delivery)} Once the cause
      is fixed, redeliver it.`;
    case 'in_flight':
      return html`Attempt ${attemptCount} of ${maxAttempts} is in flight, leased until
      ${shownTime(delivery.leaseExpiresAt, 'clock')} (${shownTime(delivery.leaseExpiresAt, 'relative')}). If its worker
      dies, another can claim it after that.`;
    case 'lease_ran_out':
      return html`Attempt ${attemptCount} of ${maxAttempts} never reported; its lease ran out
      ${shownTime(delivery.leaseExpiresAt, 'relative')}.
      ${
        attemptCount < maxAttempts
          ? `The sweep, which runs every 5 minutes, hands it out again for ${next}.`
          : 'It was the last one allowed: the next sweep buries it, unless its success is reported first.'
      }`;
    case 'held':
      return html`Its endpoint is down, has asked to wait, or takes no more for now. It is held, uses up no attempts,
      and goes out when its endpoint takes it; ${due} at the latest it is looked at again.`;
    case 'due':
      return html`Due ${due}; ${next} waits for a worker. If its message was lost, the sweep puts it back.
      ${
        delivery.putBackAt === undefined
          ? undefined
          : html`It was last put back ${shownTime(delivery.putBackAt, 'relative')}.`
      }`;
    case 'retrying':
      return html`Due again ${due}; ${next}.`;
    case 'scheduled':
      return html`Due ${due}; ${next}.
      ${
        delivery.awaitsHandOut ? 'That is too far ahead for a message: a sweep hands it out shortly before.' : undefined
      }`;
  }
}

function end({ createdAt, updatedAt, ...delivery }: DeliveryRecord): string {
  const [createdAtMs, updatedAtMs] = [createdAt?.getTime() ?? 0, updatedAt?.getTime() ?? 0];
  return explainEnd({ ...delivery, createdAtMs, updatedAtMs });
}

/** Whatever the reason of a dead letter, the receiver may have accepted an earlier attempt that never reported. */
function mayHaveArrived({ attempts, reason }: DeliveryRecord): string | undefined {
  if (reason === 'outcome_unknown') return undefined;
  const unknown = attempts.filter(({ errorClass }) => errorClass === 'outcome_unknown').map(({ attempt }) => attempt);
  if (unknown.length === 0) return undefined;
  return `The receiver may have got it all the same: attempt ${unknown.toReversed().join(', ')} never reported.`;
}
