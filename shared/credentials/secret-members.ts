import { isHeaderName, isHeaderValue, isReservedHeader } from '../delivery/headers.ts';
import { isJsonObject } from '../runtime/json-object.ts';

/** Fixed words that name the member that is wrong and say what to write. They never hold a value. */
export type Fault = { fault: string };

/** Bytes of one credential header: what receivers commonly take for all headers together. */
export const MAX_CREDENTIAL_VALUE_BYTES = 8 * 1024;

const BYTE_ORDER_MARK = '\ufeff';
const CONTROL_CHARACTER = /\p{Cc}/u;

/** A secret's text as JSON; `fault` says where it stops being JSON, and no more: the parser's own message quotes the secret. */
export function parseJson(text: string): { value: unknown } | Fault {
  try {
    return { value: JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text) as unknown };
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)$/.exec(error instanceof Error ? error.message : '') ?? [];
    return { fault: line === undefined ? 'is not JSON' : `is not JSON: see line ${line}, column ${column}` };
  }
}

/** A member that holds JSON, or a string of that JSON: an editor of keys and values can write nothing else. */
export function parseNested(value: unknown): { value: unknown } | Fault {
  return typeof value === 'string' ? parseJson(value.trim()) : { value };
}

/** Reads members of an object of a secret and remembers the first fault. Blanks and line ends around a value are not part of it. */
export class Members {
  readonly #data: Record<string, unknown>;
  readonly #of: string;
  fault: Fault | undefined;

  /** @param of the object's own name, for the words of a fault */
  constructor(data: Record<string, unknown>, of = 'credential_data') {
    this.#data = data;
    this.#of = of;
  }

  /** Whether the member is there and not null. */
  has(member: string): boolean {
    return this.#valueOf(member) !== undefined && this.#valueOf(member) !== null;
  }

  /** A string without control characters or lone surrogates; may be empty. */
  plain(member: string): string {
    const text = this.#string(member);
    if (CONTROL_CHARACTER.test(text) || !text.isWellFormed()) {
      return this.#fail(`${this.#nameOf(member)} holds a character that cannot be sent, such as a line end`);
    }
    return text;
  }

  /** Text of several lines, whose ends may have been pasted as `\n` in two characters. */
  lines(member: string): string {
    return this.#string(member).replaceAll(/\\r\\n|\\n|\r\n?/g, '\n');
  }

  /** A non-empty header value. */
  text(member: string): string {
    const value = this.plain(member);
    if (this.fault !== undefined) return '';
    if (value === '') return this.#fail(`${this.#nameOf(member)} is empty`);
    if (!isHeaderValue(value)) {
      return this.#fail(
        `${this.#nameOf(member)} holds a character that no header can carry: only printable ASCII can be sent`,
      );
    }
    if (Buffer.byteLength(value) > MAX_CREDENTIAL_VALUE_BYTES) {
      return this.#fail(`${this.#nameOf(member)} has more than ${MAX_CREDENTIAL_VALUE_BYTES} bytes`);
    }
    return value;
  }

  /** A header name that HTTP can carry and that is not reserved for Surehook. A colon after it is not part of it. */
  headerName(member: string, headerPrefix: string): string {
    const value = this.plain(member).replace(/\s*:$/, '');
    if (this.fault !== undefined) return '';
    if (!isHeaderName(value)) {
      return this.#fail(`${this.#nameOf(member)} is not a header name: letters, digits and hyphens, such as X-API-Key`);
    }
    if (isReservedHeader(value, headerPrefix)) {
      return this.#fail(`${this.#nameOf(member)} is a header that only Surehook itself may set`);
    }
    return value;
  }

  #string(member: string): string {
    const value = this.#valueOf(member);
    if (!this.has(member)) return this.#fail(`${this.#nameOf(member)} is missing`);
    return typeof value === 'string' ? value.trim() : this.#fail(`${this.#nameOf(member)} must be a string, in quotes`);
  }

  #nameOf(member: string): string {
    return `${this.#of}.${member}`;
  }

  #valueOf(member: string): unknown {
    return Object.hasOwn(this.#data, member) ? this.#data[member] : undefined;
  }

  #fail(fault: string): '' {
    this.fault ??= { fault };
    return '';
  }
}

/** The members of `credential_data`. */
export function readMembers(data: unknown): Members | Fault {
  if (data === undefined || data === null) return { fault: 'credential_data is missing' };
  const parsed = parseNested(data);
  if ('fault' in parsed) return { fault: `credential_data ${parsed.fault}` };
  return isJsonObject(parsed.value) ? new Members(parsed.value) : { fault: 'credential_data must be a JSON object' };
}
