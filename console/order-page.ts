import { randomUUID } from 'node:crypto';
import { idAt, listAt, objectOf } from './answer-values.ts';
import type { Reader } from './console-parts.ts';
import { allReasons } from './delivery-phase.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { clip, type Html, html } from './html.ts';
import type { InvokeResult } from './invoke-function.ts';
import type { View } from './layout.ts';
import {
  type Choice,
  isPaced,
  ORDER_ACTIONS,
  type OrderAction,
  type OrderForm,
  orderLink,
  settledForm,
} from './order-form.ts';
import { asTyped, TIME_EXAMPLES } from './typed-time.ts';
import { zoneName } from './time-zone.ts';

type Field = { name: Choice; label: string };

const FIELDS: readonly Field[] = [
  { name: 'organization_id', label: 'Organization' },
  { name: 'endpoint_host', label: 'Endpoint host, in full' },
  { name: 'workflow_run_id', label: 'Run' },
];
const TIMES: readonly Field[] = [
  { name: 'created_since', label: 'Accepted since' },
  { name: 'created_until', label: 'Accepted until' },
  { name: 'dead_since', label: 'Died since' },
  { name: 'dead_until', label: 'Died until' },
];
const RARE: readonly Field[] = [
  { name: 'delivery_ids', label: 'Deliveries, by their numbers' },
  { name: 'delivery_uuids', label: 'Deliveries, by their UUIDs' },
  { name: 'webhook_node_id', label: 'Node' },
  { name: 'webhook_name', label: 'Name' },
  { name: 'credential_uuid', label: 'Credential' },
  { name: 'endpoint_url', label: 'Endpoint URL' },
];
const STATUSES = ['pending', 'succeeded', 'dead_letter'];

/** @param counted the answer to the dry run, if there was one */
export function orderPage(shown: {
  form: OrderForm;
  reader: Reader;
  counted?: InvokeResult;
  refused?: InvokeResult;
}): View {
  const { form, counted, refused } = shown;
  const isCounted = counted?.ok === true && refused === undefined;
  const failed = [refused, counted].find((result) => result?.ok === false);
  return {
    title: 'Order',
    place: 'orders',
    status: failed === undefined || failed.ok ? 200 : statusOf(failed),
    content: html`<p class="crumbs"><a href="/orders">Orders</a></p>
      <h1>An order for many deliveries</h1>
      ${failed === undefined || failed.ok ? undefined : faultCallout(failed)}
      ${isCounted ? confirmation(shown, counted.answer) : undefined} ${isCounted ? undefined : explained(shown)}
      ${choiceForm(form, shown.reader)}`,
  };
}

/** What the action means that was chosen, or each, where nobody has chosen yet: its menu explains none. */
function explained({
  form,
  counted,
  refused,
}: {
  form: OrderForm;
  counted?: InvokeResult;
  refused?: InvokeResult;
}): Html {
  const isChosen = counted !== undefined || refused !== undefined;
  if (isChosen) return html`<p>${sentence(form.action)}</p>`;
  return html`<dl class="facts">
      ${Object.values(ORDER_ACTIONS).map(
        ({ label, does, means }) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${does}. ${means}</dd>
          </div>`,
      )}
    </dl>
    <p>First count them, then decide.</p>`;
}

function sentence(action: OrderAction): string {
  const { label, does, means } = ORDER_ACTIONS[action];
  return `${label} ${does}. ${means}`;
}

function choiceForm(form: OrderForm, reader: Reader): Html {
  const zone = zoneName(new Date(reader.nowMs), reader.zone);
  const timed = { ...form, ...Object.fromEntries(TIMES.map(({ name }) => [name, typedAgain(form[name], reader)])) };
  return html`<form class="send" method="get" action="/order">
    <fieldset class="wide">
      <legend>What, and which</legend>
      ${menu('action', 'Action', form.action, actionOptions())}
      ${menu('status', 'State', form.status, [['', 'any'], ...STATUSES.map((one) => [one, one] as const)])}
      ${menu('standing', 'Dealt with', form.standing, [
        ['', 'or not'],
        ['true', 'not: dead letters that stand'],
      ])}
      ${menu('reason', 'Reason', form.reason, [['', 'any'], ...allReasons().map(([one]) => [one, one] as const)])}
      ${FIELDS.map((field) => input(field, form))}
    </fieldset>
    <fieldset class="wide">
      <legend>When, in ${zone}</legend>
      ${TIMES.map(({ name, label }) => input({ name, label: `${label} (${zone})` }, timed, TIME_EXAMPLES))}
    </fieldset>
    <details class="wide" ${RARE.some(({ name }) => form[name] !== '') ? html` open` : undefined}>
      <summary>More ways to choose</summary>
      <fieldset class="wide">${RARE.map((field) => input(field, form))}</fieldset>
    </details>
    <p class="actions"><button>Count them</button></p>
  </form>`;
}

/** An instant as the reader's clocks show it. */
function typedAgain(text: string, { zone }: Reader): string {
  const isInstant = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text));
  return isInstant ? asTyped(new Date(text), zone) : text;
}

function input({ name, label }: Field, form: OrderForm, placeholder = 'any'): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label
    ><input id="${name}" name="${name}" value="${form[name]}" placeholder="${placeholder}" autocomplete="off" />
  </div>`;
}

function actionOptions(): (readonly [string, string])[] {
  return Object.entries(ORDER_ACTIONS).map(([name, { label }]) => [name, label]);
}

function menu(name: string, label: string, chosen: string, options: readonly (readonly [string, string])[]): Html {
  return html`<div class="field">
    <label for="${name}">${label}</label
    ><select id="${name}" name="${name}">
      ${options.map(
        ([value, words]) =>
          html`<option value="${value}" ${value === chosen ? html` selected` : undefined}>${words}</option>`,
      )}
    </select>
  </div>`;
}

/** What was counted, and the button that does it. */
function confirmation({ form, reader }: { form: OrderForm; reader: Reader }, answer: unknown): Html {
  const counted = objectOf(answer);
  const matched = idAt(counted, 'matched') ?? '?';
  // If time ran out, this is what was counted until then.
  const least = counted['complete'] === false ? 'at least ' : '';
  const { label } = ORDER_ACTIONS[form.action];
  const left = refusals(listAt(counted, 'refused'));
  if (matched === '0' && least === '')
    return html`<div class="callout" role="status">
      <p>No delivery matches.</p>
      ${left}
    </div>`;
  // Sent twice, it is the same order.
  const { note, per_second: pace, ...order } = { ...settledForm(form, reader), order_key: `console-${randomUUID()}` };
  return html`<form class="callout confirm" method="post" action="/order">
    ${Object.entries(order)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <p role="status">
      <strong>${least}${grouped(matched)}</strong> ${matched === '1' ? 'delivery matches' : 'deliveries match'}.
    </p>
    ${dealtWith(counted)}
    <p>${sentence(form.action)} ${onlyStanding(form, reader)}</p>
    ${left}
    <div class="fields">
      <div class="field grow">
        <label for="note">Note, kept with the order</label
        ><input id="note" name="note" value="${note}" maxlength="2000" autocomplete="off" />
      </div>
      ${
        isPaced(form.action)
          ? html`<div class="field">
              <label for="per_second">A second, to each host</label
              ><input id="per_second" name="per_second" value="${pace}" inputmode="numeric" placeholder="10" />
            </div>`
          : undefined
      }
    </div>
    <button class="primary" name="step" value="order">${label} ${least}${grouped(matched)}</button>
  </form>`;
}

/** What others have done with some of them already. */
function dealtWith(counted: Readonly<Record<string, unknown>>): Html | undefined {
  const [dismissed = '0', expunged = '0'] = [idAt(counted, 'dismissed'), idAt(counted, 'expunged')];
  if (dismissed === '0' && expunged === '0') return undefined;
  return html`<p>
    Of these <strong>${grouped(dismissed)}</strong> dismissed as dealt with,
    <strong>${grouped(expunged)}</strong> erased and never to be sent again.
  </p>`;
}

/** Redelivering takes back what a colleague has dismissed: whoever did not mean that gets there by one click. */
function onlyStanding(form: OrderForm, reader: Reader): Html | undefined {
  const { action, standing, reason, delivery_ids: ids } = form;
  if (action !== 'redeliver' || standing !== '' || reason === 'cancelled' || ids !== '') return undefined;
  const { order_key: _key, action: _action, ...chosen } = settledForm(form, reader);
  const given = Object.entries(chosen).filter(([, value]) => value !== '');
  const link = orderLink(action, { ...Object.fromEntries(given), standing: true });
  return html`<a href="${link}">Count only those that stand</a>`;
}

function refusals(refused: readonly unknown[]): Html | undefined {
  if (refused.length === 0) return undefined;
  return html`<details>
    <summary>${grouped(String(refused.length))} left out</summary>
    <ul>
      ${refused.slice(0, 100).map((entry) => {
        const one = objectOf(entry);
        const id = idAt(one, 'delivery_id');
        const name =
          id === undefined
            ? html`<code><bdi>${clip(idAt(one, 'delivery_uuid') ?? '', 60)}</bdi></code>`
            : html`<a href="/deliveries/${id}">#${id}</a>`;
        return html`<li>${name} <bdi>${idAt(one, 'because') ?? ''}</bdi></li>`;
      })}
    </ul>
  </details>`;
}

function grouped(figure: string): string {
  return /^\d+$/.test(figure) ? Number(figure).toLocaleString('en-US') : figure;
}
