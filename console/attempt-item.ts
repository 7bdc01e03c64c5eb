import { reasonWords } from './delivery-phase.ts';
import type { AttemptRecord } from './delivery-record.ts';
import { type Html, html } from './html.ts';
import { type LiveElement, liveElement } from './live-element.ts';
import { shownDuration, shownTime } from './shown-time.ts';

/** One attempt on the way of a delivery. */
export function attemptItem(attempt: AttemptRecord, longestMs: number): LiveElement {
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
      ${bar(attempt, longestMs)}
      ${error === undefined || error === '' || error === outcome ? undefined : html`<p class="error"><bdi>${error}</bdi></p>`}
      ${responseExcerpt === undefined || responseExcerpt === '' ? undefined : html`<pre tabindex="0" aria-label="Start of the response"><bdi>${responseExcerpt}</bdi></pre>`}`,
  );
}

/** How long it took beside the longest one. No style may stand in the page, so the bar is a meter. */
function bar({ durationMs }: AttemptRecord, longestMs: number): Html | undefined {
  if (durationMs === undefined) return undefined;
  return html`<meter aria-hidden="true" min="0" max="${longestMs}" value="${durationMs}"></meter>`;
}
