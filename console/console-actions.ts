import type { IncomingMessage } from 'node:http';
import type { ConsoleParts, Route } from './console-parts.ts';
import { isRowId } from './delivery-search.ts';
import { answerFields, answerLine, type InvokeResult } from './invoke-function.ts';
import { messagePage } from './layout.ts';
import { isOrderAction, readOrderForm, toOrderRequest } from './order-form.ts';
import { orderPage } from './order-page.ts';
import { ORDER_VERBS } from './orders-page.ts';
import { type Answer, json, page, seeOther } from './respond.ts';
import { sendPage } from './send-page.ts';
import { faultsByField, freshForm, readForm, toEnqueueRequest } from './send-request.ts';

/** Who gave an order, as it is kept with it. */
const BY = 'console';

/** The requests that change something, once the guard has let them through. All changes go through the functions. */
export function createConsoleActions(parts: ConsoleParts): Route[] {
  const { invoke, origin, nowMs = Date.now } = parts;
  const demo = parts.demoReceiver.choices;
  return [
    { path: /^\/send$/, post: async ({ fields }) => sendTest(parts, fields, nowMs()) },
    {
      path: /^\/console\/sweep$/,
      post: async ({ request }) => {
        const result = await invoke('sweep', {});
        const line = result.ok ? answerLine(result.answer) : '';
        return told(request, result, `Swept. ${line}`);
      },
    },
    {
      path: /^\/deliveries\/(\d+)\/redeliver$/,
      post: async ({ parameters: [id = ''] }) => {
        if (!isRowId(id) || !Number.isSafeInteger(Number(id))) return undefined;
        const result = await invoke('operate', { action: 'redeliver', delivery_ids: [Number(id)], by: BY });
        if (!result.ok) return page(messagePage(result.errorType, result.errorMessage), 422);
        return seeOther(`/deliveries/${id}`);
      },
    },
    {
      path: /^\/orders\/(\d+)$/,
      post: async ({ fields, parameters: [id = ''] }) => {
        const verb = ORDER_VERBS.find((one) => one === fields.get('verb'));
        if (verb === undefined || !Number.isSafeInteger(Number(id))) return undefined;
        const result = await invoke('operate', { action: verb, order_id: Number(id), by: BY });
        if (!result.ok) return page(messagePage(result.errorType, result.errorMessage), 422);
        return seeOther(`/orders#order-${id}`);
      },
    },
    {
      path: /^\/order$/,
      post: async ({ fields }) => {
        if (!isOrderAction(fields.get('action') ?? 'redeliver')) return undefined;
        const form = readOrderForm(fields);
        const dryRun = fields.get('step') !== 'order';
        const request = { ...toOrderRequest(form), by: BY, ...(dryRun ? { dry_run: true } : {}) };
        const result = await invoke('operate', request);
        return page(orderPage({ form, result, dryRun }), result.ok ? 200 : 422);
      },
    },
  ];

  async function sendTest({ invoke }: ConsoleParts, fields: URLSearchParams, now: number): Promise<Answer> {
    const form = readForm(fields);
    const made = toEnqueueRequest(form, now);
    if (!made.ok) {
      return page(
        sendPage({ form, origin, demo, result: { kind: 'refused', errorType: 'Not sent.', faults: made.faults } }),
        422,
      );
    }
    const result = await invoke('enqueue', made.request);
    if (!result.ok) {
      const faults = faultsByField(result.errorMessage);
      return page(
        sendPage({ form, origin, demo, result: { kind: 'refused', errorType: result.errorType, faults } }),
        422,
      );
    }
    const { delivery_id: id, created, warnings: given } = answerFields(result.answer);
    const warnings = Array.isArray(given) ? given.map(String) : [];
    const deliveryId = String(id);
    if (created === true && warnings.length === 0) return seeOther(`/deliveries/${deliveryId}`);
    return page(
      sendPage({
        form: freshForm(form.endpoint_url),
        origin,
        demo,
        result: { kind: 'accepted', deliveryId, created: created === true, warnings },
      }),
    );
  }
}

/** As JSON for the page's script, which shows it in place; otherwise as a page. */
function told(request: IncomingMessage, result: InvokeResult, done: string): Answer {
  const message = result.ok ? done : `${result.errorType}: ${result.errorMessage}`;
  if (request.headers.accept === 'application/json') return json({ ok: result.ok, message }, result.ok ? 200 : 422);
  return page(messagePage(result.ok ? 'Done' : 'It failed', message), result.ok ? 200 : 422);
}
