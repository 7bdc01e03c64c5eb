import type { Backlog } from './backlog.ts';
import { backlogSummary, type QueueDepth } from './backlog-summary.ts';
import { type DeliveryPage, PAGE_ROWS } from './delivery-list.ts';
import { deliveryRow } from './delivery-row.ts';
import { type DeliverySearch, searchQuery } from './delivery-search.ts';
import { firstSteps } from './first-steps.ts';
import { type Html, html } from './html.ts';
import { type ConsoleStack, layout } from './layout.ts';
import { type LiveContent, liveElement } from './live-element.ts';
import { orderOf, searchBar } from './search-bar.ts';

export type Overview = {
  search: DeliverySearch;
  backlog: Backlog;
  queues: readonly QueueDepth[];
  page: DeliveryPage;
  stack: ConsoleStack;
  origin: string;
};

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
            <th role="columnheader" scope="col">Organization</th>
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

/** The parts of the page that change while it is open. */
export function overviewContent(overview: Overview): LiveContent {
  const { page, search } = overview;
  return {
    elements: {
      summary: liveElement({ key: 'summary', tag: 'section', className: 'summary' }, backlogSummary(overview)),
      ending: liveElement({ key: 'ending', tag: 'div', className: 'ending' }, ending(overview)),
    },
    lists: { deliveries: page.deliveries.map((delivery) => deliveryRow(delivery, search)) },
  };
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
              >${page.stoppedLooking ? 'Searched 20,000 deliveries. Search further' : `Next ${PAGE_ROWS}`} →</a
            >`
      }
    </p>`;
}

function nothingFound(search: DeliverySearch, backlog: Backlog): string {
  if (search.text !== '' || search.reason !== undefined || search.organizationId !== undefined) {
    return 'No delivery matches. A number finds a delivery or the deliveries of a run, a UUID one delivery, host:a.example one host, anything else the hosts that contain it.';
  }
  if (search.state === 'dead_letter') return 'No dead letters: every delivery arrived or will be tried again.';
  if (search.state === 'pending') return 'Nothing is pending: everything accepted is done.';
  return backlog.inFlight.count > 0 ? 'None has succeeded yet; some are in flight.' : 'None has succeeded yet.';
}
