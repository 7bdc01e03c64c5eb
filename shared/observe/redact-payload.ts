import { LineBudget } from './line-budget.ts';
import type { LogPayload } from './log-payload.ts';
import { printable, REDACTED, TRUNCATED, type LogValue } from './redaction.ts';
import { isSensitiveName } from './sensitive-names.ts';
import { isSensitiveText } from './sensitive-text.ts';

/** A payload's share of the 8,000 characters of a line. */
const PAYLOAD_CHARACTERS = 4_000;
/** Levels of nesting shown: real payloads are not nested more deeply. */
const MAX_DEPTH = 12;
/** How many items of a list have their shapes shown: the others are like them. */
const SHAPE_ITEMS = 5;
/** An item of a list that may name the next one: up to three words, no prose. */
const NAME_IN_LIST = /^[\p{L}\p{M}\p{N}_.-]{1,40}(?: [\p{L}\p{M}\p{N}_.-]{1,40}){0,2}$/u;
/**
 * Longer text is judged by its beginning, three times as long as what is shown of it, so that a form that begins in the shown
 * part also ends in the judged part.
 */
const JUDGED_CHARACTERS = 600;
/** How much of a whole payload is judged, four times what is shown: a payload built to be hard to judge costs no more. */
const ALL_JUDGED_CHARACTERS = 16_000;

/** What a line shows of a frozen body. A body that is not JSON is covered whole. */
export function payloadInLog(body: string, shown: LogPayload): LogValue | undefined {
  if (shown === 'none') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return REDACTED;
  }
  return redactPayload(value, shown);
}

/**
 * The same for a value that is already parsed. `values` shows it with secrets and personal data covered, `shape` only types
 * and lengths. At most about 4,000 characters as JSON; cycles end at the maximum depth.
 */
export function redactPayload(value: unknown, shown: Exclude<LogPayload, 'none'>): LogValue {
  return new PayloadWalk(shown).valueAt(value, 0);
}

/** Recursion is safe here: it ends at MAX_DEPTH. */
class PayloadWalk {
  readonly #showsValues: boolean;
  readonly #budget = new LineBudget(PAYLOAD_CHARACTERS);
  #leftToJudge = ALL_JUDGED_CHARACTERS;

  constructor(shown: Exclude<LogPayload, 'none'>) {
    this.#showsValues = shown === 'values';
  }

  valueAt(value: unknown, depth: number): LogValue {
    if (typeof value !== 'object' || value === null) return this.#budget.take(this.#leaf(value));
    if (depth >= MAX_DEPTH) return this.#budget.take(TRUNCATED);
    // Empty ones count too: ten thousand of them fit in a body.
    this.#budget.spend([]);
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
  }

  #leaf(value: unknown): LogValue {
    if (!this.#showsValues) return typeof value === 'string' ? `string ${value.length}` : typeName(value);
    if (typeof value === 'string') return this.#isSensitive(value) ? REDACTED : printable(value);
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : REDACTED;
  }

  /** If the name shows that a value is sensitive, not even its length is shown: a PIN has four digits. */
  #covered(value: unknown): LogValue {
    return this.#budget.take(this.#showsValues ? REDACTED : typeName(value));
  }

  #list(list: readonly unknown[], depth: number): LogValue {
    const most = this.#showsValues ? list.length : SHAPE_ITEMS;
    const shown: LogValue[] = [];
    let isCovered = false;
    for (const item of list) {
      if (this.#budget.isSpent || shown.length >= most) {
        return [...shown, `${TRUNCATED} ${list.length - shown.length} more`];
      }
      shown.push(isCovered ? this.#covered(item) : this.valueAt(item, depth + 1));
      // `["password","…"]`: pairs, and headers in a row.
      isCovered = typeof item === 'string' && NAME_IN_LIST.test(item) && this.#isTelling(item);
    }
    return shown;
  }

  #object(object: object, depth: number): LogValue {
    const members: [string, unknown][] = Object.entries(object);
    const isNamedValue = members.some(([name, value]) => this.#namesSensitiveValue(name, value));
    const shown = new Map<string, LogValue>();
    for (const [name, value] of members) {
      if (this.#budget.isSpent) return Object.fromEntries([...shown, [TRUNCATED, members.length - shown.size]]);
      // A map keyed by e-mail address or URL: here the name itself must not be shown.
      const label = this.#isSensitive(name) ? `${REDACTED} ${shown.size + 1}` : printable(name);
      this.#budget.take(label);
      const isCovered = isSensitiveName(name) || (isNamedValue && isValueMember(name));
      shown.set(label, isCovered ? this.#covered(value) : this.valueAt(value, depth + 1));
    }
    return Object.fromEntries(shown);
  }

  /** `{"name":"password","value":"…"}` puts into a value what others put into a name. */
  #namesSensitiveValue(name: string, value: unknown): boolean {
    return isNameMember(name) && typeof value === 'string' && this.#isTelling(value);
  }

  /** What was not judged is not shown. */
  #isSensitive(text: string): boolean {
    return !this.#mayJudge(text) || isSensitiveText(text.slice(0, JUDGED_CHARACTERS));
  }

  #isTelling(text: string): boolean {
    return !this.#mayJudge(text) || isSensitiveName(text);
  }

  #mayJudge(text: string): boolean {
    this.#leftToJudge -= Math.min(text.length, JUDGED_CHARACTERS);
    return this.#leftToJudge > 0;
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isNameMember(name: string): boolean {
  return /^(?:name|key|field|fieldname|label|header|attribute|property|param|parameter|variable|slot|type)$/i.test(
    name,
  );
}

function isValueMember(name: string): boolean {
  return /^(?:values?|val|content|data|text|answer|default|current|response|body|input)$/i.test(name);
}
