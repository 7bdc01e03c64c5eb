import { readBacklog } from './backlog.ts';
import { concernedPage, readConcerned } from './concerned-page.ts';
import type { ConsoleParts, Reader, Route, Shown } from './console-parts.ts';
import { listDeliveries } from './delivery-list.ts';
import { deliveryContent, deliveryPage } from './delivery-page.ts';
import { type DeliveryRecord, readRecord } from './delivery-record.ts';
import { isId, linkOfForm, readSearch } from './delivery-search.ts';
import { createLocalPages } from './local-pages.ts';
import { endpointChangePage } from './endpoint-change-page.ts';
import { endpointFormFaults, readEndpointForm } from './endpoint-form.ts';
import { lookUpEndpoint, rehearseChange } from './endpoint-look.ts';
import { readEndpoints } from './endpoint-list.ts';
import { endpointsContent, endpointsPage } from './endpoints-page.ts';
import { readEndpointSearch } from './endpoint-search.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { type Told, toldAs } from './invoke-function.ts';
import { messageView } from './layout.ts';
import { isChosen, orderFormFaults, readOrderForm, toOrderRequest } from './order-form.ts';
import { orderPage } from './order-page.ts';
import { readOrders } from './order-record.ts';
import { ordersContent, ordersPage } from './orders-page.ts';
import { type Overview, overviewContent, overviewPage } from './overview-page.ts';
import { nameFaults, notUnderstood, refusedAs } from './query-faults.ts';
import { json, plainText, seeOther } from './respond.ts';
import { carriedChoice } from './search-bar.ts';
import { sharedLook } from './shared-look.ts';

const ORDERS_SHOWN = 20;
const ENDPOINTS_SHOWN = 100;
/** Several open pages share one look at the backlog. */
const BACKLOG_FRESH_MS = 1000;

/** The requests that only read. */
export function createConsolePages(parts: ConsoleParts): Route[] {
  return [
    ...deliveryPages(parts),
    ...concernedPages(parts),
    ...endpointPages(parts),
    ...orderPages(parts),
    ...(parts.local === undefined ? [] : createLocalPages(parts.local, parts)),
  ];
}

function deliveryPages(parts: ConsoleParts): Route[] {
  const { invoke, stack, origin, nowMs = Date.now } = parts;
  const backlog = sharedLook(async () => toldAs(await invoke('inspect', { action: 'backlog' }), readBacklog), {
    freshMs: BACKLOG_FRESH_MS,
    nowMs,
  });
  const overview = async (query: URLSearchParams, reader: Reader): Promise<Overview> => {
    const { search, faults } = readSearch(query, reader);
    const listed = faults.length > 0 ? notUnderstood(faults) : listDeliveries(invoke, search, reader.nowMs);
    const [figures, page] = await Promise.all([backlog(), listed]);
    return { search, backlog: figures, page, reader, parts };
  };
  const show = async (id: string, include: readonly string[]): Promise<Told<DeliveryRecord>> => {
    const request = { action: 'show', delivery_id: Number(id), ...(include.length > 0 && { include }) };
    return toldAs(await invoke('inspect', request), readRecord);
  };

  return [
    {
      path: /^\/$/,
      get: async ({ query, reader }) => {
        const link = linkOfForm(query, reader);
        return link === undefined
          ? { view: overviewPage(await overview(query, reader)) }
          : { answer: seeOther(`/${link}`) };
      },
    },
    {
      path: /^\/console\/deliveries\.json$/,
      get: async ({ query, reader }) => {
        const shown = await overview(query, reader);
        // The page keeps what it shows, and says that it is not connected.
        return shown.page.ok ? { live: overviewContent(shown) } : notLive(shown.page);
      },
    },
    {
      path: /^\/deliveries\/(\d+)$/,
      get: async ({ query, parameters: [id = ''], reader }) => {
        if (!isId(id)) return undefined;
        const told = await show(id, included(query));
        return told.ok
          ? { view: deliveryPage({ delivery: told.value, origin, stack, reader, local: parts.local }) }
          : notShown(told);
      },
    },
    {
      path: /^\/console\/deliveries\/(\d+)\.json$/,
      get: async ({ query, parameters: [id = ''] }) => {
        const told = isId(id) ? await show(id, included(query)) : undefined;
        return told && (told.ok ? { live: deliveryContent(told.value) } : notLive(told));
      },
    },
    {
      path: /^\/deliveries\/(\d+)\/payload$/,
      get: async ({ parameters: [id = ''] }) => {
        const told = isId(id) ? await show(id, ['payload']) : undefined;
        return told && (told.ok ? { answer: plainText(told.value.payload ?? '') } : notShown(told));
      },
    },
  ];
}

/** Whose deliveries a list shows. */
function concernedPages({ invoke }: ConsoleParts): Route[] {
  return [
    {
      path: /^\/concerned$/,
      get: async ({ query, reader }) => {
        const { search, faults } = readSearch(query, reader);
        if (faults.length > 0) return { view: concernedPage(notUnderstood(faults), search) };
        const carried = carriedChoice(search, reader.nowMs);
        if ('because' in carried || Object.keys(carried.selection).length === 0) return undefined;
        const request = { action: 'count', ...carried.selection, by: ['organization', 'endpoint'] };
        return { view: concernedPage(toldAs(await invoke('inspect', request), readConcerned), search) };
      },
    },
  ];
}

function endpointPages({ invoke }: ConsoleParts): Route[] {
  const look = async (query: URLSearchParams) => {
    const { search, faults } = readEndpointSearch(query);
    if (faults.length > 0) return { told: notUnderstood(faults), search };
    const request = {
      action: 'endpoints',
      limit: ENDPOINTS_SHOWN,
      ...(search.state !== undefined && { state: search.state }),
      ...(search.organizationId !== undefined && { organization_id: Number(search.organizationId) }),
      ...(search.after !== undefined && { after: search.after }),
    };
    return { told: toldAs(await invoke('inspect', request), readEndpoints), search };
  };
  return [
    { path: /^\/endpoints$/, get: async ({ query }) => ({ view: endpointsPage(await look(query)) }) },
    {
      path: /^\/console\/endpoints\.json$/,
      get: async ({ query }) => {
        const found = await look(query);
        return found.told.ok ? { live: endpointsContent(found) } : notLive(found.told);
      },
    },
    {
      path: /^\/endpoints\/change$/,
      get: async ({ query }) => {
        const form = readEndpointForm(query);
        if (form === undefined) return undefined;
        const faults = endpointFormFaults(query);
        if (faults.length > 0) return notShown(notUnderstood(faults));
        const [known, result] = await Promise.all([lookUpEndpoint(invoke, form), rehearseChange(invoke, form)]);
        return { view: endpointChangePage({ form, known, result }) };
      },
    },
  ];
}

function orderPages({ invoke, local }: ConsoleParts): Route[] {
  const canSweep = local !== undefined;
  const orders = async (query: URLSearchParams) => {
    const given = query.get('after') ?? '';
    const after = isId(given) ? given : undefined;
    const faults = [...nameFaults(query, ['after'])];
    if (given !== '' && after === undefined) faults.push('after: must be the number of an order');
    if (faults.length > 0) return { told: notUnderstood(faults), after, canSweep };
    const request = { action: 'orders', limit: ORDERS_SHOWN, ...(after === undefined ? {} : { after: Number(after) }) };
    return { told: toldAs(await invoke('inspect', request), readOrders), after, canSweep };
  };
  const order = async (id: string) => {
    const told = toldAs(await invoke('inspect', { action: 'orders', order_id: Number(id) }), readOrders);
    return { told, only: id, canSweep };
  };
  return [
    { path: /^\/orders$/, get: async ({ query }) => ({ view: ordersPage(await orders(query)) }) },
    {
      path: /^\/console\/orders\.json$/,
      get: async ({ query }) => {
        const found = await orders(query);
        return found.told.ok ? { live: ordersContent(found) } : notLive(found.told);
      },
    },
    {
      path: /^\/orders\/(\d+)$/,
      get: async ({ parameters: [id = ''] }) => (isId(id) ? { view: ordersPage(await order(id)) } : undefined),
    },
    {
      path: /^\/console\/orders\/(\d+)\.json$/,
      get: async ({ parameters: [id = ''] }) => {
        const found = isId(id) ? await order(id) : undefined;
        return found && (found.told.ok ? { live: ordersContent(found) } : notLive(found.told));
      },
    },
    {
      path: /^\/order$/,
      get: async ({ query, reader }) => {
        const form = readOrderForm(query);
        const faults = orderFormFaults(query);
        if (faults.length > 0) return { view: orderPage({ form, reader, refused: refusedAs(faults) }) };
        if (!isChosen(form)) return { view: orderPage({ form: { ...form, standing: 'true' }, reader }) };
        const counted = await invoke('operate', { ...toOrderRequest(form, reader), dry_run: true });
        return { view: orderPage({ form, reader, counted }) };
      },
    },
  ];
}

function included(query: URLSearchParams): readonly string[] {
  return query.get('include') === 'payload' ? ['payload'] : [];
}

type NotTold = Extract<Told<never>, { ok: false }>;

function notShown({ fault }: NotTold): Shown | undefined {
  const status = statusOf(fault);
  return status === 404 ? undefined : { view: messageView('No answer', faultCallout(fault), status) };
}

function notLive({ fault }: NotTold): Shown {
  return { answer: json({ error: fault.errorType }, statusOf(fault)) };
}
