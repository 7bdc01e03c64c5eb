import type { ListedDelivery } from './delivery-list.ts';
import { phaseChip, reasonWords } from './delivery-phase.ts';
import { type DeliverySearch, onlyQuery, searchQuery } from './delivery-search.ts';
import { hostOfUrl, originLine } from './endpoint-view.ts';
import { clip, type Html, html } from './html.ts';
import { type LiveElement, liveElement } from './live-element.ts';
import { shownTime } from './shown-time.ts';

/** The form that the boxes of the list belong to. */
export const CHOSEN_FORM = 'chosen';

/** A line of the list. Roles are spelled out: at phone width the table is laid out as cards and would lose them. */
export function deliveryRow(delivery: ListedDelivery, search: DeliverySearch): LiveElement {
  const { id, runId, organizationId, name, phase, attemptCount, maxAttempts } = delivery;
  return liveElement(
    { key: id, tag: 'tr', className: phase },
    html`<td role="cell" class="choose">
        <input type="checkbox" name="id" value="${id}" form="${CHOSEN_FORM}" aria-label="Choose delivery ${id}" />
      </td>
      <td role="cell" class="state">${phaseChip(phase)}</td>
      <td role="cell" class="which">
        <a class="id" href="/deliveries/${id}">#${id}</a>
        ${name === undefined || name === '' ? undefined : html`<bdi class="name">${clip(name, 60)}</bdi>`}<a
          class="run"
          href="/${onlyQuery({ text: `run:${runId}` })}"
          title="Deliveries of this run"
          >run ${runId}</a
        >
      </td>
      <td role="cell" class="organization">
        <a href="/${searchQuery(search, { organizationId, after: undefined })}" title="Deliveries of this organization"
          ><span class="tiny">organization </span>${organizationId}</a
        >
      </td>
      <td role="cell" class="endpoint">${endpointCell(delivery, search)}</td>
      <td role="cell" class="figure attempts">
        <span class="tiny">attempts </span>${attemptCount}<span class="of">/${maxAttempts}</span>
      </td>
      <td role="cell" class="when">${when(delivery)}</td>
      <td role="cell" class="error">${lastError(delivery)}</td>`,
  );
}

/** Leads to what is listed here of this host. */
function endpointCell({ method, endpoint }: ListedDelivery, search: DeliverySearch): Html {
  const line = html`<bdi>${originLine(method, endpoint)}</bdi>`;
  const host = hostOfUrl(endpoint);
  if (host === undefined) return line;
  const query = searchQuery(search, { text: `host:${host}`, after: undefined });
  return html`<a href="/${query}" title="Deliveries to this host">${line}</a>`;
}

function when({ phase, dueAt, updatedAt }: ListedDelivery): Html {
  const over = phase === 'succeeded' || phase === 'dead_letter';
  const at = over ? updatedAt : dueAt;
  return html`${over ? undefined : html`<span class="word">due</span> `}${shownTime(at, 'relative')}
    <span class="clock">${shownTime(at, 'clock')}</span>`;
}

function lastError({ lastError: error, reason, isDismissed, isExpunged, ...delivery }: ListedDelivery): Html {
  const words = reasonWords(reason);
  const before =
    delivery.mayHaveArrived && reason !== 'outcome_unknown'
      ? mark('outcome_unknown before', 'An attempt never reported: the receiver may have got it')
      : undefined;
  const marks = html`${before}${isDismissed ? mark('dismissed', 'Somebody has dealt with it') : undefined}${
    isExpunged ? mark('erased', 'Its payload and headers are gone') : undefined
  }`;
  if (error === undefined || error === '') return html`${words ?? html`<span class="none">–</span>`}${marks}`;
  return html`<bdi title="${clip(error, 300)}">${clip(error, 140)}</bdi
    >${reason === undefined ? undefined : mark(reason, words ?? '')}${marks}`;
}

function mark(label: string, title: string): Html {
  return html` <span class="reason" title="${title}">${label}</span>`;
}
