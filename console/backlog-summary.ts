import type { Backlog, Count } from './backlog.ts';
import { type Html, html } from './html.ts';
import type { ConsoleStack } from './layout.ts';
import { shownTime } from './shown-time.ts';

/** Messages of one queue. */
export type QueueDepth = { name: string; visible: number; inFlight: number; delayed: number };

/** The figures at the top of the list. */
export function backlogSummary(shown: { backlog: Backlog; queues: readonly QueueDepth[]; stack: ConsoleStack }): Html {
  const { backlog, queues, stack } = shown;
  const dead = backlog.deadLetters.count > 0;
  return html`<dl class="tiles" data-dead-letters="${backlog.deadLetters.count}">
      ${tile({ label: 'Due now', count: backlog.due, link: '/?state=pending' }, backlog.oldestDueAt && html`oldest ${shownTime(backlog.oldestDueAt, 'relative')}`)}
      ${tile({ label: 'In flight', count: backlog.inFlight }, undefined)}
      ${tile({ label: 'Due later', count: backlog.later, link: '/?state=pending' }, undefined)}
      ${tile({ label: 'Succeeded', count: backlog.succeededLastHour, link: '/?state=succeeded' }, html`in the last hour`)}
      ${tile({ label: 'Dead letters', count: backlog.deadLetters, link: '/?state=dead_letter', className: dead ? 'alarming' : 'calm' }, dead ? html`will not be retried` : html`none`)}
    </dl>
    <div class="queues">
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
          ${queues.map(
            (queue) =>
              html`<tr>
                <th scope="row" title="${queue.name}">${queueLabel(queue.name, stack)}</th>
                ${[queue.visible, queue.inFlight, queue.delayed].map(
                  (messages) => html`<td class="${messages === 0 ? 'zero' : 'some'}">${grouped(messages)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function tile(
  about: { label: string; count: Count; link?: string; className?: string },
  remark: Html | undefined,
): Html {
  const { label, count, link, className = 'calm' } = about;
  const figure = html`${grouped(count.count)}${count.orMore ? '+' : ''}`;
  return html`<div class="tile ${className}">
    <dt>${link === undefined ? label : html`<a href="${link}">${label}</a>`}</dt>
    <dd class="number">${figure}</dd>
    <dd class="remark">${remark}</dd>
  </div>`;
}

/** `deliveryDeadLetters` → `delivery dead letters`; a queue without a known role is shown by its name. */
function queueLabel(name: string, stack: ConsoleStack): string {
  const role = Object.entries(stack.queues).find(([, physical]) => physical === name)?.[0];
  return role === undefined ? name : role.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function grouped(figure: number): string {
  return figure.toLocaleString('en-US');
}
