import { LineBudget } from './line-budget.ts';
import { idHeaderNames, type HeaderPair } from '../delivery/headers.ts';

/**
 * What a log line may show of a delivery, in one place. Everything here comes from outside text and is limited in depth and
 * size, whatever that text is.
 */
export type LogValue = string | number | boolean | null | LogValue[] | { [name: string]: LogValue };

/** Stands for a value that must not be seen, in log lines and response excerpts. */
export const REDACTED = '[REDACTED]';
/** Stands for what did not fit. */
export const TRUNCATED = '[TRUNCATED]';

/** The header names' share of the 8,000 characters of a line: 50 of them in 8 KiB are allowed. */
const HEADER_CHARACTERS = 1_500;
/** How much is shown of one text from outside. */
const TEXT_CHARACTERS = 200;

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
  const budget = new LineBudget(HEADER_CHARACTERS);
  const entries: [string, LogValue][] = [];
  for (const { key, value } of headers) {
    const entry: [string, string] = [printable(key), shown.has(key.toLowerCase()) ? printable(value) : REDACTED];
    if (!budget.spend(entry)) {
      entries.push([TRUNCATED, headers.length - entries.length]);
      break;
    }
    entries.push(entry);
  }
  // fromEntries defines members, so a header called __proto__ is just another name.
  return Object.fromEntries(entries);
}

/**
 * What a log line or a stored detail may show of an error: its name, and the code of its cause if there is one. Messages and
 * other members contain URLs, headers and secret names.
 */
export function errorName(error: unknown): string {
  const name = codeWord(member(error, 'name')) ?? 'Error';
  const own = name === 'Error' ? (codeWord(member(error, 'code')) ?? name) : name;
  const cause = codeWord(member(member(error, 'cause'), 'code'));
  return cause === undefined || cause === own ? own : `${own} (${cause})`;
}

/** Short, and without characters that a terminal would execute or that would reverse the text in a viewer. */
export function printable(text: string): string {
  const shown = text.length > TEXT_CHARACTERS ? `${text.slice(0, TEXT_CHARACTERS)}…` : text;
  return shown.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ').toWellFormed();
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    // A foreign error's getter may throw; naming the error must not.
    return undefined;
  }
}

function codeWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(value) ? value : undefined;
}
