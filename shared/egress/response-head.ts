import { isFramingHeader, isHeaderName } from '../delivery/headers.ts';

/** The header block of an answer, as far as it can be read. */
export type ResponseHead = {
  status: number;
  /** Valid HTTP/1 in every byte: undici reads it as it is read here, and every reader agrees where the body ends. */
  isClean: boolean;
  /** Names in lower case; what cannot be read is left out. */
  fields: readonly Field[];
};

type Field = { name: string; value: string };

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
  return { status: Number(status), isClean: isClean(block), fields: readFields(lines.slice(0, -1)) };
}

/**
 * The same answer as a block that can be read in one way only, for a parser that would refuse or misread the one that came. It
 * ends the connection: where the body really ends is a guess.
 * @param hasBody whether the body follows; nothing does where the block itself was cut off
 */
export function plainBlock({ status, fields }: ResponseHead, hasBody: boolean): string {
  const framing = hasBody ? framingOf(fields) : ['content-length: 0'];
  const kept = fields.filter(({ name }) => !isFramingHeader(name)).map(({ name, value }) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} `, 'connection: close', ...framing, ...kept, '', ''].join('\r\n');
}

function isClean(block: string): boolean {
  if (block.length > CLEAN_BYTES || !CLEAN_BLOCK.test(block)) return false;
  const framing = block.match(FRAMING_LINE) ?? [];
  if (framing.length > 1 || !framing.every((line) => CLEAN_FRAMING.test(line))) return false;
  return block.startsWith('HTTP/1.1') || !/^transfer/i.test(framing[0] ?? '');
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
    .map(({ name, value }) => ({ name, value: value.trim() }));
}

/** Where the body most likely ends: chunks before lengths (RFC 9112, section 6.3), of several lengths the largest, else with the connection. */
function framingOf(fields: readonly Field[]): string[] {
  const all = (wanted: string) =>
    fields.filter(({ name }) => name === wanted).flatMap(({ value }) => value.split(',').map((part) => part.trim()));
  if (all('transfer-encoding').at(-1)?.toLowerCase() === 'chunked') return ['transfer-encoding: chunked'];
  const lengths = all('content-length').filter((length) => /^\+?\d{1,15}$/.test(length));
  return lengths.length === 0 ? [] : [`content-length: ${Math.max(...lengths.map(Number))}`];
}
