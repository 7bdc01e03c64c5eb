import { allReasons } from './delivery-phase.ts';
import { isRowId } from './delivery-search.ts';
import { type Html, html } from './html.ts';
import { type InvokeResult, answerFields } from './invoke-function.ts';
import { layout } from './layout.ts';

/** Which dead letters, named as in a redeliver order; empty means any. */
export type RedeliverForm = {
  organization_id: string;
  workflow_run_id: string;
  delivery_uuid: string;
  reason: string;
  endpoint_host: string;
  /** `YYYY-MM-DDTHH:MM` in UTC, the form that a `datetime-local` field gives. */
  dead_since: string;
  dead_until: string;
};

const FIELDS: readonly { name: keyof RedeliverForm; label: string; type: string }[] = [
  { name: 'endpoint_host', label: 'Endpoint host, in full', type: 'text' },
  { name: 'organization_id', label: 'Organization', type: 'text' },
  { name: 'workflow_run_id', label: 'Run', type: 'text' },
  { name: 'delivery_uuid', label: 'Delivery, by its UUID', type: 'text' },
  { name: 'dead_since', label: 'Dead since (UTC)', type: 'datetime-local' },
  { name: 'dead_until', label: 'Dead until (UTC)', type: 'datetime-local' },
];

export function readRedeliverForm(fields: URLSearchParams): RedeliverForm {
  const field = (name: keyof RedeliverForm): string => (fields.get(name) ?? '').trim().slice(0, 300);
  return {
    organization_id: field('organization_id'),
    workflow_run_id: field('workflow_run_id'),
    delivery_uuid: field('delivery_uuid'),
    reason: field('reason'),
    endpoint_host: field('endpoint_host'),
    dead_since: field('dead_since'),
    dead_until: field('dead_until'),
  };
}

/**
 * The form as first shown. If nothing is chosen, it covers everything dead by now, because the function accepts no empty
 * filter.
 */
export function openingForm(fields: URLSearchParams, nowMs: number): RedeliverForm {
  const form = readRedeliverForm(fields);
  const nextMinute = new Date(Math.ceil((nowMs + 1) / 60_000) * 60_000).toISOString().slice(0, 16);
  return Object.values(form).every((value) => value === '') ? { ...form, dead_until: nextMinute } : form;
}

/** The request for the operate function. Malformed values are sent unchanged: the function says what is wrong. */
export function toRedeliverRequest(form: RedeliverForm): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const name of ['organization_id', 'workflow_run_id'] as const) {
    const text = form[name];
    if (text !== '') request[name] = isRowId(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  if (form.delivery_uuid !== '') request['delivery_uuids'] = [form.delivery_uuid];
  if (form.reason !== '') request['reason'] = form.reason;
  if (form.endpoint_host !== '') request['endpoint_host'] = form.endpoint_host;
  for (const name of ['dead_since', 'dead_until'] as const) {
    if (form[name] !== '') request[name] = inUtc(form[name]);
  }
  return request;
}

/** @param result of a dry run, or of the redelivery itself */
export function redeliverPage(shown: { form: RedeliverForm; result?: InvokeResult; dryRun?: boolean }): Html {
  const { form, result } = shown;
  return layout(
    { title: 'Redeliver', place: 'deliveries' },
    html`<p class="crumbs"><a href="/?state=dead_letter">Dead letters</a></p>
      <h1>Redeliver dead letters</h1>
      <p>
        They become pending again. Attempts already made stay counted, each delivery gets the default number of further
        attempts, and each endpoint host gets 10 a second. Those that an operator cancelled are meant only by the reason
        <code>cancelled</code>. First count them, then decide.
      </p>
      <form class="send" method="post" action="/redeliver">
        <fieldset class="wide">
          <legend>Which</legend>
          <div class="field">
            <label for="reason">Reason</label
            ><select id="reason" name="reason">
              <option value="">any</option>
              ${allReasons().map(
                ([reason, words]) =>
                  html`<option value="${reason}" ${reason === form.reason ? html` selected` : undefined}>
                    ${reason}: ${words}
                  </option>`,
              )}
            </select>
          </div>
          ${FIELDS.map(
            ({ name, label, type }) =>
              html`<div class="field">
                <label for="${name}">${label}</label
                ><input id="${name}" name="${name}" type="${type}" value="${form[name]}" placeholder="any" />
              </div>`,
          )}
        </fieldset>
        <p class="actions"><button name="step" value="count">Count them</button></p>
      </form>
      ${result === undefined ? undefined : outcome({ form, result, dryRun: shown.dryRun === true })}`,
  );
}

function outcome({ form, result, dryRun }: { form: RedeliverForm; result: InvokeResult; dryRun: boolean }): Html {
  if (!result.ok) {
    return html`<div class="callout bad" role="alert">
      <p><strong>${result.errorType}</strong> <bdi>${result.errorMessage}</bdi></p>
    </div>`;
  }
  const { matched, changed, last_due_at: lastDueAt, complete, order_id: orderId } = answerFields(result.answer);
  // If time ran out, this is what was counted until then.
  const counted = `${complete === false ? 'at least ' : ''}${String(matched ?? '?')}`;
  if (!dryRun) {
    return html`<div class="callout" role="status">
      <p>
        ${String(changed ?? 0)} of ${counted} dead letters are
        <a href="/?state=pending">pending again</a
        >${typeof lastDueAt === 'string' ? html`, the last of them due at ${lastDueAt}` : undefined}.
        ${complete === false ? `Order ${String(orderId)} goes on by itself with the rest.` : undefined}
      </p>
    </div>`;
  }
  if (counted === '0') return html`<div class="callout" role="status"><p>No dead letter matches.</p></div>`;
  return html`<form class="callout" method="post" action="/redeliver">
    ${Object.entries(form).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <p role="status"><strong>${counted}</strong> dead ${matched === 1 ? 'letter matches' : 'letters match'}.</p>
    <button class="primary" name="step" value="redeliver">Redeliver ${String(matched ?? '')}</button>
  </form>`;
}

function inUtc(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00.000Z` : text;
}
