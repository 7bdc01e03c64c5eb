import { Html, html } from './html.ts';
import { wallClock, type Zone } from './time-zone.ts';

type Show = 'clock' | 'exact' | 'relative';

/**
 * An instant. `placeTimes` shows it in the reader's zone, which is named beside it (`clock`), the same with milliseconds
 * (`exact`), or as its distance from now (`relative`, which the page's script keeps counting).
 */
export function shownTime(at: Date | undefined, show: Show): Html {
  if (at === undefined) return html`<span class="none">–</span>`;
  const iso = at.toISOString();
  return new Html(element(iso, show, iso));
}

/** Nothing but `shownTime` writes such an element: whatever comes from outside is escaped. */
const TIME = /<time datetime="([^"]+)" data-show="(\w+)" title="[^"]+">[^<]*<\/time>/g;

function element(iso: string, show: string, text: string): string {
  return `<time datetime="${iso}" data-show="${show}" title="${iso.slice(0, -1).replace('T', ' ')} UTC">${text}</time>`;
}

/** The markup with every time as the reader's zone has it. The one place where a zone is applied. */
export function placeTimes(markup: string, { zone, nowMs }: { zone: Zone; nowMs: number }): string {
  return markup.replace(TIME, (_whole, iso: string, show: string) =>
    element(iso, show, timeText(new Date(iso), show, { zone, nowMs })),
  );
}

function timeText(at: Date, show: string, { zone, nowMs }: { zone: Zone; nowMs: number }): string {
  if (show === 'relative') return relative(at.getTime(), nowMs);
  const { day, minute, second, milliseconds, zone: name } = wallClock(at, zone);
  if (show === 'exact') return `${day} ${minute}:${second}.${milliseconds} ${name}`;
  return wallClock(new Date(nowMs), zone).day === day ? `${minute}:${second} ${name}` : `${day} ${minute} ${name}`;
}

/** As the page's script counts on: 75 s are "1 min 15 s", 5,400 s "1 h 30 min". Two units are enough to act upon. */
function relative(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  if (seconds === 0) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

export function shownDuration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
