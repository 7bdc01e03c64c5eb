import { faultCallout, statusOf } from './fault-words.ts';
import { clip, type Html, html } from './html.ts';
import type { Told } from './invoke-function.ts';
import type { View } from './layout.ts';
import { type LiveContent, type LiveElement, liveElement } from './live-element.ts';
import type { OrderList, OrderRecord, OrderState } from './order-record.ts';
import { shownTime } from './shown-time.ts';

/** What can be done with an order, by its state. */
export const ORDER_VERBS = ['pause', 'continue', 'stop'] as const;
type OrderVerb = (typeof ORDER_VERBS)[number];

const VERBS: Readonly<Record<OrderState, readonly OrderVerb[]>> = {
  running: ['pause', 'stop'],
  paused: ['continue', 'stop'],
  stopped: [],
  done: [],
  unknown: [],
};

/** `after` is the order behind which the page begins; with `only` there is but one. */
type Orders = {
  told: Told<OrderList>;
  after?: string | undefined;
  only?: string | undefined;
  /** Sweeping is of a stack on this machine. */
  canSweep: boolean;
};

/** Orders with their progress, and what is rarely needed. */
export function ordersPage(orders: Orders): View {
  const { elements, lists } = ordersContent(orders);
  const { told, after, only, canSweep } = orders;
  const query = after === undefined ? '' : `?after=${after}`;
  const isMissing = only !== undefined && told.ok && told.value.orders.length === 0;
  const status = told.ok ? (isMissing ? 404 : 200) : statusOf(told.fault);
  return {
    title: only === undefined ? 'Orders' : `Order ${only}`,
    place: 'orders',
    ...(status !== 422 && {
      refresh: only === undefined ? `/console/orders.json${query}` : `/console/orders/${only}.json`,
    }),
    status,
    content: html`${
        only === undefined
          ? html`<h1>Orders</h1>`
          : html`<p class="crumbs"><a href="/orders">Orders</a></p>
              <h1>Order ${only}</h1>`
      }
      <p>
        Whatever changes many deliveries is an order: it goes on by itself, and is kept with who gave it. A redelivery
        that is paused or stopped puts to rest what it has brought back and nobody has attempted.
      </p>
      ${only === undefined ? html`<p><a class="button" href="/order">Give an order…</a></p>` : undefined}
      <ol class="orders" data-list="orders">
        ${lists['orders']?.map((order) => order.markup)}
      </ol>
      ${elements['ending']?.markup} ${canSweep && only === undefined ? SWEEP : undefined}`,
  };
}

const SWEEP = html`<h2>Sweep</h2>
  <form method="post" action="/console/sweep" data-inline>
    <p>
      Every 5 minutes a sweep puts back due deliveries whose message was lost, and buries those that cannot be sent.
      <button>Sweep now</button>
    </p>
  </form>`;

/** The parts of the page that change while it is open. */
export function ordersContent({ told, after, only }: Orders): LiveContent {
  const orders = told.ok ? told.value.orders : [];
  return {
    elements: {
      ending: liveElement(
        { key: 'ending', tag: 'div', className: 'ending' },
        told.ok ? ending(told.value) : faultCallout(told.fault),
      ),
    },
    lists: { orders: orders.map(orderItem) },
  };

  function ending({ next }: OrderList): Html {
    const first = after === undefined ? undefined : html`<a href="/orders">To the newest</a>`;
    const more = next === undefined ? undefined : html`<a rel="next" href="/orders?after=${next}">Earlier ones →</a>`;
    const none = only === undefined ? 'No orders.' : 'There is no such order.';
    return html`${orders.length === 0 ? html`<p class="empty">${none}</p>` : undefined}
    ${only === undefined ? html`<p class="pager">${first} ${more}</p>` : undefined}`;
  }
}

function orderItem(order: OrderRecord): LiveElement {
  const { id, action, state, by, givenAt, note } = order;
  return liveElement(
    { key: `order-${id}`, tag: 'li', className: state },
    html`<div class="order" id="order-${id}">
      <p class="what">
        <a class="id" href="/orders/${id}">#${id}</a> <strong>${action}</strong>
        <span class="reason">${order.isPuttingToRest ? `${state}, putting to rest` : state}</span>
      </p>
      <p class="selection">${selectionWords(order)}</p>
      ${progress(order)}
      <p class="remark">
        Given ${shownTime(givenAt, 'relative')} (${shownTime(givenAt, 'clock')})
        ${by === undefined ? 'by somebody who gave no name' : html`by <bdi>${clip(by, 120)}</bdi>`}${
          order.finishedAt === undefined ? undefined : html`, finished ${shownTime(order.finishedAt, 'relative')}`
        }
      </p>
      ${note === undefined ? undefined : html`<p class="note"><bdi>${clip(note, 500)}</bdi></p>`} ${refusals(order)}
      ${verbs(order)}
    </div>`,
  );
}

function selectionWords({ selection, perSecond }: OrderRecord): Html {
  // The pace is said in words.
  const members = selection.filter(([name]) => name !== 'per_second' || perSecond === undefined);
  return html`${members.map(
    ([name, value]) => html`<span>${name.replaceAll('_', ' ')} ${selectedValue(name, value)}</span> `,
  )}${perSecond === undefined ? undefined : html`<span>${perSecond} a second to each host</span>`}`;
}

function selectedValue(name: string, value: string): Html {
  const at = /_(?:since|until)$/.test(name) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? html`<code><bdi>${clip(value, 120)}</bdi></code>` : shownTime(new Date(at), 'clock');
}

/** Of a redelivery that is paused or stopped only what was attempted is left: the others are at rest, or on their way there. */
function doneWords({ action, state, isPuttingToRest }: OrderRecord): string {
  const isLeft = action === 'redeliver' && (state === 'paused' || state === 'stopped') && !isPuttingToRest;
  return isLeft ? `brought back and attempted before it was ${state}` : (DONE[action] ?? 'done');
}

/** What has become of those that an order is done with. They are not yet sent: each waits its turn, at the order's pace. */
const DONE: Readonly<Record<string, string>> = {
  redeliver: 'brought back to be sent in turn',
  replay: 'made anew, to be sent in turn',
  dismiss: 'dismissed',
  cancel: 'cancelled',
  expunge: 'erased',
};

function progress(order: OrderRecord): Html {
  const { id, matched, done, refused, lastDueAt } = order;
  const [all, changed, not] = [matched, done, refused].map((figure) => figure.toLocaleString('en-US'));
  const figures = `${changed} of ${all} ${doneWords(order)}${refused === 0 ? '' : `, ${not} refused`}`;
  return html`<p class="progress">
    <progress aria-label="Progress of order ${id}" max="${Math.max(matched, 1)}" value="${done}"></progress>
    ${figures}${lastDueAt === undefined ? undefined : html`, the last of them due ${shownTime(lastDueAt, 'relative')} if nothing holds it`}
  </p>`;
}

function refusals({ refused, refusedNamed }: OrderRecord): Html | undefined {
  if (refusedNamed.length === 0) return undefined;
  const others = refused - refusedNamed.length;
  return html`<details>
    <summary>Refused</summary>
    <ul>
      ${refusedNamed.map(({ id, because }) =>
        /^\d+$/.test(id)
          ? html`<li><a href="/deliveries/${id}">#${id}</a> <bdi>${because}</bdi></li>`
          : html`<li>
              <code><bdi>${clip(id, 60)}</bdi></code> <bdi>${because}</bdi>
            </li>`,
      )}
      ${others > 0 ? html`<li>and ${others.toLocaleString('en-US')} more</li>` : undefined}
    </ul>
  </details>`;
}

function verbs({ id, state }: OrderRecord): Html | undefined {
  if (VERBS[state].length === 0) return undefined;
  return html`<form class="actions" method="post" action="/orders/${id}">
    ${VERBS[state].map(
      (verb) =>
        html`<button name="verb" value="${verb}" aria-label="${verb} order ${id}">
          ${verb.charAt(0).toUpperCase()}${verb.slice(1)}
        </button>`,
    )}
  </form>`;
}
