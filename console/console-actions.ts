import type { IncomingMessage } from 'node:http';
import { idAt, objectOf } from './answer-values.ts';
import type { ConsoleParts, Route, Shown } from './console-parts.ts';
import { isId } from './delivery-search.ts';
import { endpointChangePage } from './endpoint-change-page.ts';
import { endpointFormFaults, readEndpointForm, toEndpointRequest } from './endpoint-form.ts';
import { lookUpEndpoint } from './endpoint-look.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { type Html, html } from './html.ts';
import type { InvokeResult } from './invoke-function.ts';
import { messageView } from './layout.ts';
import { createLocalActions } from './local-actions.ts';
import { isOrderAction, orderFormFaults, readOrderForm, toOrderRequest } from './order-form.ts';
import { orderPage } from './order-page.ts';
import { ORDER_VERBS } from './orders-page.ts';
import { refusedAs } from './query-faults.ts';
import { seeOther } from './respond.ts';
import { isZone, machineZone, zoneCookie } from './time-zone.ts';

/** The requests that change something, once the guard has let them through. All changes go through the functions. */
export function createConsoleActions(parts: ConsoleParts): Route[] {
  const { invoke, local } = parts;
  const by = parts.by === undefined ? {} : { by: parts.by };
  return [
    {
      path: /^\/deliveries\/(\d+)\/redeliver$/,
      post: async ({ parameters: [id = ''] }) => {
        if (!isId(id)) return undefined;
        const result = await invoke('operate', { action: 'redeliver', delivery_ids: [Number(id)], ...by });
        return result.ok ? { answer: seeOther(`/deliveries/${id}`) } : refused(result);
      },
    },
    {
      path: /^\/orders\/(\d+)$/,
      post: async ({ fields, parameters: [id = ''] }) => {
        const verb = ORDER_VERBS.find((one) => one === fields.get('verb'));
        if (verb === undefined || !isId(id)) return undefined;
        const result = await invoke('operate', { action: verb, order_id: Number(id), ...by });
        if (!result.ok) return refused(result);
        const { nothing_done: isNothing, state } = objectOf(result.answer);
        if (isNothing !== true) return { answer: seeOther(`/orders/${id}`) };
        return { view: messageView('Nothing was changed', orderAsItIs(id, String(state)), 200) };
      },
    },
    {
      path: /^\/order$/,
      post: async ({ fields, reader }) => {
        if (!isOrderAction(fields.get('action') ?? 'redeliver')) return undefined;
        const form = readOrderForm(fields);
        const faults = orderFormFaults(fields);
        if (faults.length > 0) return { view: orderPage({ form, reader, refused: refusedAs(faults) }) };
        const request = { ...toOrderRequest(form, reader), ...by };
        if (fields.get('step') !== 'order') {
          const counted = await invoke('operate', { ...request, dry_run: true });
          return { view: orderPage({ form, reader, counted }) };
        }
        const result = await invoke('operate', request);
        if (!result.ok) return { view: orderPage({ form, reader, refused: result }) };
        const id = idAt(objectOf(result.answer), 'order_id');
        return { answer: seeOther(id === undefined ? '/orders' : `/orders/${id}`) };
      },
    },
    {
      path: /^\/endpoints\/change$/,
      post: async ({ fields }) => {
        const form = readEndpointForm(fields);
        if (form === undefined) return undefined;
        const faults = endpointFormFaults(fields);
        if (faults.length > 0) return refused(refusedAs(faults));
        const result = await invoke('operate', { ...toEndpointRequest(form), ...by });
        if (result.ok) return { answer: seeOther('/endpoints') };
        return { view: endpointChangePage({ form, known: await lookUpEndpoint(invoke, form), result }) };
      },
    },
    {
      path: /^\/console\/zone$/,
      post: async ({ fields, request }) => {
        const given = fields.get('zone') ?? '';
        const zone = isZone(given) ? given : machineZone();
        const back = seeOther(pageBefore(request));
        return { answer: { ...back, headers: { ...back.headers, 'set-cookie': zoneCookie(zone) } } };
      },
    },
    ...(local === undefined ? [] : createLocalActions(local, parts)),
  ];
}

/** Somebody was faster, or it has come to its end meanwhile. */
function orderAsItIs(id: string, state: string): Html {
  return html`<p>Order <a href="/orders/${id}">#${id}</a> is ${state}.</p>`;
}

function refused(result: Extract<InvokeResult, { ok: false }>): Shown {
  return { view: messageView('Nothing was changed', faultCallout(result), statusOf(result)) };
}

/** The page that a form was on; another site's address leads to the first page. */
function pageBefore({ headers: { referer, host } }: IncomingMessage): string {
  const url = URL.parse(referer ?? '');
  return url?.host === host && url !== null ? `${url.pathname}${url.search}` : '/';
}
