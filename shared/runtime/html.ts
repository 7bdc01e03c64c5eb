/** Markup that is either written in the code or escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Control and format characters: they are invisible or change the direction of writing, so they can make a hostile text look
 * like another one. Tabs and line ends stay, as do the joiners that emoji and some scripts need.
 */
const INVISIBLE = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Markup in which every value except Html is text: safe between tags and inside quoted attributes. */
export function html(markup: TemplateStringsArray, ...values: HtmlValue[]): Html {
  const [first = '', ...rest] = unindented(markup);
  return new Html(first + values.map((value, index) => render(value) + (rest[index] ?? '')).join(''));
}

const seen = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Templates are indented for readers of the code; the indentation is not sent. Values keep every space. */
function unindented(markup: TemplateStringsArray): readonly string[] {
  const known = seen.get(markup) ?? markup.map((part) => part.replace(/\n\s+/g, '\n'));
  seen.set(markup, known);
  return known;
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return String(value)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(INVISIBLE, named);
}

function named(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** At most `characters`, with an ellipsis if text was cut; never half a surrogate pair. */
export function clip(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : `${text
        .slice(0, characters - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;
}
