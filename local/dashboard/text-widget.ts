import { type Html, html } from '../../console/html.ts';

const INLINE = /\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g;

/** Headings, lists, paragraphs, bold, code and web links of Markdown; everything else is shown as plain text. */
export function textWidget(markdown: string): Html {
  const blocks = markdown.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  return html`<div class="text">${blocks.map(block)}</div>`;
}

function block(source: string): Html {
  const lines = source.trim().split('\n');
  const [first = '', ...rest] = lines;
  const [, heading] = /^#{1,6}\s+(.*)$/.exec(first) ?? [];
  if (heading !== undefined) {
    return html`<h3>${inline(heading)}</h3>
      ${rest.length > 0 ? block(rest.join('\n')) : undefined}`;
  }
  if (lines.every((line) => /^\s*[-*]\s+/.test(line))) {
    return html`<ul>
      ${lines.map((line) => html`<li>${inline(line.replace(/^\s*[-*]\s+/, ''))}</li>`)}
    </ul>`;
  }
  return html`<p>${inline(lines.join('\n'))}</p>`;
}

function inline(source: string): Html {
  const parts: (Html | string)[] = [];
  let at = 0;
  for (const match of source.matchAll(INLINE)) {
    const [whole, bold, code, label, address] = match;
    parts.push(source.slice(at, match.index));
    if (bold !== undefined) parts.push(html`<strong>${bold}</strong>`);
    else if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (label !== undefined) parts.push(html`<a href="${address}">${label}</a>`);
    at = match.index + whole.length;
  }
  return html`${[...parts, source.slice(at)]}`;
}
