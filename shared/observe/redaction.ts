import { isSensitiveName } from './sensitive-names.ts';
import { idHeaderNames, type HeaderPair } from '../delivery/headers.ts';

/**
 * What of a delivery may stand in a log line, in one place. Everything here is made of text from outside and is bounded
 * in depth and size, whatever that text is.
 */
export type LogValue = string | number | boolean | null | LogValue[] | { [name: string]: LogValue };

/** Stands for a value that must not be seen, in log lines and response excerpts. */
export const REDACTED = '[REDACTED]';
/** Stands for what did not fit. */
const TRUNCATED = '[TRUNCATED]';

/** A payload's share of the 8,000 characters of a line. */
const PAYLOAD_CHARACTERS = 4_000;
/** The header names' share of it: 50 of them in 8 KiB are allowed. */
const HEADER_CHARACTERS = 1_500;
/** Of one string in a payload this much is shown. */
const STRING_CHARACTERS = 200;
/** Nesting shown: the shape of real payloads ends before it. */
const MAX_DEPTH = 12;

/** Scheme, host and port; paths and queries carry tokens, user info a password. */
export function redactUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.origin === 'null') return REDACTED;
  return parsed.origin;
}

/** Every header by name; only Content-Type and the three id headers by value. */
export function redactHeaders(headers: readonly HeaderPair[], headerPrefix: string): { [name: string]: LogValue } {
  const shown = new Set([
    'content-type',
    ...Object.values(idHeaderNames(headerPrefix)).map((name) => name.toLowerCase()),
  ]);
  const budget = new Budget(HEADER_CHARACTERS);
  const entries: [string, LogValue][] = [];
  for (const { key, value } of headers) {
    const entry: [string, string] = [printable(key), shown.has(key.toLowerCase()) ? printable(value) : REDACTED];
    if (!budget.spend(entry)) {
      entries.push([TRUNCATED, headers.length - entries.length]);
      break;
    }
    entries.push(entry);
  }
  // fromEntries defines members, so that a header called __proto__ is one more name.
  return Object.fromEntries(entries);
}

/** The shape of a frozen body, with secrets and personal data covered. A body that is not JSON is covered whole. */
export function redactBody(body: string): LogValue {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return REDACTED;
  }
  return redactPayload(value);
}

/** The same for a value that is parsed already. At most about 4,000 characters as JSON; cycles end at the depth. */
export function redactPayload(value: unknown): LogValue {
  return redactValue(value, new Budget(PAYLOAD_CHARACTERS), 0);
}

/**
 * What an error may say of itself in a log line or a stored detail: its name, and its cause's code where there is one.
 * Messages and other members carry URLs, headers and secret names.
 */
export function errorName(error: unknown): string {
  const name = codeWord(member(error, 'name')) ?? 'Error';
  const own = name === 'Error' ? (codeWord(member(error, 'code')) ?? name) : name;
  const cause = codeWord(member(member(error, 'cause'), 'code'));
  return cause === undefined || cause === own ? own : `${own} (${cause})`;
}

/** Recursion is safe here: it ends at MAX_DEPTH. */
function redactValue(value: unknown, budget: Budget, depth: number): LogValue {
  if (typeof value === 'string') return budget.take(isSensitiveText(value) ? REDACTED : printable(value));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return budget.take(value);
  if (typeof value !== 'object') return budget.take(REDACTED);
  if (depth >= MAX_DEPTH) return budget.take(TRUNCATED);
  // Empty ones cost, too: ten thousand of them fit a body.
  budget.spend([]);
  return Array.isArray(value) ? redactList(value, budget, depth) : redactObject(value, budget, depth);
}

function redactList(list: readonly unknown[], budget: Budget, depth: number): LogValue {
  const shown: LogValue[] = [];
  for (const item of list) {
    if (budget.isSpent) return [...shown, `${TRUNCATED} ${list.length - shown.length} more`];
    shown.push(redactValue(item, budget, depth + 1));
  }
  return shown;
}

function redactObject(object: object, budget: Budget, depth: number): LogValue {
  const members: [string, unknown][] = Object.entries(object);
  const isNamedValue = members.some(([name, value]) => namesSensitiveValue(name, value));
  const shown = new Map<string, LogValue>();
  for (const [name, value] of members) {
    if (budget.isSpent) return Object.fromEntries([...shown, [TRUNCATED, members.length - shown.size]]);
    // A map keyed by e-mail address or URL: the name itself is what must not be shown.
    const label = isSensitiveText(name) ? `${REDACTED} ${shown.size + 1}` : printable(name);
    budget.take(label);
    const isCovered = isSensitiveName(name) || (isNamedValue && isValueMember(name));
    shown.set(label, isCovered ? budget.take(REDACTED) : redactValue(value, budget, depth + 1));
  }
  return Object.fromEntries(shown);
}

/** `{"name":"password","value":"…"}` says with a value what others say with a name. */
function namesSensitiveValue(name: string, value: unknown): boolean {
  return isNameMember(name) && typeof value === 'string' && isSensitiveName(value);
}

function isNameMember(name: string): boolean {
  return /^(?:name|key|field|fieldname|label|header|attribute|property|param|parameter|variable|slot|type)$/i.test(
    name,
  );
}

function isValueMember(name: string): boolean {
  return /^(?:values?|val|content|data|text|answer|default|current|response|body|input)$/i.test(name);
}

/** A URL anywhere in it, an e-mail address, a phone number in international form, or a secret known by its form. */
const SENSITIVE_TEXT = [
  // Read backwards from its `://`: forwards it would be tried at every letter of a long word.
  /:\/\/(?<=[a-z][a-z0-9+.-]{1,30}:\/\/)/i,
  /^\s*(?:\/\/|www\.)[^\s/]/i,
  /^\s*(?:mailto|tel|sip|sips|sms|data|javascript|urn|blob):/i,
  /[^\s@<>()",;:]@[^\s@<>()",;:]{1,253}\.[^\s@.]{2}/,
  /\+\d(?:[\s().-]{0,2}\d){6,14}/,
  /\bBearer\s+\S{8}/i,
  // Not `Basic subscription`.
  /^\s*Basic\s+(?![A-Z]?[a-z]*\s*$)[A-Za-z0-9+/]{8,}={0,2}\s*$/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8}/,
  /\bwh(?:sec|sk|pk)_\S/,
  /\b(?:sk|pk|rk|ghp|gho|xox[abp])[_-][A-Za-z0-9_-]{12}/,
  /\bAKIA[A-Z0-9]{12}/,
  /-----BEGIN /,
];

/** Longer text is judged by its beginning, and no more than that is ever shown. */
const JUDGED_CHARACTERS = 2_000;

function isSensitiveText(text: string): boolean {
  const judged = text.slice(0, JUDGED_CHARACTERS);
  return SENSITIVE_TEXT.some((pattern) => pattern.test(judged));
}

/** Short, and without what a terminal would obey or a viewer turn around. */
function printable(text: string): string {
  const shown = text.length > STRING_CHARACTERS ? `${text.slice(0, STRING_CHARACTERS)}…` : text;
  return shown.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ').toWellFormed();
}

/** Counts characters as JSON spells them. */
class Budget {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Spends what fits. */
  spend(value: LogValue): boolean {
    this.#left -= JSON.stringify(value).length + 1;
    return !this.isSpent;
  }

  take<Value extends LogValue>(value: Value): Value {
    this.spend(value);
    return value;
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    // A getter of a foreign error may throw; naming one must not.
    return undefined;
  }
}

function codeWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(value) ? value : undefined;
}
