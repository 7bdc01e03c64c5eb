import { type Html, html } from './html.ts';

/**
 * An instant. It is served in UTC, with UTC in the title too; the page's script then shows it in the browser's time zone
 * (`clock`), the same with milliseconds and the zone's name (`exact`), or as its distance from now (`relative`, which keeps counting).
 */
export function shownTime(at: Date | undefined, show: 'clock' | 'exact' | 'relative'): Html {
  if (at === undefined) return html`<span class="none">–</span>`;
  const iso = at.toISOString();
  const utc = `${iso.slice(0, show === 'exact' ? -1 : -5).replace('T', ' ')} UTC`;
  return html`<time datetime="${iso}" data-show="${show}" title="${utc}">${utc}</time>`;
}

export function shownDuration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
