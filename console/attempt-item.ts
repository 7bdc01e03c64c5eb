import { curlCommand } from '../shared/operate/curl-command.ts';
import { reasonWords } from './delivery-phase.ts';
import type { AttemptRecord, DeliveryRecord } from './delivery-record.ts';
import { shownUrl } from './endpoint-view.ts';
import type { ExchangeRecord, SentHeader } from './exchange-record.ts';
import { Html, html } from './html.ts';
import { type LiveElement, liveElement } from './live-element.ts';
import { shownDuration, shownTime } from './shown-time.ts';

const PHASE_LABELS: Readonly<Record<string, string>> = {
  wait: 'waited for a connection',
  resolve: 'name',
  connect: 'connect',
  tls: 'TLS',
  first_byte: 'first byte',
  body: 'body',
};
const WRITTEN: Readonly<Record<string, string>> = {
  nothing: 'nothing of it was written',
  part: 'a part of it was written',
  whole: 'all of it was written',
};

/** One attempt on the way of a delivery: when, how it ended, where its time went, and what was sent and answered. */
export function attemptItem(attempt: AttemptRecord, delivery: DeliveryRecord, longestMs: number): LiveElement {
  const { statusCode, errorClass, error, responseExcerpt, exchange } = attempt;
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
      ${timeline(attempt, longestMs)}
      ${error === undefined || error === '' || error === outcome ? undefined : html`<p class="error"><bdi>${error}</bdi></p>`}
      ${responseExcerpt === undefined || responseExcerpt === '' ? undefined : html`<pre tabindex="0" aria-label="Start of the response"><bdi>${responseExcerpt}</bdi></pre>`}
      ${exchange === undefined ? undefined : exchanged(exchange, attempt, delivery)}`,
  );
}

/** The bar is as long as the attempt took beside the longest one, and is made up of its phases. */
function timeline({ durationMs, exchange }: AttemptRecord, longestMs: number): Html | undefined {
  if (durationMs === undefined) return undefined;
  const phases = exchange?.phases ?? [];
  const known = phases.length > 0 ? phases : [{ name: 'all', ms: durationMs }];
  let reachedMs = 0;
  const parts = known.map(({ name, ms }) => {
    const from = reachedMs;
    reachedMs += ms;
    return new Html(
      `<rect class="phase-${name}" x="${share(from, longestMs)}" y="0" width="${share(ms, longestMs)}" height="8"/>`,
    );
  });
  const words = phases.map(
    ({ name, ms }) =>
      html`<span class="phase"
        ><i class="phase-${name}" aria-hidden="true"></i>${PHASE_LABELS[name] ?? name} ${shownMs(ms)}</span
      > `,
  );
  return html`<svg class="timeline" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>
    ${words.length === 0 ? undefined : html`<p class="phases">${words}</p>`}`;
}

function share(ms: number, ofMs: number): string {
  return Math.min(100, (100 * ms) / ofMs).toFixed(2);
}

function shownMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : shownDuration(Math.round(ms));
}

function exchanged(exchange: ExchangeRecord, attempt: AttemptRecord, delivery: DeliveryRecord): Html {
  const { method, sentHeaders, moreSent, sentBytes, written } = exchange;
  return html`<details>
    <summary>What was sent and answered</summary>
    <dl class="headers exchange">
      ${row('Request', `${method} with ${bytes(sentBytes)} of body; ${WRITTEN[written] ?? written}`)}
      ${sentHeaders === undefined ? row('Headers', html`<span class="none">erased</span>`) : sentHeaders.map((header) => sentRow(header, delivery))}
      ${moreSent > 0 ? row('', `and ${moreSent} more headers`) : undefined}
      ${row('Connection', connectionWords(exchange))} ${row('Response', responseWords(exchange, attempt))}
      ${answeredRow(exchange)}
    </dl>
    ${sentHeaders === undefined ? undefined : curl(exchange, sentHeaders, delivery)}
  </details>`;
}

function row(name: string, value: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** Whose value is not shown says whose it is. */
function sentRow({ name, value, of }: SentHeader, delivery: DeliveryRecord): Html {
  const isChosen = of === 'custom' || of === 'request';
  const own = isChosen ? chosenHeaders(delivery).find(({ key }) => key === name)?.value : undefined;
  const shown = value ?? own;
  return html`<div>
    <dt><bdi>${name}</bdi></dt>
    <dd>
      ${shown === undefined ? html`<span class="none">${isChosen ? 'not shown' : `of the ${of ?? 'stack'}`}</span>` : html`<bdi>${shown}</bdi>`}
    </dd>
  </div>`;
}

/** What the application chose, and may be shown. */
function chosenHeaders({ customHeaders, tracestate }: DeliveryRecord): DeliveryRecord['customHeaders'] {
  return tracestate === undefined ? customHeaders : [...customHeaders, { key: 'tracestate', value: tracestate }];
}

function connectionWords({ connection }: ExchangeRecord): string {
  if (connection === undefined) return 'none';
  const { isKept, family, reach, tls = 'without TLS', hasClientCertificate } = connection;
  const certificate = hasClientCertificate ? ', with a client certificate' : '';
  return `${isKept ? 'one that was open already' : 'a new one'}, to a ${reach} ${family} address, ${tls}${certificate}`;
}

function responseWords({ answered }: ExchangeRecord, { statusCode }: AttemptRecord): string {
  if (answered === undefined) return 'none';
  const read = answered.isComplete ? 'read to its end' : 'not read to its end';
  return `${statusCode ?? ''}, ${bytes(answered.bytes)} of body, ${read}`;
}

function answeredRow({ answered }: ExchangeRecord): Html | undefined {
  if (answered === undefined) return undefined;
  const { headers, more } = answered;
  if (headers === undefined) return row('Its headers', html`<span class="none">erased</span>`);
  return row('Its headers', html`<bdi>${headers.join(', ')}</bdi>${more > 0 ? `, and ${more} more` : ''}`);
}

/** To be copied. What is not shown has a placeholder; the page that shows the payload has it in the command, too. */
function curl(exchange: ExchangeRecord, headers: readonly SentHeader[], delivery: DeliveryRecord): Html {
  const { endpointUrl, payload } = delivery;
  const url =
    payload === undefined ? shownUrl(endpointUrl, 'without its query').replace(/\?…$/, '?<its query>') : endpointUrl;
  const { method, connection } = exchange;
  const command = curlCommand({
    url,
    method,
    headers,
    customHeaders: chosenHeaders(delivery),
    payload,
    hasClientCertificate: connection?.hasClientCertificate === true,
  });
  return html`<p class="copying">
      <button type="button" data-copy-next hidden>Copy as curl</button>
    </p>
    <pre tabindex="0" aria-label="As a curl command"><bdi>${command}</bdi></pre>
    ${
      command.includes('--data-binary @')
        ? html`<p class="remark">
            First save <a href="/deliveries/${delivery.id}/payload" download="payload.json">its payload</a> as
            <code>payload.json</code>, beside which the command runs.
          </p>`
        : undefined
    }`;
}

function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} bytes`;
}
