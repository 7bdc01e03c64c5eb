import { isHeaderName } from '../delivery/headers.ts';

/** The header block of an answer, as far as it can be read. */
export type ResponseHead = {
  status: number;
  /** Valid HTTP/1 in every byte: every reader agrees where the body ends. */
  isClean: boolean;
  /** Of HTTP/1.1, whose connections last unless it says otherwise. */
  isPersistent: boolean;
  /** Names in lower case; what cannot be read is left out. */
  fields: readonly Field[];
};

type Field = { name: string; value: string };

/** How the end of a body is known. */
export type BodyFraming = { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' };

/** As lenient as curl and Python's http.client. */
const STATUS_LINE = /^HTTP\/1\.\d+[ \t]+(\d{3})(?![^ \t])/;
/** RFC 9112, sections 4 and 5: visible characters, blanks, tabs, and bytes beyond ASCII. */
const CLEAN_BLOCK =
  /^HTTP\/1\.[01] \d{3}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const FRAMING_LINE = /^(?:content-length|transfer-encoding):.*$/gim;
/** No more digits than a double holds. */
const CLEAN_FRAMING = /^(?:content-length: ?\d{1,15}|transfer-encoding: ?chunked)$/i;
/**
 * Node itself accepts no larger block, nor do most proxies: a larger one is read, but its connection is not used for a second
 * request.
 */
const CLEAN_BYTES = 16 * 1024;

/**
 * Reads a block including its empty line, or as much of it as was collected; undefined if it has no status. The status line
 * decides: the lines after it can be as odd as they like (RFC 9112, sections 2.2 and 5, let a reader accept most of them).
 */
export function readHead(block: string): ResponseHead | undefined {
  const [statusLine = '', ...lines] = block.split('\n').map(withoutReturns);
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  // What follows the last line end is an incomplete line, or nothing.
  const isPersistent = statusLine.startsWith('HTTP/1.1');
  return { status: Number(status), isClean: isClean(block), isPersistent, fields: readFields(lines.slice(0, -1)) };
}

/**
 * Where the body most likely ends: chunks before lengths (RFC 9112, section 6.3), of several lengths the largest, else with the
 * connection. Of a clean block it is certain.
 * @param isComplete whether the body follows; nothing does where the block itself was cut off
 */
export function framingOf({ status, fields }: ResponseHead, isComplete: boolean): BodyFraming {
  if (!isComplete || status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (listOf(fields, 'transfer-encoding').at(-1)?.toLowerCase() === 'chunked') return { kind: 'chunked' };
  const lengths = listOf(fields, 'content-length').filter((length) => /^\+?\d{1,15}$/.test(length));
  return lengths.length === 0 ? { kind: 'close' } : { kind: 'length', bytes: Math.max(...lengths.map(Number)) };
}

/** For how long the receiver keeps the connection open for another request; undefined where it says nothing, 0 where it ends it. */
export function keptForMs({ isClean, isPersistent, fields }: ResponseHead): number | undefined {
  const closes = listOf(fields, 'connection').some((option) => option.toLowerCase() === 'close');
  if (!isClean || !isPersistent || closes) return 0;
  const [seconds] = listOf(fields, 'keep-alive').flatMap((hint) => /^timeout ?= ?"?(\d{1,6})/i.exec(hint)?.[1] ?? []);
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** The members of a header that is a list, in all of its lines. */
function listOf(fields: readonly Field[], wanted: string): string[] {
  return fields.filter(({ name }) => name === wanted).flatMap(({ value }) => value.split(',').map(withoutBlanks));
}

function isClean(block: string): boolean {
  if (block.length > CLEAN_BYTES || !CLEAN_BLOCK.test(block)) return false;
  const framing = block.match(FRAMING_LINE) ?? [];
  if (framing.length > 1 || !framing.every((line) => CLEAN_FRAMING.test(line))) return false;
  return block.startsWith('HTTP/1.1') || !/^transfer/i.test(framing[0] ?? '');
}

/** By hand, for the same reason as below; and a byte beyond ASCII is no blank, whatever Unicode says. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** By hand: a pattern for line ends takes quadratic time on 64 KiB of carriage returns. */
function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

function readFields(lines: readonly string[]): Field[] {
  const read: Field[] = [];
  let last: Field | undefined;
  for (const line of lines) {
    const folded = /^[ \t]/.test(line);
    if (folded && last !== undefined) last.value += ` ${line.trim()}`;
    if (folded) continue;
    const colon = line.indexOf(':');
    last = { name: line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase(), value: line.slice(colon + 1) };
    read.push(last);
  }
  return read
    .filter(({ name, value }) => isHeaderName(name) && VALUE.test(value))
    .map(({ name, value }) => ({ name, value: withoutBlanks(value) }));
}
