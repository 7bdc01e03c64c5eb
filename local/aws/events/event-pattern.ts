import { BlockList, isIP, isIPv4 } from 'node:net';
import { isJsonObject, type JsonObject } from '../../json-object.ts';

/** Whether an event matches the pattern of a rule, by the operators of EventBridge's manual (comparison operators). */
export function matchesPattern(pattern: JsonObject, event: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or')
      return Array.isArray(wanted) && wanted.some((one) => isJsonObject(one) && matchesPattern(one, event));
    const value = isJsonObject(event) ? event[name] : undefined;
    if (Array.isArray(wanted)) return wanted.some((rule) => matchesRule(rule, value));
    if (!isJsonObject(wanted)) return false;
    return Array.isArray(value) ? value.some((one) => matchesPattern(wanted, one)) : matchesPattern(wanted, value);
  });
}

/** What EventBridge would refuse in a pattern; undefined for one that it takes. */
export function whyNotAPattern(pattern: JsonObject): string | undefined {
  for (const [name, wanted] of Object.entries(pattern)) {
    if (name === '$or' && Array.isArray(wanted)) {
      const why = wanted.map((one) => (isJsonObject(one) ? whyNotAPattern(one) : '$or takes a list of patterns'));
      const first = why.find((one) => one !== undefined);
      if (first !== undefined) return first;
    } else if (Array.isArray(wanted)) {
      if (wanted.length === 0) return `${name}: an empty list matches nothing`;
      const unknown = wanted
        .filter(isJsonObject)
        .flatMap(Object.keys)
        .find((operator) => !(operator in OPERATORS));
      if (unknown !== undefined) return `${name}: EventBridge has no operator ${unknown}`;
    } else if (isJsonObject(wanted)) {
      const why = whyNotAPattern(wanted);
      if (why !== undefined) return `${name}.${why}`;
    } else {
      return `${name}: a value must stand in a list`;
    }
  }
  return undefined;
}

/** An event's list matches if one of its values does; `exists: false` alone is true of what is absent. */
function matchesRule(rule: unknown, value: unknown): boolean {
  if (!isJsonObject(rule)) return Array.isArray(value) ? value.includes(rule) : value === rule;
  return Object.entries(rule).every(([operator, operand]) => {
    if (operator === 'exists') return (value !== undefined) === operand;
    const holds = OPERATORS[operator];
    if (holds === undefined || value === undefined) return false;
    return [value].flat().some((one) => holds(operand, one));
  });
}

type Operator = (operand: unknown, value: unknown) => boolean;

const OPERATORS: Readonly<Record<string, Operator>> = {
  exists: () => false,
  prefix: (operand, value) => affix(operand, value, (text, part) => text.startsWith(part)),
  suffix: (operand, value) => affix(operand, value, (text, part) => text.endsWith(part)),
  'equals-ignore-case': (operand, value) => isText(operand) && isText(value) && folded(operand) === folded(value),
  wildcard: (operand, value) => isText(operand) && isText(value) && wildcard(operand).test(value),
  numeric: (operand, value) => typeof value === 'number' && Array.isArray(operand) && numeric(operand, value),
  cidr: (operand, value) => isText(operand) && isText(value) && inRange(operand, value),
  'anything-but': (operand, value) => !anyOf(operand, value),
};

/** Operands of `anything-but`: a value, a list of values, or another operator with one or several operands. */
function anyOf(operand: unknown, value: unknown): boolean {
  if (!isJsonObject(operand)) return [operand].flat().includes(value);
  return Object.entries(operand).some(([operator, inner]) =>
    [inner].flat().some((one) => OPERATORS[operator]?.(one, value) === true),
  );
}

function affix(operand: unknown, value: unknown, holds: (text: string, part: string) => boolean): boolean {
  if (!isText(value)) return false;
  if (isText(operand)) return holds(value, operand);
  const part = isJsonObject(operand) ? operand['equals-ignore-case'] : undefined;
  return isText(part) && holds(folded(value), folded(part));
}

/** A backslash makes a star, or itself, a character like any other. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\([*\\])|\*|[^*\\]+|\\/g, (part, literal: string | undefined) =>
    part === '*' ? '[^]*' : RegExp.escape(literal ?? part),
  );
  return new RegExp(`^${source}$`, 'u');
}

const COMPARISONS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

/** `[">", 0, "<=", 5]`: all of the pairs. */
function numeric(operand: readonly unknown[], value: number): boolean {
  for (let index = 0; index < operand.length; index += 2) {
    const limit = operand[index + 1];
    if (typeof limit !== 'number' || COMPARISONS[String(operand[index])]?.(value, limit) !== true) return false;
  }
  return operand.length > 0;
}

function inRange(cidr: string, address: string): boolean {
  const [network = '', bits] = cidr.split('/');
  if (isIP(network) === 0 || isIP(address) !== isIP(network)) return false;
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, Number(bits), family);
  return range.check(address, family);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function folded(text: string): string {
  return text.toLowerCase();
}
