import type { Backlog } from './backlog.ts';
import { backlogSummary } from './backlog-summary.ts';
import type { ConsoleParts, Reader } from './console-parts.ts';
import { type DeliveryPage, PAGE_ROWS } from './delivery-list.ts';
import { CHOSEN_FORM, deliveryRow } from './delivery-row.ts';
import { type DeliverySearch, searchQuery } from './delivery-search.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { firstSteps } from './first-steps.ts';
import { type Html, html } from './html.ts';
import type { Told } from './invoke-function.ts';
import type { View } from './layout.ts';
import { type LiveContent, liveElement } from './live-element.ts';
import { ORDER_ACTIONS } from './order-form.ts';
import { offeredActions, orderOf, searchBar } from './search-bar.ts';
import { typedTime } from './typed-time.ts';

export type Overview = {
  search: DeliverySearch;
  backlog: Told<Backlog>;
  page: Told<DeliveryPage>;
  reader: Reader;
  parts: Pick<ConsoleParts, 'local' | 'origin'>;
};

const COLUMNS = ['State', 'Delivery', 'Organization', 'Endpoint', 'Attempts', 'When', 'Last error'];

export function overviewPage(overview: Overview): View {
  const { search, page, reader } = overview;
  const { elements, lists } = overviewContent(overview);
  const status = page.ok ? 200 : statusOf(page.fault);
  return {
    title: 'Deliveries',
    place: 'deliveries',
    // What was not understood is not understood later either.
    ...(status !== 422 && { refresh: `/console/deliveries.json${searchQuery(search)}` }),
    status,
    content: html`<h1 class="unseen">Deliveries</h1>
      ${elements['summary']?.markup} ${searchBar(search, reader, page.ok ? 'found' : 'not found')}
      ${status === 422 ? undefined : chosenForm(search)}
      <table class="deliveries" role="table" aria-label="Deliveries, ${orderOf(search)}">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" class="choose">
              <input type="checkbox" data-choose-all aria-label="Choose all on this page" hidden />
            </th>
            ${COLUMNS.map(
              (column) =>
                html`<th role="columnheader" scope="col" class="${column === 'Attempts' ? 'figure' : ''}">
                  ${column}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody role="rowgroup" data-list="deliveries">
          ${lists['deliveries']?.map((row) => row.markup)}
        </tbody>
      </table>
      ${elements['ending']?.markup}`,
  };
}

/** What can be done with the ticked ones. */
function chosenForm(search: DeliverySearch): Html {
  return html`<form id="${CHOSEN_FORM}" class="chosen" method="post" action="/order" data-chosen>
    <input type="hidden" name="step" value="count" />
    <span data-chosen-words>Ticked ones:</span>
    ${offeredActions(search).map(
      (action) => html`<button name="action" value="${action}">${ORDER_ACTIONS[action].label}…</button> `,
    )}
  </form>`;
}

/** The parts of the page that change while it is open. */
export function overviewContent(overview: Overview): LiveContent {
  const { page, search, backlog, parts, reader } = overview;
  const summary = backlogSummary({ backlog, local: parts.local, nowMs: reader.nowMs });
  return {
    elements: {
      summary: liveElement({ key: 'summary', tag: 'section', className: 'summary' }, summary),
      ending: liveElement({ key: 'ending', tag: 'div', className: 'ending' }, ending(overview)),
    },
    lists: { deliveries: page.ok ? page.value.deliveries.map((delivery) => deliveryRow(delivery, search)) : [] },
  };
}

function ending({ page, search, parts, reader }: Overview): Html {
  if (!page.ok) return faultCallout(page.fault);
  const { deliveries, next, unreadable } = page.value;
  const isEmpty = deliveries.length === 0;
  if (isEmpty && unreadable === 0 && searchQuery(search) === '') {
    return parts.local === undefined
      ? html`<p class="empty">No deliveries yet.</p>`
      : firstSteps(parts.local, parts.origin);
  }
  const first = html`<a href="/${searchQuery(search, { after: undefined })}">To the first page</a>`;
  const further = deliveries.length < PAGE_ROWS ? 'Looked as long as a page may. Look further' : `Next ${PAGE_ROWS}`;
  return html`${isEmpty && next === undefined ? html`<p class="empty">${nothingFound(search)}</p>` : undefined}
    ${unreadable === 0 ? undefined : html`<p class="remark">${unreadable} not shown: their ids are beyond what JSON has exact numbers for.</p>`}
    <p class="pager">
      ${search.after === undefined ? undefined : first}
      ${
        next === undefined
          ? undefined
          : html`<a rel="next" href="/${searchQuery(absolute(search, reader), { after: next })}">${further} →</a>`
      }
    </p>`;
}

/** The pages of a walk share one range, whatever the time meanwhile. */
function absolute(search: DeliverySearch, { nowMs }: Reader): DeliverySearch {
  const instant = (text: string | undefined) =>
    text === undefined ? undefined : typedTime(text, { zone: 'UTC', nowMs })?.toISOString();
  return { ...search, since: instant(search.since), until: instant(search.until) };
}

function nothingFound({ state, ...search }: DeliverySearch): string {
  const { text, reason, organizationId, since, until, phase, heldBy } = search;
  if ([reason, organizationId, since, until, phase, heldBy].some((one) => one !== undefined) || text !== '') {
    return 'No delivery matches. A number finds a delivery and the deliveries of a run, a UUID one delivery, anything else a host by its full name.';
  }
  if (state === 'dead_letter') return 'No dead letters: every delivery arrived or will be tried again.';
  return state === 'pending' ? 'Nothing is pending: everything accepted is done.' : 'None has succeeded yet.';
}
