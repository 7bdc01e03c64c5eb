import { parseJsonExactly } from './exact-number.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { jsonTextFault } from './json-text-fault.ts';
import { MAX_PAYLOAD_DEPTH } from '../runtime/limits.ts';

/** A request in its text, as a queue hands it over. */
export type ReadText = { kind: 'json'; input: unknown } | { kind: 'fault'; fault: string };

/**
 * Reads the text of a request, keeping the digits of its numbers. A byte order mark in front is skipped. A fault says what the
 * text is instead of JSON, or where it ceases to be; it repeats nothing of it.
 */
export function readRequestText(body: string): ReadText {
  const text = body.startsWith('\ufeff') ? body.slice(1) : body;
  try {
    return { kind: 'json', input: parseJsonExactly(text) };
  } catch (error) {
    if (error instanceof RangeError) return fault(`the message is nested deeper than ${MAX_PAYLOAD_DEPTH} levels`);
    if (text.trim() === '') return fault('the message is empty');
    if (holdsBase64(text)) return fault(`the message is JSON in base64: ${SEND_PLAIN}`);
    return fault(`the message is not JSON: ${jsonTextFault(text)}`);
  }
}

/** What a parsed request is that is no JSON object. */
export function noObjectFault(input: unknown): string {
  if (typeof input !== 'string') return 'the request must be a JSON object';
  if (holdsObject(input)) return `the request is encoded as JSON twice: ${SEND_PLAIN}`;
  if (holdsBase64(input)) return `the request is a string of JSON in base64: ${SEND_PLAIN}`;
  return 'the request must be a JSON object';
}

const SEND_PLAIN = 'send the object itself';

function holdsObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) || (typeof value === 'string' && value !== text && holdsObject(value));
  } catch {
    return false;
  }
}

function holdsBase64(text: string): boolean {
  // Some encoders make lines.
  const whole = text.replace(/\s+/g, '');
  // Plain and url-safe.
  if (!/^[\w+/-]{8,}={0,2}$/.test(whole)) return false;
  return holdsObject(
    Buffer.from(whole, 'base64')
      .toString()
      .replace(/^\ufeff/, ''),
  );
}

function fault(words: string): ReadText {
  return { kind: 'fault', fault: words };
}
