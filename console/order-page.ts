import { randomUUID } from 'node:crypto';
import { allReasons } from './delivery-phase.ts';
import { type Html, html } from './html.ts';
import { type InvokeResult, answerFields } from './invoke-function.ts';
import { layout } from './layout.ts';
import { ORDER_ACTIONS, type OrderForm } from './order-form.ts';

type Field = Exclude<keyof OrderForm, 'action' | 'order_key'>;

const FIELDS: readonly { name: Field; label: string; type: string }[] = [
  { name: 'endpoint_host', label: 'Endpoint host, in full', type: 'text' },
  { name: 'organization_id', label: 'Organization', type: 'text' },
  { name: 'workflow_run_id', label: 'Run', type: 'text' },
  { name: 'delivery_uuid', label: 'Delivery, by its UUID', type: 'text' },
  { name: 'dead_since', label: 'Dead since (UTC)', type: 'datetime-local' },
  { name: 'dead_until', label: 'Dead until (UTC)', type: 'datetime-local' },
  { name: 'note', label: 'Note, kept with the order', type: 'text' },
];
const STATUSES = ['pending', 'succeeded', 'dead_letter'];

/** @param result of a dry run, or of the order itself */
export function orderPage(shown: { form: OrderForm; result?: InvokeResult; dryRun?: boolean }): Html {
  const { form, result } = shown;
  return layout(
    { title: 'Order', place: 'orders' },
    html`<p class="crumbs"><a href="/orders">Orders</a></p>
      <h1>An order for many deliveries</h1>
      <p>
        First count them, then decide. Attempts already made stay counted, each delivery gets the default number of
        further attempts, and each endpoint host gets 10 a second. Dead letters that an operator cancelled are
        redelivered only by the reason <code>cancelled</code>.
      </p>
      <form class="send" method="post" action="/order">
        <fieldset class="wide">
          <legend>What, and which</legend>
          ${menu('action', 'Action', form.action, actionOptions())}
          ${menu('status', 'State', form.status, [['', 'any'], ...STATUSES.map((one) => [one, one] as const)])}
          ${menu('reason', 'Reason', form.reason, [['', 'any'], ...allReasons().map(([one, words]) => [one, `${one}: ${words}`] as const)])}
          ${FIELDS.map(
            ({ name, label, type }) =>
              html`<div class="field">
                <label for="${name}">${label}</label
                ><input
                  id="${name}"
                  name="${name}"
                  type="${type}"
                  value="${form[name]}"
                  placeholder="${name === 'note' ? 'none' : 'any'}"
                />
              </div>`,
          )}
        </fieldset>
        <p class="actions"><button name="step" value="count">Count them</button></p>
      </form>
      ${result === undefined ? undefined : outcome({ form, result, dryRun: shown.dryRun === true })}`,
  );
}

function actionOptions(): (readonly [string, string])[] {
  return Object.entries(ORDER_ACTIONS).map(([name, { label, does }]) => [name, `${label}: ${does}`]);
}

function menu(name: string, label: string, chosen: string, options: readonly (readonly [string, string])[]): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label
    ><select id="${name}" name="${name}">
      ${options.map(
        ([value, words]) =>
          html`<option value="${value}" ${value === chosen ? html` selected` : undefined}>${words}</option>`,
      )}
    </select>
  </div>`;
}

function outcome({ form, result, dryRun }: { form: OrderForm; result: InvokeResult; dryRun: boolean }): Html {
  if (!result.ok) {
    return html`<div class="callout bad" role="alert">
      <p><strong>${result.errorType}</strong> <bdi>${result.errorMessage}</bdi></p>
    </div>`;
  }
  const { label, done } = ORDER_ACTIONS[form.action];
  const { matched, changed, last_due_at: lastDueAt, complete, order_id: orderId } = answerFields(result.answer);
  // If time ran out, this is what was counted until then.
  const counted = `${complete === false ? 'at least ' : ''}${String(matched ?? '?')}`;
  if (!dryRun) {
    return html`<div class="callout" role="status">
      <p>
        ${String(changed ?? 0)} of ${counted} deliveries are
        ${done}${typeof lastDueAt === 'string' ? html`, the last of them due at ${lastDueAt}` : undefined}.
        ${complete === false ? 'The order goes on by itself with the rest.' : undefined}
        ${orderId === undefined ? undefined : html`<a href="/orders#order-${String(orderId)}">Order #${String(orderId)}</a>`}
      </p>
    </div>`;
  }
  if (counted === '0') return html`<div class="callout" role="status"><p>No delivery matches.</p></div>`;
  // Sent twice, it is the same order.
  const order = { ...form, order_key: `console-${randomUUID()}` };
  return html`<form class="callout" method="post" action="/order">
    ${Object.entries(order).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <p role="status"><strong>${counted}</strong> ${matched === 1 ? 'delivery matches' : 'deliveries match'}.</p>
    <button class="primary" name="step" value="order">${label} ${String(matched ?? '')}</button>
  </form>`;
}
