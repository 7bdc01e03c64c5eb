import type { DemoCount, DemoReceiver, DemoRequest } from './console-parts.ts';
import { clip, type Html, html } from './html.ts';
import type { View } from './layout.ts';
import { type LiveContent, type LiveElement, liveElement } from './live-element.ts';
import { shownTime } from './shown-time.ts';

const MAX_HEADER_CHARACTERS = 400;

export function demoReceiverPage(receiver: DemoReceiver): View {
  const { elements, lists } = demoReceiverContent(receiver);
  return {
    title: 'Demo receiver',
    place: 'demo',
    refresh: '/console/demo-receiver.json',
    content: html`<h1>Demo receiver</h1>
      <p>It listens on this port and does what its URL says. Choose one to send a test webhook to it:</p>
      <ul class="menu">
        ${receiver.choices.map(
          ({ path, does }) =>
            html`<li>
              <a href="/send?to=${encodeURIComponent(path)}"><code>${path}</code></a> ${does}
            </li>`,
        )}
      </ul>
      ${elements['total']?.markup}
      <ol class="received" reversed data-list="requests">
        ${lists['requests']?.map((request) => request.markup)}
      </ol>`,
  };
}

/** The parts of the page that change while it is open. */
export function demoReceiverContent({ keeps, snapshot }: DemoReceiver): LiveContent {
  const { total, requests, counts } = snapshot();
  const kept = total > keeps ? `, the last ${keeps} of them here` : '';
  const words =
    total === 0
      ? html`Nothing received yet.`
      : html`<strong>${total.toLocaleString('en-US')}</strong> received since the start${kept}.`;
  return {
    elements: { total: liveElement({ key: 'total', tag: 'div', className: 'total' }, html`<p>${words}</p>`) },
    lists: {
      requests: requests.map((request) =>
        requestItem(request, request.deliveryId === undefined ? undefined : counts.get(request.deliveryId)),
      ),
    },
  };
}

function requestItem(request: DemoRequest, count: DemoCount | undefined): LiveElement {
  const { deliveryId } = request;
  return liveElement(
    { key: String(request.number), tag: 'li', className: verdict(request) },
    html`<details>
      <summary>
        <span class="answer">${answerWords(request)}</span> <span class="method">${clip(request.method, 12)}</span>
        <span class="path">${clip(request.path, 60)}</span>
        <span class="clock">${shownTime(new Date(request.atMs), 'clock')}</span>
        ${deliveryId === undefined ? undefined : html`<span class="counted">${countWords(count, request)}</span>`}
      </summary>
      ${
        deliveryId === undefined
          ? undefined
          : html`<p>
              Delivery <a href="/?q=${encodeURIComponent(deliveryId)}"><code>${deliveryId}</code></a>
            </p>`
      }
      <dl class="headers">
        ${headerPairs(request.rawHeaders).map(
          ([name, value]) =>
            html`<div>
              <dt>${clip(name, 80)}</dt>
              <dd>${clip(value, MAX_HEADER_CHARACTERS)}</dd>
            </div>`,
        )}
      </dl>
      ${body(request)}
    </details>`,
  );
}

function verdict({ answer }: DemoRequest): 'good' | 'bad' | 'open' {
  if (answer === 'waiting') return 'open';
  return typeof answer === 'object' && answer.kind === 'status' && answer.status < 300 ? 'good' : 'bad';
}

function answerWords({ answer }: DemoRequest): string {
  if (typeof answer === 'string') return answer;
  return answer.kind === 'hang-up' ? 'hung up' : String(answer.status);
}

function countWords(count: DemoCount | undefined, { answer }: DemoRequest): string {
  if (count === undefined) return 'not counted';
  const times = (figure: number): string => (figure === 1 ? 'once' : `${figure} times`);
  const received = `received ${times(count.requests)}`;
  if (count.accepted === count.requests) return received;
  // A request without an answer yet has not been refused.
  if (count.accepted === 0 && answer === 'waiting') return received;
  return count.accepted === 0 ? `${received}, accepted never` : `${received}, accepted ${times(count.accepted)}`;
}

function body({ bodyStart, bodyBytes }: DemoRequest): Html {
  if (bodyBytes === 0) return html`<p class="remark">No body.</p>`;
  const cut = bodyBytes > bodyStart.length ? `, the first ${bodyStart.length.toLocaleString('en-US')} here` : '';
  return html`<p class="remark">${bodyBytes.toLocaleString('en-US')} bytes${cut}</p>
    <pre tabindex="0" aria-label="Body"><bdi>${bodyStart.toString('utf8')}</bdi></pre>`;
}

function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}
