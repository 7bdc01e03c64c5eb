/** Deeper nesting is shown as sent: each level indents every line below it. */
const MAX_INDENTED_DEPTH = 40;

/**
 * JSON with line breaks and two spaces per level, otherwise unchanged character for character: parsing and writing it again
 * would round large numbers. Undefined if it is not JSON or nested too deeply.
 */
export function indentJson(text: string): string | undefined {
  if (!isJson(text)) return undefined;
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  // A whole string, or one structural character, or a run of anything that is not white space.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  for (const [index, token] of tokens.entries()) {
    if (token === '{' || token === '[') {
      depth++;
      if (depth > MAX_INDENTED_DEPTH) return undefined;
      out += isClosing(tokens[index + 1]) ? token : token + line();
    } else if (isClosing(token)) {
      depth--;
      const before = tokens[index - 1];
      out += before === '{' || before === '[' ? token : line() + token;
    } else if (token === ',') {
      out += `,${line()}`;
    } else {
      out += token === ':' ? ': ' : token;
    }
  }
  return out;
}

function isClosing(token: string | undefined): boolean {
  return token === '}' || token === ']';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
