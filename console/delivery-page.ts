import { attemptItem } from './attempt-item.ts';
import type { ConsoleStack, LocalParts, Reader } from './console-parts.ts';
import { phaseChip, reasonWords } from './delivery-phase.ts';
import type { DeliveryRecord } from './delivery-record.ts';
import { keyQuery, onlyQuery } from './delivery-search.ts';
import { endpointLine, shownUrl } from './endpoint-view.ts';
import { type Html, html } from './html.ts';
import { indentJson } from './indented-json.ts';
import type { View } from './layout.ts';
import { type LiveContent, liveElement } from './live-element.ts';
import { type OrderAction, ORDER_ACTIONS, orderLink } from './order-form.ts';
import { quoted } from '../shared/operate/curl-command.ts';
import { sendsBody } from '../shared/delivery/http-method.ts';
import { shownTime } from './shown-time.ts';

/** How much of a payload the page shows; a link leads to all of it. */
const PAYLOAD_CHARACTERS = 16 * 1024;

type Shown = {
  delivery: DeliveryRecord;
  origin: string;
  stack: ConsoleStack;
  reader: Reader;
  local: LocalParts | undefined;
};

export function deliveryPage(shown: Shown): View {
  const { delivery } = shown;
  const { elements, lists } = deliveryContent(delivery);
  const { id } = delivery;
  return {
    title: `Delivery ${id}`,
    place: 'deliveries',
    refresh: `/console/deliveries/${id}.json${delivery.payload === undefined ? '' : '?include=payload'}`,
    content: html`<p class="crumbs"><a href="/">Deliveries</a></p>
      ${elements['head']?.markup}
      <div class="columns">
        <div>
          <h2>Attempts</h2>
          ${elements['noAttempts']?.markup}
          <ol class="attempts" reversed data-list="attempts">
            ${lists['attempts']?.map((attempt) => attempt.markup)}
          </ol>
          <h2>Payload and headers</h2>
          ${whatItHolds(delivery)}
        </div>
        <aside aria-label="Facts">${elements['facts']?.markup} ${share(shown)}</aside>
      </div>`,
  };
}

/** The parts of the page that change while it is open. */
export function deliveryContent(delivery: DeliveryRecord): LiveContent {
  const none = delivery.attempts.length === 0 ? html`<p class="empty">None yet.</p>` : html``;
  const longestMs = Math.max(1, ...delivery.attempts.map(({ durationMs }) => durationMs ?? 0));
  return {
    elements: {
      head: liveElement({ key: 'head', tag: 'section', className: `head ${delivery.phase}` }, head(delivery)),
      noAttempts: liveElement({ key: 'no-attempts', tag: 'div', className: 'plain' }, none),
      facts: liveElement({ key: 'facts', tag: 'div', className: 'plain' }, facts(delivery)),
    },
    lists: { attempts: delivery.attempts.map((attempt) => attemptItem(attempt, delivery, longestMs)) },
  };
}

function head(delivery: DeliveryRecord): Html {
  const { id, name, phase, explanation, behind, replayOf } = delivery;
  return html`<h1>
      <span class="id">#${id}</span> ${name === undefined || name === '' ? undefined : html`<bdi>${name}</bdi>`}
      ${phaseChip(phase)}
    </h1>
    <p class="endpoint"><bdi>${endpointLine(delivery.method, delivery.endpointUrl)}</bdi></p>
    <div class="next">
      <div class="explanation">
        ${explanation.map((sentence) => html`<p>${linked(sentence, [behind, replayOf])}</p>`)}
      </div>
      <div class="actions">${actions(delivery)}</div>
    </div>`;
}

/** A sentence, in which the first of these deliveries leads to its page. */
function linked(sentence: string, ids: readonly (string | undefined)[]): Html {
  const [, before, id, after] = /^(.*?\bdelivery )(\d+)\b(.*)$/s.exec(sentence) ?? [];
  return id !== undefined && ids.includes(id)
    ? html`${before}<a href="/deliveries/${id}">${id}</a>${after}`
    : html`${sentence}`;
}

/** What can be done with it. One that is certain is done at once, whatever is not is counted and asked for first. */
function actions({ id, status, reason, expungedAt, dismissed }: DeliveryRecord): Html {
  const link = (action: OrderAction, more: object = {}): Html =>
    html`<a class="button" href="${orderLink(action, { delivery_ids: id, ...more })}"
      >${ORDER_ACTIONS[action].label}…</a
    >`;
  if (expungedAt !== undefined) return html``;
  if (status === 'pending') return html`${link('cancel')} ${link('expunge')}`;
  if (status === 'succeeded') return html`${link('replay')} ${link('expunge')}`;
  const again =
    reason === 'cancelled'
      ? link('redeliver', { reason })
      : html`<form method="post" action="/deliveries/${id}/redeliver">
          <button class="primary">Redeliver</button>
        </form>`;
  return html`${again} ${link('replay')} ${dismissed === undefined ? link('dismiss') : undefined} ${link('expunge')}
    <p class="remark">Redelivered it is sent again under its id, replayed as a new delivery with another.</p>`;
}

type Fact = readonly [string, Html | string | undefined];

/** Of one that is attempted after others. An erased one has no key any more. */
function inOrder({
  orderingKey,
  organizationId,
  onDeadLetter,
  behind,
  waitingBehind = 0,
}: DeliveryRecord): readonly Fact[] {
  if (orderingKey === undefined) return [];
  const query = keyQuery(organizationId, orderingKey);
  const key = html`<code><bdi>${orderingKey}</bdi></code>`;
  const most = waitingBehind >= MOST_WAITING ? ' or more' : '';
  return [
    ['Ordering key', query === undefined ? key : html`<a href="/${query}" title="Deliveries of this key">${key}</a>`],
    ['After a dead letter', onDeadLetter === 'hold' ? 'the others of its key wait' : 'the next of its key goes'],
    ['Waits behind', behind && html`<a href="/deliveries/${behind}">#${behind}</a>`],
    ['Wait behind it', waitingBehind > 0 ? `${waitingBehind.toLocaleString('en-US')}${most}` : undefined],
  ];
}
/** So far they are counted. */
const MOST_WAITING = 1000;

function facts(delivery: DeliveryRecord): Html {
  const { dismissed } = delivery;
  const released = delivery.claimCount - delivery.attemptCount;
  const rows: readonly Fact[] = [
    ['Attempts', `${delivery.attemptCount} of ${delivery.maxAttempts}`],
    [
      delivery.phase === 'held' ? 'Due, but held' : 'Due',
      delivery.dueAt && html`${shownTime(delivery.dueAt, 'exact')} (${shownTime(delivery.dueAt, 'relative')})`,
    ],
    ['Leased until', delivery.leaseExpiresAt && shownTime(delivery.leaseExpiresAt, 'exact')],
    ['Accepted', shownTime(delivery.createdAt, 'exact')],
    ['Last change', shownTime(delivery.updatedAt, 'exact')],
    ['Put back', delivery.putBackAt && shownTime(delivery.putBackAt, 'exact')],
    ['Last status', delivery.lastStatusCode === undefined ? undefined : String(delivery.lastStatusCode)],
    ['Last error', delivery.lastError && html`<bdi>${delivery.lastError}</bdi>`],
    ['Reason', delivery.reason && html`<span class="reason">${delivery.reason}</span> ${reasonWords(delivery.reason)}`],
    [
      'Dismissed',
      dismissed &&
        html`${shownTime(dismissed.at, 'exact')} by <bdi>${dismissed.by ?? 'somebody'}</bdi>
          <bdi>${dismissed.note ?? ''}</bdi>`,
    ],
    ['Erased', delivery.expungedAt && shownTime(delivery.expungedAt, 'exact')],
    ['Replay of', delivery.replayOf && html`<a href="/deliveries/${delivery.replayOf}">#${delivery.replayOf}</a>`],
    ...inOrder(delivery),
    ['UUID', html`<code>${delivery.uuid}</code>`],
    ['Run', html`<a href="/${onlyQuery({ text: `run:${delivery.runId}` })}"><code>${delivery.runId}</code></a>`],
    [
      'Organization',
      html`<a href="/${onlyQuery({ organizationId: delivery.organizationId })}"
        ><code>${delivery.organizationId}</code></a
      >`,
    ],
    ['Node', html`<code><bdi>${delivery.nodeId}</bdi></code>`],
    ['Endpoint', html`<code><bdi>${shownUrl(delivery.endpointUrl, 'without its query')}</bdi></code>`],
    [
      'Trace',
      delivery.traceparent &&
        html`<code>${delivery.traceparent}</code>${delivery.hasTracestate ? ', with a tracestate' : undefined}`,
    ],
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

/** What somebody needs to see the same. The page's address works for whoever has a console of this stack open at this port. */
function share({ delivery: { id }, origin, stack, local }: Shown): Html {
  const options = local === undefined ? stack.options : `--data-dir ${quoted(local.dataDir)}`;
  const show = `surehook show ${id}${options === '' ? '' : ` ${options}`}`;
  return html`<h2>${local !== undefined ? 'On this machine' : 'For a colleague'}</h2>
    <p class="remark">
      ${
        local !== undefined
          ? html`Nobody else can open it. In a clone, write <code>npm run --silent surehook --</code> in place of
              <code>surehook</code>.`
          : html`The page opens for whoever runs <code>surehook console</code> for this stack at this port.`
      }
    </p>
    <dl class="facts">
      <div>
        <dt>Page</dt>
        <dd>
          <code>${origin}/deliveries/${id}</code>
          <button type="button" data-copy="${origin}/deliveries/${id}" hidden>Copy</button>
        </dd>
      </div>
      <div>
        <dt>Shell</dt>
        <dd><code>${show}</code> <button type="button" data-copy="${show}" hidden>Copy</button></dd>
      </div>
    </dl>`;
}

/** Payload, header values and the query are shown to whoever asks for them: they are other people's data. */
function whatItHolds(delivery: DeliveryRecord): Html {
  const { id, payload, payloadBytes, method, customHeaders, expungedAt } = delivery;
  if (expungedAt !== undefined) return html`<p class="empty">Erased.</p>`;
  const size = `${payloadBytes.toLocaleString('en-US')} bytes${sendsBody(method) ? ', the same with every attempt' : `, not sent with ${method}`}`;
  if (payload === undefined) {
    return html`<p class="remark">${size}</p>
      <p><a class="button" href="/deliveries/${id}?include=payload">Show payload, header values and query</a></p>
      ${headerList(customHeaders)}`;
  }
  const isWhole = payload.length <= PAYLOAD_CHARACTERS;
  const shown = isWhole ? (indentJson(payload) ?? payload) : payload.slice(0, PAYLOAD_CHARACTERS);
  const cut = isWhole
    ? undefined
    : html`the first ${PAYLOAD_CHARACTERS.toLocaleString('en-US')} characters are here · `;
  return html`<p class="remark">${size} · ${cut}<a href="/deliveries/${id}/payload">as it is sent</a></p>
    <pre class="payload" tabindex="0" aria-label="Payload"><bdi>${shown}</bdi></pre>
    <h2>URL</h2>
    <p>
      <code class="whole"><bdi>${shownUrl(delivery.endpointUrl, 'with its query')}</bdi></code>
    </p>
    <h2>Custom headers</h2>
    ${headerList(customHeaders)}`;
}

function headerList(headers: DeliveryRecord['customHeaders']): Html {
  if (headers.length === 0) return html`<p class="empty">No custom headers.</p>`;
  return html`<dl class="headers">
    ${headers.map(
      ({ key, value }) =>
        html`<div>
          <dt><bdi>${key}</bdi></dt>
          <dd>${value === undefined ? html`<span class="none">not shown</span>` : html`<bdi>${value}</bdi>`}</dd>
        </div>`,
    )}
  </dl>`;
}
