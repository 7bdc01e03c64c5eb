import type { Backlog, Count } from './backlog.ts';
import type { LocalParts } from './console-parts.ts';
import { type DeliverySearch, onlyQuery } from './delivery-search.ts';
import { faultCallout } from './fault-words.ts';
import { type Html, html } from './html.ts';
import type { Told } from './invoke-function.ts';
import { shownTime } from './shown-time.ts';

/** The figures at the top of the list; each leads to the list that it counts. */
export function backlogSummary(shown: { backlog: Told<Backlog>; local: LocalParts | undefined; nowMs: number }): Html {
  const { backlog, local, nowMs } = shown;
  const figures = backlog.ok ? tiles(backlog.value, nowMs) : faultCallout(backlog.fault);
  return html`${figures} ${local === undefined ? undefined : queueTable(local)}`;
}

function tiles(backlog: Backlog, nowMs: number): Html {
  const { oldestDueSeconds, standing } = backlog;
  const oldest = oldestDueSeconds === undefined ? undefined : new Date(nowMs - oldestDueSeconds * 1000);
  const dead = standing.count > 0;
  return html`<dl class="tiles" data-dead-letters="${standing.count}">
    ${tile('Due now', backlog.due, { state: 'pending', phase: 'due' }, oldest && html`oldest ${shownTime(oldest, 'relative')}`)}
    ${tile('In flight', backlog.inFlight, { state: 'pending', phase: 'in_flight' })}
    ${tile('Due later', backlog.later, { state: 'pending', phase: 'later' })}
    ${backlog.behind.count > 0 ? tile('Behind another', backlog.behind, { state: 'pending', phase: 'behind' }, html`of their ordering keys`) : undefined}
    ${tile('Held', backlog.held, { state: 'pending', phase: 'held' }, backlog.held.count > 0 ? html`by endpoints` : undefined)}
    ${tile('Succeeded', backlog.succeededLastHour, { state: 'succeeded', since: '1h' }, html`of the last hour`)}
    ${tile('Dead letters', standing, { state: 'dead_letter', standing: true }, dead ? html`to be dealt with` : html`none to deal with`, dead ? 'alarming' : 'calm')}
  </dl>`;
}

function tile(
  label: string,
  { count, orMore }: Count,
  list: Partial<DeliverySearch>,
  remark?: Html,
  className = 'calm',
) {
  return html`<div class="tile ${className}">
    <dt>${label}</dt>
    <dd class="number">
      <a href="/${onlyQuery(list)}" aria-label="${label}: ${grouped(count)}">${grouped(count)}${orMore ? '+' : ''}</a>
    </dd>
    <dd class="remark">${remark}</dd>
  </div>`;
}

function queueTable({ queueDepths, queues }: LocalParts): Html {
  return html`<div class="queues">
    <table>
      <thead>
        <tr>
          <th scope="col">Queues</th>
          <th scope="col">waiting</th>
          <th scope="col">in flight</th>
          <th scope="col">delayed</th>
        </tr>
      </thead>
      <tbody>
        ${queueDepths().map(
          (queue) =>
            html`<tr>
              <th scope="row" title="${queue.name}">${queueLabel(queue.name, queues)}</th>
              ${[queue.visible, queue.inFlight, queue.delayed].map(
                (messages) => html`<td class="${messages === 0 ? 'zero' : 'some'}">${grouped(messages)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** `deliveryDeadLetters` → `delivery dead letters`; a queue without a known role is shown by its name. */
function queueLabel(name: string, queues: LocalParts['queues']): string {
  const role = Object.entries(queues).find(([, physical]) => physical === name)?.[0];
  return role === undefined ? name : role.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function grouped(figure: number): string {
  return figure.toLocaleString('en-US');
}
