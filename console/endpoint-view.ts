import { clip, type Html, html } from './html.ts';

/** The endpoint in one line, for the page of its delivery: method, origin, and the start of the path. */
export function endpointLine(method: string, url: string): Html {
  const [, origin, path = ''] = /^(https?:\/\/[^/?#]+)(.*)$/s.exec(url) ?? [undefined, url, ''];
  const secure = origin?.startsWith('https://') === true;
  const shownOrigin = secure ? origin?.slice('https://'.length) : origin;
  return html`<span class="method">${method}</span> <span class="origin">${clip(shownOrigin ?? '', 80)}</span>
    <span class="path">${clip(path, 60)}</span>`;
}

/** The endpoint in a list: nothing beyond its origin, because paths, queries and user names carry tokens. */
export function originLine(method: string, url: string): Html {
  const parsed = readUrl(url);
  const shown = parsed === undefined ? 'not a URL' : parsed.origin.replace(/^https:\/\//, '');
  return html`<span class="method">${method}</span> <span class="origin">${clip(shown, 80)}</span>`;
}

/** The host's name without its port; undefined if the text is no web address. */
export function hostOfUrl(url: string): string | undefined {
  return readUrl(url)?.hostname;
}

function readUrl(url: string): URL | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed : undefined;
}
