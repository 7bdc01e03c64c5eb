import { clip, type Html, html } from './html.ts';

/** The endpoint in one line: method, origin, and the start of the path (paths carry tokens, and are long). */
export function endpointLine(method: string, url: string): Html {
  const [, origin, path = ''] = /^(https?:\/\/[^/?#]+)(.*)$/s.exec(url) ?? [undefined, url, ''];
  const secure = origin?.startsWith('https://') === true;
  const shownOrigin = secure ? origin?.slice('https://'.length) : origin;
  return html`<span class="method">${method}</span> <span class="origin">${clip(shownOrigin ?? '', 80)}</span>
    <span class="path">${clip(path, 60)}</span>`;
}
