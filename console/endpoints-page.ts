import { reasonWords } from './delivery-phase.ts';
import { onlyQuery } from './delivery-search.ts';
import { ENDPOINT_STATES, type Endpoint, type EndpointList, type EndpointState } from './endpoint-list.ts';
import type { EndpointSearch } from './endpoint-search.ts';
import { faultCallout, statusOf } from './fault-words.ts';
import { clip, type Html, html } from './html.ts';
import type { Told } from './invoke-function.ts';
import type { View } from './layout.ts';
import { type LiveContent, type LiveElement, liveElement } from './live-element.ts';
import { shownTime } from './shown-time.ts';

type Endpoints = { told: Told<EndpointList>; search: EndpointSearch };

/** The sign tells the states apart without colour. */
const STATES: Readonly<Record<EndpointState, { sign: string; label: string }>> = {
  down: { sign: '✕', label: 'Down' },
  held: { sign: '‖', label: 'Held' },
  waiting: { sign: '◷', label: 'Waiting' },
  failing: { sign: '↻', label: 'Failing' },
  limited: { sign: '≤', label: 'Limited' },
};
const COLUMNS = ['State', 'Endpoint', 'Organization', 'Failures', 'Holds', 'Limits', 'Do'];

/** What is in trouble, held or limited; and what to do about it. */
export function endpointsPage(endpoints: Endpoints): View {
  const { told, search } = endpoints;
  const { elements, lists } = endpointsContent(endpoints);
  const status = told.ok ? 200 : statusOf(told.fault);
  return {
    title: 'Endpoints',
    place: 'endpoints',
    ...(status !== 422 && { refresh: `/console/endpoints.json${endpointsQuery(search)}` }),
    status,
    content: html`<h1>Endpoints</h1>
      <p>
        An endpoint is an organization's URL without its query. Here is each that fails, is down, held, waiting or
        limited; a healthy one is not listed.
      </p>
      ${searchForm(search)}
      <table class="endpoints" role="table" aria-label="Endpoints in trouble, held or limited">
        <thead role="rowgroup">
          <tr role="row">
            ${COLUMNS.map((column) => html`<th role="columnheader" scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody role="rowgroup" data-list="endpoints">
          ${lists['endpoints']?.map((row) => row.markup)}
        </tbody>
      </table>
      ${elements['ending']?.markup} ${OTHERS}`,
  };
}

/** The parts of the page that change while it is open. */
export function endpointsContent({ told, search }: Endpoints): LiveContent {
  const content = told.ok ? ending(told.value, search) : faultCallout(told.fault);
  return {
    elements: { ending: liveElement({ key: 'ending', tag: 'div', className: 'ending' }, content) },
    lists: { endpoints: told.ok ? told.value.endpoints.map((one) => endpointRow(one, told.value.most)) : [] },
  };
}

function endpointsQuery(search: EndpointSearch, change: Partial<EndpointSearch> = {}): string {
  const { state, organizationId, after } = { ...search, ...change };
  const members = { state, organization: organizationId, after };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const written = new URLSearchParams(given as [string, string][]).toString();
  return written === '' ? '' : `?${written}`;
}

function searchForm({ state, organizationId }: EndpointSearch): Html {
  return html`<form class="find" method="get" action="/endpoints" role="search">
    <label class="unseen" for="state">State</label>
    <select id="state" name="state">
      <option value="">any state</option>
      ${ENDPOINT_STATES.map(
        (one) =>
          html`<option value="${one}" ${one === state ? html` selected` : undefined}>
            ${STATES[one].label.toLowerCase()}
          </option>`,
      )}
    </select>
    <label class="unseen" for="organization">Organization</label>
    <input
      id="organization"
      name="organization"
      class="short"
      value="${organizationId ?? ''}"
      placeholder="Organization"
      inputmode="numeric"
      pattern="\\d{1,16}"
      title="An organization's number"
      autocomplete="off"
    />
    <button>Find</button>
  </form>`;
}

function ending({ endpoints, next }: EndpointList, search: EndpointSearch): Html {
  const isFiltered = search.state !== undefined || search.organizationId !== undefined;
  const none = isFiltered ? 'None matches.' : 'None: every endpoint is healthy and has no limits of its own.';
  return html`${endpoints.length === 0 && next === undefined ? html`<p class="empty">${none}</p>` : undefined}
    <p class="pager">
      ${search.after === undefined ? undefined : html`<a href="/endpoints${endpointsQuery(search, { after: undefined })}">To the first page</a>`}
      ${next === undefined ? undefined : html`<a rel="next" href="/endpoints${endpointsQuery(search, { after: next })}">Next page →</a>`}
    </p>`;
}

function endpointRow(endpoint: Endpoint, most: number): LiveElement {
  const { key, organizationId } = endpoint;
  return liveElement(
    { key, tag: 'tr', className: endpoint.state ?? '' },
    html`<td role="cell" class="state">${stateChip(endpoint)}</td>
      <td role="cell" class="endpoint">
        ${endpointName(endpoint)}
        <button type="button" data-copy="${key}" title="For surehook hold --key" hidden>Copy its key</button>
      </td>
      <td role="cell" class="organization">
        ${organizationId === undefined ? html`<span class="none">–</span>` : html`<a href="/endpoints?organization=${organizationId}"><span class="tiny">organization </span>${organizationId}</a>`}
      </td>
      <td role="cell" class="when">${failures(endpoint)}</td>
      <td role="cell" class="figure">${held(endpoint, most)}</td>
      <td role="cell" class="limits">${limits(endpoint)}</td>
      <td role="cell" class="verbs">${verbs(endpoint)}</td>`,
  );
}

function stateChip({ state }: Endpoint): Html {
  if (state === undefined) return html``;
  const { sign, label } = STATES[state];
  return html`<span class="chip ${state}"><span aria-hidden="true">${sign}</span> ${label}</span>`;
}

/** What it is, in words; of a URL its origin alone. */
export function endpointName({ scope, organizationId, endpoint }: Endpoint): Html {
  const origin = html`<bdi class="origin">${clip(endpoint ?? '', 80)}</bdi>`;
  switch (scope) {
    case 'everything':
      return html`<strong>Everything</strong>`;
    case 'organization':
      return html`<strong>All of organization ${organizationId}</strong>`;
    case 'origin':
      return html`${origin} <span class="word">all paths of this origin</span>`;
    case 'endpoint':
      return html`${origin} <span class="word">one path</span>`;
  }
}

function failures(endpoint: Endpoint): Html {
  const { state, downSince, failingSince, nextProbeAt, heldSince, errorClass, note } = endpoint;
  const count = endpoint.failures;
  const since = state === 'down' ? downSince : failingSince;
  return html`${
    count === 0
      ? undefined
      : html`<span title="${reasonWords(errorClass)}">${count} in a row</span
          >${errorClass === undefined ? undefined : html` <span class="reason">${errorClass}</span>`}`
  }
  ${since === undefined ? undefined : html`<span class="line">${state === 'down' ? 'down' : 'failing'} since ${shownTime(since, 'clock')} (${shownTime(since, 'relative')})</span>`}
  ${nextProbeAt === undefined ? undefined : html`<span class="line">${state === 'waiting' ? 'asked to wait: goes on' : 'next probe'} ${shownTime(nextProbeAt, 'relative')}</span>`}
  ${heldSince === undefined ? undefined : html`<span class="line">held since ${shownTime(heldSince, 'clock')}</span>`}
  ${note === undefined || note === '' ? undefined : html`<span class="line"><bdi>${clip(note, 200)}</bdi></span>`}`;
}

function held({ key, held: count }: Endpoint, most: number): Html {
  if (count === 0) return html`<span class="none">0</span>`;
  const words = `${count.toLocaleString('en-US')}${count >= most ? '+' : ''}`;
  return html`<a href="/${onlyQuery({ state: 'pending', heldBy: key })}">${words}<span class="tiny"> held</span></a>`;
}

function limits({ maxInFlight, maxPerSecond }: Endpoint): Html {
  const words = [
    ...(maxInFlight === undefined ? [] : [`${maxInFlight} in flight`]),
    ...(maxPerSecond === undefined ? [] : [`${maxPerSecond} a second`]),
  ];
  return words.length === 0 ? html`<span class="none">–</span>` : html`${words.join(', ')}`;
}

function verbs({ scope, key, organizationId, heldSince }: Endpoint): Html | undefined {
  // An origin is Surehook's own way of seeing that a host is dead: people hold an endpoint or an organization.
  if (scope === 'origin') return undefined;
  const target = {
    everything: { scope: 'everything' },
    organization: { scope: 'organization', organization_id: organizationId ?? '' },
    endpoint: { endpoint_key: key },
  }[scope];
  const link = (action: string, label: string): Html =>
    html`<a class="button" href="/endpoints/change?${new URLSearchParams({ action, ...target }).toString()}"
      >${label}…</a
    > `;
  return html`${heldSince === undefined ? link('hold', 'Hold') : link('resume', 'Resume')}${scope === 'endpoint' ? link('set_endpoint', 'Limit') : undefined}`;
}

const OTHERS = html`<h2>Something that is not listed</h2>
  <form class="send" method="get" action="/endpoints/change">
    <fieldset class="wide">
      <div class="field">
        <label for="action">Do</label
        ><select id="action" name="action">
          <option value="hold">Hold</option>
          <option value="resume">Resume</option>
          <option value="set_endpoint">Limit</option>
        </select>
      </div>
      <div class="field">
        <label for="scope">What</label
        ><select id="scope" name="scope">
          <option value="endpoint">one endpoint</option>
          <option value="organization">an organization</option>
          <option value="everything">everything</option>
        </select>
      </div>
      <div class="field">
        <label for="organization_id">Organization</label
        ><input id="organization_id" name="organization_id" inputmode="numeric" autocomplete="off" />
      </div>
      <div class="field grow">
        <label for="endpoint_url">URL of the endpoint; its query does not count</label
        ><input id="endpoint_url" name="endpoint_url" class="mono" spellcheck="false" autocomplete="off" />
      </div>
    </fieldset>
    <p class="actions"><button>Go on…</button></p>
  </form>`;
