import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';

/** A part of a page that is sent again while the page is open, and replaced only if it changed. */
export type LiveElement = { key: string; version: string; markup: Html };

/** What a page shows and its refresh returns: single elements, and lists whose children come and go. */
export type LiveContent = {
  elements: Readonly<Record<string, LiveElement>>;
  lists: Readonly<Record<string, readonly LiveElement[]>>;
};

/** @param shape.tag a tag from the code, never from data; `key` identifies the element within its page or list */
export function liveElement(
  shape: { key: string; tag: 'section' | 'div' | 'tr' | 'li'; className: string },
  content: Html,
): LiveElement {
  const { key, className } = shape;
  const tag = new Html(shape.tag);
  const version = createHash('sha1')
    .update(className)
    .update('\0')
    .update(content.text)
    .digest('base64url')
    .slice(0, 12);
  const markup = html`<${tag} class="${className}" data-key="${key}" data-version="${version}">${content}</${tag}>`;
  return { key, version, markup };
}

/**
 * The refresh as JSON.
 *
 * @param place puts the reader's clocks into the markup
 */
export function liveJson(content: LiveContent, place: (markup: string) => string): unknown {
  const plain = ({ key, version, markup }: LiveElement) => ({ key, version, html: place(markup.text) });
  return {
    elements: Object.values(content.elements).map(plain),
    lists: Object.entries(content.lists).map(([name, children]) => ({ name, children: children.map(plain) })),
  };
}
