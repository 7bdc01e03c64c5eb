import type { Backlog, Count } from './backlog.ts';
import { type DeliveryPage, PAGE_ROWS } from './delivery-list.ts';
import { deliveryRow } from './delivery-row.ts';
import { allReasons } from './delivery-phase.ts';
import { type DeliverySearch, type DeliveryState, searchQuery, searchTarget } from './delivery-search.ts';
import { firstSteps } from './first-steps.ts';
import { type Html, html } from './html.ts';
import { type ConsoleStack, layout } from './layout.ts';
import { type LiveContent, liveElement } from './live-element.ts';
import { shownTime } from './shown-time.ts';

/** Messages of one queue. */
export type QueueDepth = { name: string; visible: number; inFlight: number; delayed: number };

export type Overview = {
  search: DeliverySearch;
  backlog: Backlog;
  queues: readonly QueueDepth[];
  page: DeliveryPage;
  stack: ConsoleStack;
  origin: string;
};

const TABS: readonly { state: DeliveryState | undefined; label: string; order: string }[] = [
  { state: undefined, label: 'All', order: 'newest first' },
  { state: 'pending', label: 'Pending', order: 'next due first' },
  { state: 'succeeded', label: 'Succeeded', order: 'newest first' },
  { state: 'dead_letter', label: 'Dead letters', order: 'last to die first' },
];

export function overviewPage(overview: Overview): Html {
  const { search } = overview;
  const { elements, lists } = overviewContent(overview);
  return layout(
    { title: 'Deliveries', place: 'deliveries', refresh: `/console/deliveries.json${searchQuery(search)}` },
    html`<h1 class="unseen">Deliveries</h1>
      ${elements['summary']?.markup} ${searchBar(search)}
      <table class="deliveries" role="table" aria-label="Deliveries, ${orderOf(search)}">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">State</th>
            <th role="columnheader" scope="col">Delivery</th>
            <th role="columnheader" scope="col">Endpoint</th>
            <th role="columnheader" scope="col" class="figure">Attempts</th>
            <th role="columnheader" scope="col">When</th>
            <th role="columnheader" scope="col">Last error</th>
          </tr>
        </thead>
        <tbody role="rowgroup" data-list="deliveries">
          ${lists['deliveries']?.map((row) => row.markup)}
        </tbody>
      </table>
      ${elements['ending']?.markup}`,
  );
}

/** What of the page changes while it is open. */
export function overviewContent(overview: Overview): LiveContent {
  const { backlog, page, search } = overview;
  return {
    elements: {
      summary: liveElement({ key: 'summary', tag: 'section', className: 'summary' }, summary(overview)),
      ending: liveElement({ key: 'ending', tag: 'div', className: 'ending' }, ending(overview)),
    },
    lists: { deliveries: page.deliveries.map((delivery) => deliveryRow(delivery, search)) },
    deadLetters: backlog.deadLetters.count,
  };
}

function summary({ backlog, queues, stack }: Overview): Html {
  const dead = backlog.deadLetters.count > 0;
  return html`<dl class="tiles">
      ${tile({ label: 'Due now', count: backlog.due, link: '/?state=pending' }, backlog.oldestDueAt && html`oldest ${shownTime(backlog.oldestDueAt, 'relative')}`)}
      ${tile({ label: 'In flight', count: backlog.inFlight }, undefined)}
      ${tile({ label: 'Due later', count: backlog.later, link: '/?state=pending' }, undefined)}
      ${tile({ label: 'Succeeded', count: backlog.succeededLastHour, link: '/?state=succeeded' }, html`in the last hour`)}
      ${tile({ label: 'Dead letters', count: backlog.deadLetters, link: '/?state=dead_letter', className: dead ? 'alarming' : 'calm' }, dead ? html`will not be retried` : html`none`)}
    </dl>
    <div class="queues">
      <table>
        <thead>
          <tr>
            <th scope="col">Queues</th>
            <th scope="col">waiting</th>
            <th scope="col">in flight</th>
            <th scope="col">delayed</th>
          </tr>
        </thead>
        <tbody>
          ${queues.map(
            (queue) =>
              html`<tr>
                <th scope="row" title="${queue.name}">${queueLabel(queue.name, stack)}</th>
                ${[queue.visible, queue.inFlight, queue.delayed].map(
                  (messages) => html`<td class="${messages === 0 ? 'zero' : 'some'}">${grouped(messages)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function tile(
  about: { label: string; count: Count; link?: string; className?: string },
  remark: Html | undefined,
): Html {
  const { label, count, link, className = 'calm' } = about;
  const figure = html`${grouped(count.count)}${count.orMore ? '+' : ''}`;
  return html`<div class="tile ${className}">
    <dt>${link === undefined ? label : html`<a href="${link}">${label}</a>`}</dt>
    <dd class="number">${figure}</dd>
    <dd class="remark">${remark}</dd>
  </div>`;
}

/** `deliveryDeadLetters` → `delivery dead letters`; a queue of no known role by its name. */
function queueLabel(name: string, stack: ConsoleStack): string {
  const role = Object.entries(stack.queues).find(([, physical]) => physical === name)?.[0];
  return role === undefined ? name : role.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function searchBar(search: DeliverySearch): Html {
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
      ${search.state === 'dead_letter' ? reasonMenu(search.reason) : undefined}
      <button>Find</button>
    </form>
    ${search.state === 'dead_letter' ? redeliverLink(search) : undefined}
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

/** The same choice as the list's, as far as it is one that the redeliver function understands. */
function redeliverLink(search: DeliverySearch): Html {
  const target = searchTarget(search.text);
  const query = new URLSearchParams();
  if (target.kind === 'host') query.set('endpoint_host', target.part);
  if (search.reason !== undefined) query.set('reason', search.reason);
  if (search.organizationId !== undefined) query.set('organization_id', search.organizationId);
  return html`<a class="button" href="/redeliver?${query.toString()}">Redeliver these…</a>`;
}

function ending({ page, search, stack, origin, backlog }: Overview): Html {
  const filtered = searchQuery(search) !== '';
  if (page.deliveries.length === 0 && !filtered) return firstSteps(stack, origin);
  const newest = html`<a href="/${searchQuery(search, { after: undefined })}">To the first page</a>`;
  return html`${page.deliveries.length === 0 ? html`<p class="empty">${nothingFound(search, backlog)}</p>` : undefined}
    <p class="pager">
      ${search.after === undefined ? undefined : newest}
      ${
        page.next === undefined
          ? undefined
          : html`<a rel="next" href="/${searchQuery(search, { after: page.next })}"
              >${page.stoppedLooking ? 'Looked at 20,000 deliveries. Look further' : `Next ${PAGE_ROWS}`} →</a
            >`
      }
    </p>`;
}

function nothingFound(search: DeliverySearch, backlog: Backlog): string {
  if (search.text !== '' || search.reason !== undefined || search.organizationId !== undefined) {
    return 'No delivery matches. A number finds a delivery or the deliveries of a run, a UUID one delivery, anything else the hosts that contain it.';
  }
  if (search.state === 'dead_letter') return 'No dead letters: every delivery arrived or will be tried again.';
  if (search.state === 'pending') return 'Nothing is pending: all that was accepted is done.';
  return backlog.inFlight.count > 0 ? 'None has succeeded yet; some are in flight.' : 'None has succeeded yet.';
}

function orderOf(search: DeliverySearch): string {
  return TABS.find(({ state }) => state === search.state)?.order ?? 'newest first';
}

function grouped(figure: number): string {
  return figure.toLocaleString('en-US');
}
