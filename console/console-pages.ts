import { createBacklogReader } from './backlog.ts';
import type { ConsoleParts, Route } from './console-parts.ts';
import { deliveryContent, deliveryPage } from './delivery-page.ts';
import { listDeliveries } from './delivery-list.ts';
import { readDelivery, readPayload } from './delivery-record.ts';
import { isRowId, readSearch } from './delivery-search.ts';
import { demoReceiverContent, demoReceiverPage } from './demo-receiver-page.ts';
import { eventsContent, eventsPage } from './events-page.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { liveJson } from './live-element.ts';
import { type Overview, overviewContent, overviewPage } from './overview-page.ts';
import { ordersContent, ordersPage } from './orders-page.ts';
import { openingForm } from './order-form.ts';
import { orderPage } from './order-page.ts';
import { json, page, plainText } from './respond.ts';
import { sendPage } from './send-page.ts';
import { freshForm } from './send-request.ts';

const ORDERS_SHOWN = 20;

/** The requests that only read. */
export function createConsolePages(parts: ConsoleParts): Route[] {
  return [...deliveryPages(parts), ...orderPages(parts), ...otherPages(parts)];
}

function deliveryPages({ database, queues, stack, origin, nowMs = Date.now }: ConsoleParts): Route[] {
  const readBacklog = createBacklogReader(database, nowMs);
  const overview = async (query: URLSearchParams): Promise<Overview> => {
    const search = readSearch(query);
    const [backlog, found] = await Promise.all([readBacklog(), listDeliveries(database, search)]);
    return { search, backlog, page: found, queues: queues(), stack, origin };
  };
  const delivery = async (id = '') => (isRowId(id) ? readDelivery(database, id) : undefined);

  return [
    { path: /^\/$/, get: async (query) => page(overviewPage(await overview(query))) },
    {
      path: /^\/console\/deliveries\.json$/,
      get: async (query) => json(liveJson(overviewContent(await overview(query)))),
    },
    {
      path: /^\/deliveries\/(\d+)$/,
      get: async (_query, [id]) => {
        const found = await delivery(id);
        return found && page(deliveryPage(found));
      },
    },
    {
      path: /^\/console\/deliveries\/(\d+)\.json$/,
      get: async (_query, [id]) => {
        const found = await delivery(id);
        return found && json(liveJson(deliveryContent(found)));
      },
    },
    {
      path: /^\/deliveries\/(\d+)\/payload$/,
      get: async (_query, [id = '']) => {
        const payload = isRowId(id) ? await readPayload(database, id) : undefined;
        return payload === undefined ? undefined : plainText(payload);
      },
    },
  ];
}

function orderPages({ invoke }: ConsoleParts): Route[] {
  const orders = async (query: URLSearchParams) => {
    const given = query.get('after') ?? '';
    const after = isRowId(given) && Number.isSafeInteger(Number(given)) ? given : undefined;
    const request = { action: 'orders', limit: ORDERS_SHOWN, ...(after === undefined ? {} : { after: Number(after) }) };
    return { result: await invoke('inspect', request), after };
  };
  return [
    {
      path: /^\/orders$/,
      get: async (query) => {
        const found = await orders(query);
        return page(ordersPage(found), found.result.ok ? 200 : 503);
      },
    },
    {
      path: /^\/console\/orders\.json$/,
      get: async (query) => {
        const found = await orders(query);
        // The page keeps what it shows, and says that it is not connected.
        return json(liveJson(ordersContent(found)), found.result.ok ? 200 : 503);
      },
    },
  ];
}

function otherPages({ origin, demoReceiver, events, nowMs = Date.now }: ConsoleParts): Route[] {
  const demo = demoReceiver.choices;
  return [
    {
      path: /^\/send$/,
      get: async (query) => {
        const to = query.get('to') ?? '/demo/ok';
        return page(sendPage({ form: freshForm(to.startsWith('/demo/') ? `${origin}${to}` : to), origin, demo }));
      },
    },
    { path: /^\/order$/, get: async (query) => page(orderPage({ form: openingForm(query, nowMs()) })) },
    { path: /^\/events$/, get: async () => page(eventsPage(events?.())) },
    { path: /^\/console\/events-shown\.json$/, get: async () => json(liveJson(eventsContent(events?.()))) },
    { path: /^\/demo-receiver$/, get: async () => page(demoReceiverPage(demoReceiver)) },
    {
      path: /^\/console\/demo-receiver\.json$/,
      get: async () => json(liveJson(demoReceiverContent(demoReceiver))),
    },
    // If the template has a dashboard, local/dashboard answers before this.
    {
      path: /^\/dashboard$/,
      get: async () =>
        page(
          layout(
            { title: 'Dashboard', place: 'dashboard' },
            html`<h1>Dashboard</h1>
              <p class="empty">This stack has no dashboard.</p>`,
          ),
        ),
    },
  ];
}
