import { HTTP_METHODS } from '../shared/delivery/http-method.ts';
import type { DemoReceiver } from './console-parts.ts';
import { type Html, html } from './html.ts';
import type { View } from './layout.ts';
import type { FormFaults, SendField, SendForm } from './send-request.ts';

/** What became of the last send, if there was one. */
type SendResult =
  | { kind: 'accepted'; deliveryId: string; created: boolean; warnings: readonly string[] }
  | { kind: 'refused'; errorType: string; faults: FormFaults };

const LABELS: Readonly<Record<SendField, string>> = {
  endpoint_url: 'Endpoint',
  http_method: 'Method',
  payload_json: 'Payload: JSON, sent exactly as written here',
  delay_seconds: 'Delay, seconds',
  max_attempts: 'Maximum attempts',
  webhook_name: 'Name',
  workflow_run_id: 'Run',
  organization_id: 'Organization',
  webhook_node_id: 'Node',
  credential_uuid: 'Credential UUID',
};

type SendPage = {
  form: SendForm;
  origin: string;
  /** Endpoints to choose from with a click. */
  demo: DemoReceiver['choices'];
  result?: SendResult;
};
type Shown = Omit<SendPage, 'result'> & { faults: FormFaults };

export function sendPage({ result, ...asked }: SendPage): View {
  const faults = result?.kind === 'refused' ? result.faults : { byField: {}, other: [] };
  const shown = { ...asked, faults };
  return {
    title: 'Send a test',
    place: 'send',
    status: result?.kind === 'refused' ? 422 : 200,
    content: html`<h1>Send a test webhook</h1>
      ${result === undefined ? undefined : resultNotice(result)}
      <form class="send" method="post" action="/send">
        <fieldset class="wide">
          <legend>Where to</legend>
          ${destination(shown)}
        </fieldset>
        <fieldset class="wide">
          <legend>What</legend>
          ${payload(shown)}
        </fieldset>
        <fieldset>
          <legend>How</legend>
          ${field(shown, 'delay_seconds', html`inputmode="numeric" placeholder="none"`)}
          ${field(shown, 'max_attempts', html`inputmode="numeric" placeholder="the default"`)}
          ${field(shown, 'webhook_name', html``)}
          ${field(shown, 'credential_uuid', html`class="mono" placeholder="none" spellcheck="false"`)}
        </fieldset>
        <fieldset>
          <legend>Whose</legend>
          ${field(shown, 'workflow_run_id', html`inputmode="numeric" required class="mono"`)}
          ${field(shown, 'organization_id', html`inputmode="numeric" required class="mono"`)}
          ${field(shown, 'webhook_node_id', html`required class="mono" spellcheck="false"`)}
          <p class="remark">
            Run and node together make a webhook once-only: sent again with the same two, it is the same delivery.
          </p>
        </fieldset>
        <p class="actions"><button class="primary">Send</button></p>
      </form>`,
  };
}

function destination(shown: Shown): Html {
  const { form, origin, demo } = shown;
  return html`${field(shown, 'endpoint_url', html`type="url" required class="mono" spellcheck="false" maxlength="4096"`)}
    <div class="field">
      <label for="http_method">Method</label
      ><select id="http_method" name="http_method">
        ${HTTP_METHODS.map(
          (method) => html`<option${method === form.http_method ? html` selected` : undefined}>${method}</option>`,
        )}
      </select>
    </div>
    <p class="choices">
      Demo receiver:
      ${demo.map(
        ({ path, does }) =>
          html`<a href="/send?to=${encodeURIComponent(path)}" data-endpoint="${origin}${path}" title="${does}"
            ><code>${path}</code></a
          > `,
      )}
    </p>`;
}

function payload({ form, faults }: Shown): Html {
  return html`<div class="field grow">
    <label for="payload_json">${LABELS.payload_json}</label>
    <textarea
      id="payload_json"
      name="payload_json"
      rows="8"
      class="mono"
      spellcheck="false"
      ${faultLink('payload_json', faults)}
    >
${form.payload_json}</textarea
    >${faultOf('payload_json', faults)}
  </div>`;
}

function field({ form, faults }: Shown, name: SendField, attributes: Html): Html {
  return html`<div class="field ${name === 'endpoint_url' ? 'grow' : ''}">
    <label for="${name}">${LABELS[name]}</label
    ><input id="${name}" name="${name}" value="${form[name]}" ${faultLink(name, faults)} ${attributes} />${faultOf(
      name,
      faults,
    )}
  </div>`;
}

function resultNotice(result: SendResult): Html {
  switch (result.kind) {
    case 'accepted':
      return html`<div class="callout" role="status">
        <p>
          ${result.created ? 'Accepted as' : 'This run and node were used before. The first request is'}
          <a href="/deliveries/${result.deliveryId}">delivery #${result.deliveryId}</a>.
        </p>
        ${result.warnings.map((warning) => html`<p>Warning: <bdi>${warning}</bdi></p>`)}
      </div>`;
    case 'refused':
      return html`<div class="callout bad" role="alert">
        <p>
          <strong>${result.errorType}</strong> ${
            Object.keys(result.faults.byField).length > 0 ? 'Check the marked fields.' : undefined
          }
        </p>
        ${result.faults.other.map((fault) => html`<p><bdi>${fault}</bdi></p>`)}
      </div>`;
  }
}

function faultLink(name: SendField, faults: FormFaults): Html | undefined {
  return faults.byField[name] === undefined ? undefined : html` aria-invalid="true" aria-describedby="${name}-fault"`;
}

function faultOf(name: SendField, faults: FormFaults): Html | undefined {
  const fault = faults.byField[name];
  return fault === undefined ? undefined : html`<p class="fault" id="${name}-fault"><bdi>${fault}</bdi></p>`;
}
