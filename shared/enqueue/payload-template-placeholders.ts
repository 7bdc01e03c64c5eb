/** A part of a template string. */
export type TemplatePart =
  /** Kept as it is. */
  | { kind: 'text'; text: string }
  /**
   * `{{path}}` or `{{path | fallback}}`, both without surrounding spaces. `fallback` is undefined if there is no bar. `written` is
   * the whole of it.
   */
  | { kind: 'placeholder'; path: string; fallback: string | undefined; written: string }
  /** Braces that are no placeholder here: `{{a b}}`, `{{{a}}}`, or `{{` that nothing closes. Kept as they are, too. */
  | { kind: 'unread'; written: string };

type Found = { part: TemplatePart; from: number; end: number };

/**
 * Cuts a template string into its parts, in order. A path holds no space, bar or brace; a fallback holds no `}` and no `{{`.
 * Takes time linear in the length of the string: whatever begins with `{{` is read no further than to the next `{{`.
 */
export function* templateParts(template: string): Generator<TemplatePart, void> {
  let textFrom = 0;
  let open = template.indexOf('{{');
  while (open !== -1) {
    const { part, from, end } = partAt(template, open);
    if (from > textFrom) yield { kind: 'text', text: template.slice(textFrom, from) };
    yield part;
    textFrom = end;
    open = template.indexOf('{{', textFrom);
  }
  if (textFrom < template.length) yield { kind: 'text', text: template.slice(textFrom) };
}

/** Whether somebody seems to expect that placeholders in this text are rendered. */
export function looksLikeTemplate(text: string): boolean {
  const open = text.indexOf('{{');
  return open !== -1 && text.includes('}}', open);
}

/** Of three and more braces the inner two count, unless as many close: `{{{a}}}` means something to others. */
function partAt(template: string, open: number): Found {
  const inner = find(/[^{]/g, template, open) - 2;
  const found = placeholderAt(template, inner) ?? unreadAt(template, inner);
  const more = inner - open;
  if (more === 0 || !template.startsWith('}'.repeat(more), found.end)) return found;
  const end = found.end + more;
  return { part: { kind: 'unread', written: template.slice(open, end) }, from: open, end };
}

function placeholderAt(template: string, open: number): Found | undefined {
  const pathFrom = skipBlanks(template, open + 2);
  const pathTo = find(/[\s|{}]/g, template, pathFrom);
  if (pathTo === pathFrom) return undefined;
  const path = template.slice(pathFrom, pathTo);
  const afterPath = skipBlanks(template, pathTo);
  const found = (fallback: string | undefined, end: number): Found => {
    const written = template.slice(open, end);
    return { part: { kind: 'placeholder', path, fallback, written }, from: open, end };
  };
  if (template.startsWith('}}', afterPath)) return found(undefined, afterPath + 2);
  if (template[afterPath] !== '|') return undefined;
  const fallbackTo = find(/\}|\{\{/g, template, afterPath + 1);
  if (!template.startsWith('}}', fallbackTo)) return undefined;
  return found(template.slice(afterPath + 1, fallbackTo).trim(), fallbackTo + 2);
}

function unreadAt(template: string, open: number): Found {
  const closing = find(/\}\}|\{\{/g, template, open + 2);
  const end = template.startsWith('}}', closing) ? closing + 2 : open + 2;
  return { part: { kind: 'unread', written: template.slice(open, end) }, from: open, end };
}

function skipBlanks(text: string, from: number): number {
  return find(/\S/g, text, from);
}

/** The index of the next match, or the end of the text. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}
