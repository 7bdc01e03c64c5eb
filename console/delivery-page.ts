import { type AttemptRecord, type DeliveryRecord, PAYLOAD_CHARACTERS } from './delivery-record.ts';
import { phaseChip, reasonWords } from './delivery-phase.ts';
import { endpointLine } from './endpoint-view.ts';
import { type Html, html } from './html.ts';
import { indentJson } from './indented-json.ts';
import { layout } from './layout.ts';
import { type LiveContent, type LiveElement, liveElement } from './live-element.ts';
import { sendsBody } from '../shared/delivery/http-method.ts';
import { nextStep } from './next-step.ts';
import { shownDuration, shownTime } from './shown-time.ts';

export function deliveryPage(delivery: DeliveryRecord): Html {
  const { elements, lists } = deliveryContent(delivery);
  const { id } = delivery;
  return layout(
    { title: `Delivery ${id}`, place: 'deliveries', refresh: `/console/deliveries/${id}.json` },
    html`<p class="crumbs"><a href="/">Deliveries</a></p>
      ${elements['head']?.markup}
      <div class="columns">
        <div>
          <h2>Attempts</h2>
          ${elements['noAttempts']?.markup}
          <ol class="attempts" reversed data-list="attempts">
            ${lists['attempts']?.map((attempt) => attempt.markup)}
          </ol>
          <h2>Payload</h2>
          ${payload(delivery)}
          <h2>Custom headers</h2>
          ${customHeaders(delivery.customHeaders)}
        </div>
        <aside aria-label="Facts">${elements['facts']?.markup}</aside>
      </div>`,
  );
}

/** The parts of the page that change while it is open. */
export function deliveryContent(delivery: DeliveryRecord): LiveContent {
  const none = delivery.attempts.length === 0 ? html`<p class="empty">None yet.</p>` : html``;
  return {
    elements: {
      head: liveElement({ key: 'head', tag: 'section', className: `head ${delivery.phase}` }, head(delivery)),
      noAttempts: liveElement({ key: 'no-attempts', tag: 'div', className: 'plain' }, none),
      facts: liveElement({ key: 'facts', tag: 'div', className: 'plain' }, facts(delivery)),
    },
    lists: { attempts: delivery.attempts.map(attemptItem) },
  };
}

function head(delivery: DeliveryRecord): Html {
  const { id, name, phase } = delivery;
  return html`<h1>
      <span class="id">#${id}</span> ${name === undefined || name === '' ? undefined : html`<bdi>${name}</bdi>`}
      ${phaseChip(phase)}
    </h1>
    <p class="endpoint"><bdi>${endpointLine(delivery.method, delivery.endpointUrl)}</bdi></p>
    <div class="next">
      <p>${nextStep(delivery)}</p>
      ${
        phase === 'dead_letter'
          ? html`<form method="post" action="/deliveries/${id}/redeliver">
              <button class="primary">Redeliver</button>
            </form>`
          : undefined
      }
    </div>`;
}

function attemptItem(attempt: AttemptRecord): LiveElement {
  const { statusCode, errorClass, error, responseExcerpt } = attempt;
  const good = errorClass === undefined && statusCode !== undefined;
  // A class that the outcome already says.
  const repeats = statusCode === undefined || errorClass === 'status';
  const outcome = statusCode === undefined ? (errorClass ?? 'under way') : `HTTP ${statusCode}`;
  return liveElement(
    { key: String(attempt.attempt), tag: 'li', className: good ? 'good' : 'bad' },
    html`<p>
        <span class="ordinal">${attempt.attempt}</span> <strong>${outcome}</strong>
        <span class="clock">${shownTime(attempt.startedAt, 'exact')}</span>
        <span class="took">took ${shownDuration(attempt.durationMs)}</span>
        ${repeats || errorClass === undefined ? undefined : html`<span class="reason" title="${reasonWords(errorClass)}">${errorClass}</span>`}
      </p>
      ${error === undefined || error === '' || error === outcome ? undefined : html`<p class="error"><bdi>${error}</bdi></p>`}
      ${responseExcerpt === undefined || responseExcerpt === '' ? undefined : html`<pre tabindex="0" aria-label="Start of the response"><bdi>${responseExcerpt}</bdi></pre>`}`,
  );
}

function facts(delivery: DeliveryRecord): Html {
  const released = delivery.claimCount - delivery.attemptCount;
  const rows: readonly (readonly [string, Html | string | undefined])[] = [
    ['Attempts', `${delivery.attemptCount} of ${delivery.maxAttempts}`],
    ['Due', delivery.dueAt && html`${shownTime(delivery.dueAt, 'exact')}`],
    ['Leased until', delivery.leaseExpiresAt && shownTime(delivery.leaseExpiresAt, 'exact')],
    ['Accepted', shownTime(delivery.createdAt, 'exact')],
    ['Last change', shownTime(delivery.updatedAt, 'exact')],
    ['Put back', delivery.putBackAt && shownTime(delivery.putBackAt, 'exact')],
    ['Last status', delivery.lastStatusCode === undefined ? undefined : String(delivery.lastStatusCode)],
    ['Last error', delivery.lastError && html`<bdi>${delivery.lastError}</bdi>`],
    ['Reason', delivery.reason && html`<span class="reason">${delivery.reason}</span> ${reasonWords(delivery.reason)}`],
    ['UUID', html`<code>${delivery.uuid}</code>`],
    ['Run', html`<a href="/?q=run%3A${delivery.runId}"><code>${delivery.runId}</code></a>`],
    [
      'Organization',
      html`<a href="/?organization=${delivery.organizationId}"><code>${delivery.organizationId}</code></a>`,
    ],
    ['Node', html`<code><bdi>${delivery.nodeId}</bdi></code>`],
    ['Endpoint', html`<code><bdi>${delivery.endpointUrl}</bdi></code>`],
    ['Credential', delivery.credentialUuid && html`<code>${delivery.credentialUuid}</code>`],
    ['Claims', `${delivery.claimCount}${released > 0 ? `, ${released} without an attempt charged` : ''}`],
  ];
  const given = rows.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="facts">
    ${given.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function payload({ id, payloadStart, payloadBytes, method }: DeliveryRecord): Html {
  const whole = Buffer.byteLength(payloadStart) >= payloadBytes;
  const shown = whole ? (indentJson(payloadStart) ?? payloadStart) : payloadStart;
  const size = `${payloadBytes.toLocaleString('en-US')} bytes`;
  return html`<p class="remark">
      ${size}${sendsBody(method) ? ', the same with every attempt' : `, not sent with ${method}`} ·
      ${whole ? undefined : html`the first ${PAYLOAD_CHARACTERS.toLocaleString('en-US')} characters are here · `}<a
        href="/deliveries/${id}/payload"
        >as it is sent</a
      >
    </p>
    <pre class="payload" tabindex="0" aria-label="Payload"><bdi>${shown}</bdi></pre>`;
}

function customHeaders(stored: unknown): Html {
  const list: unknown[] = Array.isArray(stored) ? stored : [stored];
  if (list.length === 0) return html`<p class="empty">None.</p>`;
  return html`<dl class="headers">
    ${list.map((entry) => {
      const [name, value] = isHeader(entry) ? [entry.key, entry.value] : ['(malformed)', JSON.stringify(entry)];
      return html`<div>
        <dt><bdi>${name}</bdi></dt>
        <dd><bdi>${value}</bdi></dd>
      </div>`;
    })}
  </dl>`;
}

function isHeader(entry: unknown): entry is { key: string; value: string } {
  if (typeof entry !== 'object' || entry === null || !('key' in entry) || !('value' in entry)) return false;
  return typeof entry.key === 'string' && typeof entry.value === 'string';
}
