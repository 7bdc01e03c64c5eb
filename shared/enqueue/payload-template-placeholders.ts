/** A part of a template string: text that is kept as it is, or a placeholder that is looked up. */
export type TemplatePart =
  | { kind: 'text'; text: string }
  /** `{{path}}` or `{{path | fallback}}`, both without surrounding spaces. `fallback` is undefined if there is no bar. */
  | { kind: 'placeholder'; path: string; fallback: string | undefined };

/**
 * Cuts a template string into its parts, in order. A path holds no space, bar or brace; a fallback holds no `}` and no `{{`.
 * Anything else, such as an unclosed `{{`, is text. Takes time linear in the length of the string: a match that fails has read
 * no further than the next `{{`.
 */
export function* templateParts(template: string): Generator<TemplatePart, void> {
  let textFrom = 0;
  let open = template.indexOf('{{');
  while (open !== -1) {
    const found = placeholderAt(template, open);
    if (found === undefined) {
      open = template.indexOf('{{', open + 1);
      continue;
    }
    if (open > textFrom) yield { kind: 'text', text: template.slice(textFrom, open) };
    yield found.placeholder;
    textFrom = found.end;
    open = template.indexOf('{{', textFrom);
  }
  if (textFrom < template.length) yield { kind: 'text', text: template.slice(textFrom) };
}

function placeholderAt(template: string, open: number): { placeholder: TemplatePart; end: number } | undefined {
  const pathFrom = skipBlanks(template, open + 2);
  const pathTo = find(/[\s|{}]/g, template, pathFrom);
  if (pathTo === pathFrom) return undefined;
  const path = template.slice(pathFrom, pathTo);
  const afterPath = skipBlanks(template, pathTo);
  if (template.startsWith('}}', afterPath)) {
    return { placeholder: { kind: 'placeholder', path, fallback: undefined }, end: afterPath + 2 };
  }
  if (template[afterPath] !== '|') return undefined;
  const fallbackTo = find(/\}|\{\{/g, template, afterPath + 1);
  if (!template.startsWith('}}', fallbackTo)) return undefined;
  const fallback = template.slice(afterPath + 1, fallbackTo).trim();
  return { placeholder: { kind: 'placeholder', path, fallback }, end: fallbackTo + 2 };
}

function skipBlanks(text: string, from: number): number {
  return find(/\S/g, text, from);
}

/** The index of the next match, or the end of the text. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}
