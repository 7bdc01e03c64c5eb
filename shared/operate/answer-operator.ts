import { html } from '../runtime/html.ts';
import { readDashboardEvent } from './dashboard-event.ts';
import { OperateRefused } from './give-order.ts';
import { operate } from './operate.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Refused deliveries that a pop-up names. */
const NAMED = 5;

/**
 * Answers one event of the operate function: in JSON's names, or, to a button of a dashboard's widget, in words. Throws
 * OperateRefused to whoever is no dashboard.
 */
export async function answerOperator(
  event: unknown,
  ...[parts, invocation]: Tail<Parameters<typeof operate>>
): Promise<Answer | string> {
  const asked = readDashboardEvent(event);
  if (asked?.kind !== 'ask') return operate(event, parts, invocation);
  try {
    return inWords(await operate(asked.params, parts, invocation), asked.params['action']);
  } catch (fault) {
    if (!(fault instanceof OperateRefused)) throw fault;
    // An answer and no fault: refusals are taken off the function's errors, and this is none.
    return html`<p><strong>Nothing was changed.</strong> ${fault.message}</p>`.text;
  }
}

type Tail<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

const DONE: Readonly<Record<string, string>> = {
  redeliver: 'pending again',
  replay: 'sent again',
  dismiss: 'dismissed',
  cancel: 'cancelled',
  expunge: 'erased',
};

function inWords(answer: Answer, action: unknown): string {
  const { order_id: orderId, matched, changed, refused, refused_count: refusedCount, complete } = answer;
  const named = Array.isArray(refused) ? refused.slice(0, NAMED) : [];
  return html`<p>${outcome(String(action), { matched, changed })}</p>
    ${complete === true ? undefined : html`<p>The order goes on by itself.</p>`}
    ${named.length === 0 ? undefined : html`<p>Refused: ${String(refusedCount)}. ${named.map((one) => html`<br />${refusal(one)}`)}</p>`}
    <p>
      Order ${String(orderId)}.
      ${complete === true ? undefined : html`<code>surehook orders</code> shows how far it is, and stops it.`} The
      widget shows what has changed once it is refreshed.
    </p>`.text;
}

function outcome(action: string, { matched, changed }: { matched: unknown; changed: unknown }): string {
  if (action === 'hold') {
    return changed === 1 ? 'Held: nothing of it is attempted until it is resumed.' : 'It was held already.';
  }
  if (action === 'resume') return changed === 1 ? 'Resumed: what was held goes out now.' : 'It was not held.';
  return `${String(changed)} of ${String(matched)} ${DONE[action] ?? 'done'}.`;
}

function refusal(one: unknown): string {
  const { delivery_id: id, because } = one as { delivery_id?: unknown; because?: unknown };
  return `delivery ${String(id)}: ${String(because)}`;
}
