import { allReasons } from './delivery-phase.ts';
import { type DeliverySearch, type DeliveryState, searchQuery, searchTarget } from './delivery-search.ts';
import { type Html, html } from './html.ts';
import { ORDER_ACTIONS, type OrderAction } from './order-form.ts';

const TABS: readonly { state: DeliveryState | undefined; label: string; order: string }[] = [
  { state: undefined, label: 'All', order: 'newest first' },
  { state: 'pending', label: 'Pending', order: 'next due first' },
  { state: 'succeeded', label: 'Succeeded', order: 'newest first' },
  { state: 'dead_letter', label: 'Dead letters', order: 'most recently dead first' },
];

/** Tabs, search field and what can be done with everything found. */
export function searchBar(search: DeliverySearch): Html {
  const tabs = TABS.map(({ state, label }) => {
    const change = { state, after: undefined, reason: state === 'dead_letter' ? search.reason : undefined };
    const current = state === search.state ? html` aria-current="page"` : undefined;
    return html`<a href="/${searchQuery(search, change)}" ${current}>${label}</a>`;
  });
  return html`<div class="find">
    <nav class="tabs" aria-label="State">${tabs}</nav>
    <form method="get" action="/" role="search">
      ${search.state === undefined ? undefined : html`<input type="hidden" name="state" value="${search.state}" />`}
      <label class="unseen" for="q">Search</label>
      <input
        id="q"
        name="q"
        type="search"
        value="${search.text}"
        placeholder="Delivery, run, UUID or host"
        autocomplete="off"
        spellcheck="false"
        maxlength="200"
      />
      <label class="unseen" for="organization">Organization</label>
      <input
        id="organization"
        name="organization"
        class="short"
        value="${search.organizationId ?? ''}"
        placeholder="Organization"
        inputmode="numeric"
        pattern="\\d{1,19}"
        title="An organization's number"
        autocomplete="off"
      />
      ${search.state === 'dead_letter' ? reasonMenu(search.reason) : undefined}
      <button>Find</button>
    </form>
    ${orderLinks(search)}
  </div>`;
}

function reasonMenu(chosen: string | undefined): Html {
  return html`<label class="unseen" for="reason">Reason</label>
    <select id="reason" name="reason">
      <option value="">any reason</option>
      ${allReasons().map(
        ([reason]) => html`<option${reason === chosen ? html` selected` : undefined}>${reason}</option>`,
      )}
    </select>`;
}

/** What can be done with everything that a list shows, by its state; without a state, with what was searched for. */
const OFFERED: Readonly<Record<DeliveryState | 'all', readonly OrderAction[]>> = {
  pending: ['cancel'],
  succeeded: ['replay', 'expunge'],
  dead_letter: ['redeliver', 'dismiss', 'expunge'],
  all: ['expunge'],
};

/** The list's choice as an order's. What an order cannot choose as the list does is refused: it must never mean more. */
function orderLinks(search: DeliverySearch): Html | undefined {
  const carried = carriedChoice(search);
  if ('because' in carried) return html`<p class="remark">${carried.because}</p>`;
  if (carried.query.size === 0) return undefined;
  return html`<p class="offered">
    ${OFFERED[search.state ?? 'all'].map((action) => {
      const query = new URLSearchParams({ action, ...Object.fromEntries(carried.query) });
      return html`<a class="button" href="/order?${query.toString()}">${ORDER_ACTIONS[action].label} these…</a> `;
    })}
  </p>`;
}

function carriedChoice(search: DeliverySearch): { query: URLSearchParams } | { because: string } {
  const target = searchTarget(search.text);
  const query = new URLSearchParams();
  if (search.state !== undefined) query.set('status', search.state);
  switch (target.kind) {
    case 'everything':
      break;
    case 'host':
      query.set('endpoint_host', target.host);
      break;
    case 'run':
      query.set('workflow_run_id', target.id);
      break;
    case 'uuid':
      query.set('delivery_uuid', target.uuid);
      break;
    case 'number':
      return { because: `For an order, say which: run:${target.id}, or open the delivery.` };
    case 'host_part':
      return { because: 'For an order, name one host in full: host:a.example.' };
  }
  if (search.reason !== undefined) query.set('reason', search.reason);
  if (search.organizationId !== undefined) query.set('organization_id', search.organizationId);
  return { query };
}

/** In words, for the table's label. */
export function orderOf(search: DeliverySearch): string {
  return TABS.find(({ state }) => state === search.state)?.order ?? 'newest first';
}
