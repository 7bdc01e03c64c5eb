import { clip, type Html, html } from './html.ts';

/** The endpoint in one line, for the page of its delivery: method, origin, and the start of the path. Its query may hold tokens. */
export function endpointLine(method: string, url: string): Html {
  const [, origin = url, path = '', query = ''] = /^(https?:\/\/[^/?#]+)([^?]*)(.*)$/s.exec(url) ?? [];
  return html`<span class="method">${method}</span>
    <span class="origin">${clip(origin.replace(/^https:\/\//, ''), 80)}</span>
    <span class="path">${clip(path, 80)}${query === '' ? undefined : '?…'}</span>`;
}

/** The URL with its query only if that was asked for. */
export function shownUrl(url: string, query: 'with its query' | 'without its query'): string {
  return query === 'with its query' ? url : url.replace(/\?.*$/s, '?…');
}

/** The endpoint in a list: nothing beyond its origin, because paths, queries and user names carry tokens. */
export function originLine(method: string, origin: string): Html {
  const parsed = readUrl(origin);
  const shown = parsed === undefined ? 'not a URL' : parsed.origin.replace(/^https:\/\//, '');
  return html`<span class="method">${method}</span> <span class="origin">${clip(shown, 80)}</span>`;
}

/** The host's name, and its port unless it is the usual one; undefined if the text is no web address. */
export function hostOfUrl(url: string): string | undefined {
  return readUrl(url)?.host;
}

function readUrl(url: string): URL | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed : undefined;
}
