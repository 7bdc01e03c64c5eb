import { type Html, html } from './html.ts';
import type { View } from './layout.ts';
import { type LiveContent, type LiveElement, liveElement } from './live-element.ts';
import { shownTime } from './shown-time.ts';

/** An event that was put on a bus. */
export type ConsoleEvent = {
  time: string;
  source: string;
  detail_type: string;
  detail: Readonly<Record<string, unknown>>;
};

/** More than anybody reads; `/console/events.json` has all that are kept. */
const SHOWN = 100;

/** What the event bus took, newest first. */
export function eventsPage(events: readonly ConsoleEvent[]): View {
  const { elements, lists } = eventsContent(events);
  return {
    title: 'Events',
    place: 'events',
    refresh: '/console/events-shown.json',
    content: html`<h1>Events</h1>
      <p>
        What was put on the event bus, newest first. What becomes of webhooks and endpoints is told by Surehook itself:
        see
        <code>docs/outcomes.md</code>.
      </p>
      <ol class="orders" data-list="events">
        ${lists['events']?.map((event) => event.markup)}
      </ol>
      ${elements['ending']?.markup}`,
  };
}

/** The parts of the page that change while it is open. */
export function eventsContent(events: readonly ConsoleEvent[]): LiveContent {
  const shown = events.slice(0, SHOWN);
  return {
    elements: { ending: liveElement({ key: 'ending', tag: 'div', className: 'ending' }, ending(events)) },
    // By their place from the oldest, which stays when others come.
    lists: { events: shown.map((event, index) => eventItem(event, events.length - index)) },
  };
}

function ending(events: readonly ConsoleEvent[]): Html {
  if (events.length === 0) return html`<p class="empty">No events.</p>`;
  return html`<p class="pager"><a href="/console/events.json">As JSON</a></p>`;
}

function eventItem({ time, source, detail_type: detailType, detail }: ConsoleEvent, place: number): LiveElement {
  const at = new Date(time);
  const id = detail['delivery_id'];
  const text = (name: string) => (typeof detail[name] === 'string' ? String(detail[name]) : undefined);
  return liveElement(
    { key: `event-${text('event_id') ?? time}-${place}`, tag: 'li', className: 'event' },
    html`<div class="order">
      <p class="what">
        <strong><bdi>${detailType}</bdi></strong>
        <span class="reason"><bdi>${text('reason') ?? text('status') ?? source}</bdi></span>
      </p>
      <p class="selection">
        ${Number.isSafeInteger(id) ? html`<a href="/deliveries/${String(id)}">#${String(id)}</a>` : undefined}
        <bdi>${text('endpoint') ?? ''}</bdi>
      </p>
      <p class="remark">${shownTime(Number.isNaN(at.getTime()) ? undefined : at, 'exact')} from <bdi>${source}</bdi></p>
      <details>
        <summary>Detail</summary>
        <pre>${JSON.stringify(detail, null, 2)}</pre>
      </details>
    </div>`,
  );
}
