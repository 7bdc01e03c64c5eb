/** Where and why a text is no JSON: `a comma too many at line 3, column 17`. Columns are counted in characters from 1. */
export function jsonTextFault(text: string): string {
  const { at, what } = new Reading(text).firstFault();
  const lines = text.slice(0, at).split('\n');
  return `${what} at line ${lines.length}, column ${Array.from(lines.at(-1) ?? '').length + 1}`;
}

type Fault = { at: number; what: string };
/** What comes next: a value, a value or the end of a list that has just begun, a name likewise, a name, or what follows a value. */
type Next = 'value' | 'first value' | 'first name' | 'name' | 'more';

/** What some languages write and JSON does not know. */
const FOREIGN_WORDS = ['NaN', 'Infinity', '-Infinity', 'undefined', 'None', 'True', 'False', 'nil'];
const BLANKS = /[ \t\r\n]*/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids them raw
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.eE])|(?:true|false|null)\b/y;

/**
 * Reads a text that is known to be no JSON up to its first fault. `JSON.parse` tells a place only for some faults, in words of
 * its version, and quotes the text. Takes linear time and no stack, whatever the nesting.
 */
class Reading {
  readonly #text: string;
  /** `{` or `[` for each level that is open. */
  readonly #open: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  firstFault(): Fault {
    let next: Next | Fault = 'value';
    while (typeof next === 'string') {
      this.#take(BLANKS);
      next = this.#read(next);
    }
    return next;
  }

  #read(next: Next): Next | Fault {
    const sign = this.#text[this.#at];
    if (sign === undefined && !(next === 'more' && this.#open.length === 0))
      return this.#fault('the text ends too early');
    switch (next) {
      case 'first value':
        return sign === ']' ? this.#close() : this.#readValue(sign);
      case 'value':
        return this.#readValue(sign);
      case 'first name':
        return sign === '}' ? this.#close() : this.#readName();
      case 'name':
        return this.#readName();
      case 'more':
        return this.#readMore(sign);
    }
  }

  #readValue(sign: string | undefined): Next | Fault {
    if (sign === '{' || sign === '[') {
      this.#open.push(sign);
      this.#at++;
      return sign === '{' ? 'first name' : 'first value';
    }
    return this.#take(STRING) || this.#take(SCALAR) ? 'more' : this.#unreadable('something that is no value of JSON');
  }

  #readName(): Next | Fault {
    if (!this.#take(STRING)) return this.#unreadable('a name without double quotes');
    this.#take(BLANKS);
    if (this.#text[this.#at] !== ':') return this.#fault('no colon behind a name');
    this.#at++;
    return 'value';
  }

  #readMore(sign: string | undefined): Next | Fault {
    const open = this.#open.at(-1);
    if (open === undefined) return this.#fault('more text behind the end');
    if (sign === (open === '{' ? '}' : ']')) return this.#close();
    if (sign !== ',') return this.#fault('no comma');
    this.#at++;
    return open === '{' ? 'name' : 'value';
  }

  #close(): Next {
    this.#open.pop();
    this.#at++;
    return 'more';
  }

  #unreadable(otherwise: string): Fault {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    const word = FOREIGN_WORDS.find((known) => rest.startsWith(known));
    if (word !== undefined) return this.#fault(`${word}, which JSON does not know,`);
    switch (rest[0]) {
      case ',':
        return this.#fault('a comma too many');
      case '}':
      case ']':
        return this.#beforeClosing();
      case "'":
        return this.#fault('single quotes, where JSON has double ones,');
      case '"':
        return this.#fault('a string without end, with a raw line end or an unknown escape');
      case '/':
        return this.#fault('a comment, which JSON does not know,');
      default:
        return this.#fault(otherwise);
    }
  }

  /** The comma is what somebody has to take away. */
  #beforeClosing(): Fault {
    const before = this.#text.slice(0, this.#at).trimEnd();
    if (before.endsWith(',')) return { at: before.length - 1, what: 'a comma too many' };
    return this.#fault('no value');
  }

  #fault(what: string): Fault {
    return { at: this.#at, what };
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.test(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}
