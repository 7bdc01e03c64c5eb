import { isJsonObject, parsedJsonObject } from '../../json-object.ts';

export type LogFilter = (message: string) => boolean;

/**
 * A filter pattern of CloudWatch Logs: words and phrases that a message must hold, `?any`, `-none`, `%expression%`, or
 * comparisons of JSON members `{ $.level = "ERROR" && $.attempt > 1 }`. Undefined for one that the twin does not know.
 */
export function readFilterPattern(pattern: string): LogFilter | undefined {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{') && text.endsWith('}')) return jsonFilter(text.slice(1, -1));
  return text.startsWith('[') || text.startsWith('{') ? undefined : termsFilter(text);
}

type Term = { sign: '' | '?' | '-'; holds: LogFilter };

function termsFilter(text: string): LogFilter | undefined {
  const terms: Term[] = [];
  for (const [, sign = '', phrase, expression, word] of text.matchAll(
    /([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"%]+))/g,
  )) {
    const holds =
      expression === undefined ? contains(phrase?.replaceAll(/\\(.)/g, '$1') ?? word ?? '') : matches(expression);
    if (holds === undefined) return undefined;
    terms.push({ sign: sign === '?' || sign === '-' ? sign : '', holds });
  }
  const of = (wanted: Term['sign']): LogFilter[] =>
    terms.filter(({ sign }) => sign === wanted).map(({ holds }) => holds);
  const [all, any, none] = [of(''), of('?'), of('-')];
  return (message) =>
    all.every((holds) => holds(message)) &&
    (any.length === 0 || any.some((holds) => holds(message))) &&
    !none.some((holds) => holds(message));
}

/** "Filter patterns are case sensitive." */
function contains(part: string): LogFilter {
  return (message) => message.includes(part);
}

function matches(expression: string): LogFilter | undefined {
  try {
    const compiled = new RegExp(expression, 'u');
    return (message) => compiled.test(message);
  } catch {
    return undefined;
  }
}

type Comparison = (document: object) => boolean;

/** `&&` binds before `||`; there are no parentheses here. */
function jsonFilter(text: string): LogFilter | undefined {
  const alternatives = text.split('||').map((part) => part.split('&&').map(comparison));
  if (alternatives.some((all) => all.includes(undefined))) return undefined;
  return (message) => {
    const document = parsedJsonObject(message);
    return document !== undefined && alternatives.some((all) => all.every((holds) => holds?.(document) === true));
  };
}

const COMPARISON =
  /^\s*\$\.([\w.$-]+)\s*(?:(=|!=|<=|>=|<|>)\s*(?:"([^"]*)"|(-?\d+(?:\.\d+)?)|([\w*.-]+))|(IS NULL|IS TRUE|IS FALSE|NOT EXISTS))\s*$/;

function comparison(text: string): Comparison | undefined {
  const [, path = '', operator = '', quoted, number, word, state] = COMPARISON.exec(text) ?? [];
  if (path === '') return undefined;
  const wanted = quoted ?? word;
  return (document) => {
    const value = valueAt(document, path);
    if (state !== undefined) return hasState(value, state);
    if (wanted !== undefined) return compareTexts(operator, value, wanted);
    return typeof value === 'number' && compareNumbers(operator, value, Number(number));
  };
}

function hasState(value: unknown, state: string): boolean {
  if (state === 'NOT EXISTS') return value === undefined;
  return value === { 'IS NULL': null, 'IS TRUE': true, 'IS FALSE': false }[state];
}

function compareTexts(operator: string, value: unknown, wanted: string): boolean {
  const pattern = wanted.split('*').map(RegExp.escape).join('.*');
  const isEqual =
    (typeof value === 'string' || typeof value === 'boolean') && new RegExp(`^${pattern}$`, 's').test(String(value));
  if (operator === '=') return isEqual;
  return operator === '!=' && value !== undefined && !isEqual;
}

function compareNumbers(operator: string, value: number, limit: number): boolean {
  switch (operator) {
    case '=':
      return value === limit;
    case '!=':
      return value !== limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    default:
      return operator === '>=' && value >= limit;
  }
}

function valueAt(document: object, path: string): unknown {
  let value: unknown = document;
  for (const step of path.split('.')) value = isJsonObject(value) ? value[step] : undefined;
  return value;
}
