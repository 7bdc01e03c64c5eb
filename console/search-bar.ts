import { allReasons } from './delivery-phase.ts';
import {
  type DeliverySearch,
  type DeliveryState,
  filterMembers,
  PENDING_PHASES,
  searchQuery,
  searchTarget,
  targetMembers,
} from './delivery-search.ts';
import { type Html, html } from './html.ts';
import { ORDER_ACTIONS, type OrderAction, orderLink } from './order-form.ts';
import { TIME_EXAMPLES, asTyped } from './typed-time.ts';
import { type Zone, zoneName } from './time-zone.ts';

const TABS: readonly { state: DeliveryState | undefined; label: string; order: string }[] = [
  { state: undefined, label: 'All', order: 'newest first' },
  { state: 'pending', label: 'Pending', order: 'next due first' },
  { state: 'succeeded', label: 'Succeeded', order: 'newest first' },
  { state: 'dead_letter', label: 'Dead letters', order: 'most recently dead first' },
];
const PHASE_LABELS = {
  due: 'due now',
  in_flight: 'in flight',
  later: 'due later',
  behind: 'behind another',
  held: 'held',
} as const;

type Reader = { zone: Zone; nowMs: number };

/** Tabs, search fields and what can be done with everything found. */
export function searchBar(search: DeliverySearch, reader: Reader, list: 'found' | 'not found'): Html {
  return html`<div class="find">
    <nav class="tabs" aria-label="State">
      ${TABS.map(({ state, label }) => {
        const change = {
          state,
          phase: undefined,
          heldBy: undefined,
          standing: false,
          reason: undefined,
          after: undefined,
        };
        const current = state === search.state ? html` aria-current="page"` : undefined;
        return html`<a href="/${searchQuery(search, change)}" ${current}>${label}</a>`;
      })}
    </nav>
    <form method="get" action="/" role="search">
      ${hidden('state', search.state)} ${hidden('held_by', search.heldBy)}
      <label class="unseen" for="q">Search</label>
      <input
        id="q"
        name="q"
        type="search"
        value="${search.text}"
        placeholder="Id, run, UUID or host"
        title="42, run:42, a UUID, a host; or node:, name:, key:, credential:, url:"
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
        pattern="\\d{1,16}"
        title="An organization's number"
        autocomplete="off"
      />
      ${narrower(search)} ${times(search, reader)}
      <button>Find</button>
      ${search.heldBy === undefined ? undefined : html`<span class="remark">held by one endpoint</span>`}
    </form>
    ${list === 'found' ? orderLinks(search, reader) : undefined}
  </div>`;
}

function hidden(name: string, value: string | undefined): Html | undefined {
  return value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}" />`;
}

/** What only one state can be asked for. */
function narrower({ state, phase, standing, reason }: DeliverySearch): Html | undefined {
  if (state === 'pending') {
    const options = PENDING_PHASES.map((one) => [one, PHASE_LABELS[one]] as const);
    return menu('phase', 'Where it waits', phase, [['', 'all pending'], ...options]);
  }
  if (state !== 'dead_letter') return undefined;
  return html`${menu('standing', 'Dealt with or not', standing ? '1' : '', [
    ['', 'all dead letters'],
    ['1', 'to be dealt with'],
  ])}
  ${menu('reason', 'Reason', reason, [['', 'any reason'], ...allReasons().map(([one]) => [one, one] as const)])}`;
}

function menu(name: string, label: string, chosen = '', options: readonly (readonly [string, string])[]): Html {
  return html`<label class="unseen" for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${options.map(
        ([value, words]) =>
          html`<option value="${value}" ${value === chosen ? html` selected` : undefined}>${words}</option>`,
      )}
    </select>`;
}

function times(search: DeliverySearch, { zone, nowMs }: Reader): Html {
  const name = zoneName(new Date(nowMs), zone);
  const what = search.state === 'dead_letter' ? 'died' : 'accepted';
  const field = (member: 'since' | 'until'): Html => {
    const given = search[member] ?? '';
    const shown = given.endsWith('Z') && !Number.isNaN(Date.parse(given)) ? asTyped(new Date(given), zone) : given;
    return html`<label for="${member}">${member === 'since' ? `${what} since` : 'until'}</label
      ><input
        id="${member}"
        name="${member}"
        class="time"
        value="${shown}"
        placeholder="any time"
        title="${TIME_EXAMPLES} (${name})"
        autocomplete="off"
        spellcheck="false"
      />`;
  };
  return html`<span class="times">${field('since')}${field('until')}<span class="word">${name}</span></span>`;
}

/** What can be done with everything that a list shows, by its state; without a state, with what was searched for. */
const OFFERED: Readonly<Record<DeliveryState | 'all', readonly OrderAction[]>> = {
  pending: ['cancel'],
  succeeded: ['replay', 'expunge'],
  dead_letter: ['redeliver', 'replay', 'dismiss', 'expunge'],
  all: ['expunge'],
};

/** What can be done with those of a list that were ticked. */
export function offeredActions({ state }: DeliverySearch): readonly OrderAction[] {
  return state === undefined ? ['redeliver', 'replay', 'dismiss', 'cancel', 'expunge'] : OFFERED[state];
}

/** The list's choice as an order's. What an order cannot choose as the list does is refused: it must never mean more. */
function orderLinks(search: DeliverySearch, { nowMs }: Reader): Html | undefined {
  const carried = carriedChoice(search, nowMs);
  if ('because' in carried) return html`<p class="remark">${carried.because}</p>`;
  if (Object.keys(carried.selection).length === 0) return undefined;
  const concerned = searchQuery(search, { after: undefined });
  return html`<p class="offered">
    <a class="button" href="/concerned${concerned}">Who is concerned?</a>
    ${OFFERED[search.state ?? 'all'].map(
      (action) =>
        html`<a class="button" href="${orderLink(action, carried.selection)}" title="${ORDER_ACTIONS[action].does}"
          >${ORDER_ACTIONS[action].label} these…</a
        > `,
    )}
  </p>`;
}

/** The selection of a list. */
export function carriedChoice(
  search: DeliverySearch,
  nowMs: number,
): { selection: Record<string, unknown> } | { because: string } {
  const target = searchTarget(search.text);
  if (target.kind === 'number') return { because: `For an order, say which: run:${target.id}, or tick the delivery.` };
  if (search.phase !== undefined || search.heldBy !== undefined) {
    const elsewhere = PENDING_PHASES.filter((one) => one !== (search.phase ?? 'held')).map((one) => PHASE_LABELS[one]);
    return {
      because: `What waits where changes by the moment: for an order, tick deliveries. One for all pending ones would also concern those that are ${elsewhere.join(', ')}.`,
    };
  }
  return { selection: { ...filterMembers(search, nowMs), ...targetMembers(target) } };
}

/** In words, for the table's label. */
export function orderOf(search: DeliverySearch): string {
  return TABS.find(({ state }) => state === search.state)?.order ?? 'newest first';
}
