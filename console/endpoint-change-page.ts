import { randomUUID } from 'node:crypto';
import { objectOf } from './answer-values.ts';
import type { Endpoint } from './endpoint-list.ts';
import { type EndpointAction, type EndpointForm } from './endpoint-form.ts';
import { endpointName } from './endpoints-page.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { clip, type Html, html } from './html.ts';
import type { InvokeResult } from './invoke-function.ts';
import type { View } from './layout.ts';

const WORDS: Readonly<Record<EndpointAction, { title: string; button: string; does: string }>> = {
  hold: {
    title: 'Hold',
    button: 'Hold',
    does: 'Nothing of it is attempted until somebody resumes it. Nothing is lost, and enqueue goes on. An attempt that is under way is the last.',
  },
  resume: {
    title: 'Resume',
    button: 'Resume',
    does: 'What was held goes out within seconds, at the pace that its endpoint bears. What something else holds stays.',
  },
  set_endpoint: {
    title: 'Limit',
    button: 'Set these limits',
    does: 'In place of the limits for all endpoints. An empty field is no limit of its own.',
  },
};

/** What is about to be changed, and the button that does it. */
export function endpointChangePage(shown: {
  form: EndpointForm;
  /** What the form's key names. */
  known: Endpoint | undefined;
  /** The answer to the dry run, or to the order that was refused. */
  result: InvokeResult;
}): View {
  const { form, known, result } = shown;
  const { title, button, does } = WORDS[form.action];
  const isNeeded = result.ok && (form.action === 'set_endpoint' || objectOf(result.answer)['matched'] !== 0);
  const order = { ...form, note: '', max_in_flight: '', max_per_second: '', order_key: `console-${randomUUID()}` };
  return {
    title,
    place: 'endpoints',
    status: result.ok ? 200 : statusOf(result),
    content: html`<p class="crumbs"><a href="/endpoints">Endpoints</a></p>
      <h1>${title}: ${target(form, known)}</h1>
      ${result.ok ? undefined : faultCallout(result)}
      ${result.ok && !isNeeded ? html`<p class="callout" role="status">It is so already.</p>` : undefined}
      <p>${does}</p>
      <form class="send" method="post" action="/endpoints/change">
        ${Object.entries(order)
          .filter(([, value]) => value !== '')
          .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <fieldset class="wide">
          ${form.action === 'set_endpoint' ? limitFields(form, known) : undefined}
          <div class="field grow">
            <label for="note">Note, kept with the order and shown where it applies</label
            ><input id="note" name="note" value="${form.note}" maxlength="2000" autocomplete="off" />
          </div>
        </fieldset>
        <p class="actions">
          ${isNeeded || !result.ok ? html`<button class="primary">${button}</button>` : undefined}
          <a class="button" href="/endpoints">Leave it</a>
        </p>
      </form>`,
  };
}

function target(
  { scope, organization_id: organization, endpoint_url: url }: EndpointForm,
  known: Endpoint | undefined,
): Html {
  if (known !== undefined) {
    const { organizationId } = known;
    return html`${endpointName(known)}${organizationId === undefined ? undefined : html` <span class="word">of organization ${organizationId}</span>`}`;
  }
  if (scope === 'everything') return html`everything`;
  if (scope === 'organization') return html`all of organization ${clip(organization, 20)}`;
  return html`<bdi>${clip(url.replace(/\?.*$/s, ''), 120)}</bdi>
    <span class="word">of organization ${clip(organization, 20)}</span>`;
}

function limitFields(form: EndpointForm, known: Endpoint | undefined): Html {
  const field = (name: 'max_in_flight' | 'max_per_second', label: string, now: number | undefined): Html =>
    html`<div class="field">
      <label for="${name}">${label}</label
      ><input
        id="${name}"
        name="${name}"
        value="${form[name] || (now ?? '')}"
        inputmode="decimal"
        placeholder="no limit"
        autocomplete="off"
      />
    </div>`;
  return html`${field('max_in_flight', 'Requests in flight at once', known?.maxInFlight)}${field('max_per_second', 'Requests a second', known?.maxPerSecond)}`;
}
