/** An answer with one oddity in its header block; the body is `ok`, as far as anybody can tell. */
export type QuirkyAnswer = { quirk: string; bytes: Buffer };

type Block = { first?: string; lines: string[]; end?: string; lastEnd?: string; body?: string };

const LENGTH = 'Content-Length: 2';
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKED_BODY = '2\r\nok\r\n0\r\n\r\n';
const COOKIES = Array.from({ length: 60 }, (_, n) => `Set-Cookie: c${n}=${'x'.repeat(300)}; Path=/`);

/**
 * Answers of receivers, and of the proxies before them, that a strict parser refuses, and whose status curl, or Python's
 * http.client, reads all the same. Bytes are Latin-1.
 */
export function quirkyAnswers(status: number): QuirkyAnswer[] {
  return Object.entries(BLOCKS).map(([quirk, block]) => ({ quirk, bytes: bytesOf(status, block) }));
}

const BLOCKS: Readonly<Record<string, Block>> = {
  'bare line feeds everywhere': { lines: ['Content-Type: text/plain', LENGTH], end: '\n', lastEnd: '\n' },
  'a bare line feed after one header': { lines: ['X-A: a\nX-B: b', LENGTH] },
  'a bare line feed after the status line': { first: 'HTTP/1.1 STATUS OK\nX-A: a', lines: [LENGTH] },
  'a bare line feed at the end': { lines: [LENGTH], lastEnd: '\n' },
  'two carriage returns in every line': { lines: ['X-A: a', LENGTH], end: '\r\r\n', lastEnd: '\r\r\n' },
  'two carriage returns in one line': { lines: ['X-A: a\r', LENGTH] },
  'a length beside chunks': { lines: [LENGTH, CHUNKED], body: CHUNKED_BODY },
  'chunks beside a length that is another': { lines: [CHUNKED, 'Content-Length: 5'], body: CHUNKED_BODY },
  'the same length twice': { lines: [LENGTH, LENGTH] },
  'two lengths': { lines: [LENGTH, 'Content-Length: 5'] },
  'a list of lengths': { lines: ['Content-Length: 2, 2'] },
  'an empty length': { lines: ['Content-Length:'] },
  'a length in words': { lines: ['Content-Length: two'] },
  'a length with a plus': { lines: ['Content-Length: +2'] },
  'a length below zero': { lines: ['Content-Length: -1'] },
  'a length in hexadecimal': { lines: ['Content-Length: 0x2'] },
  'a length beyond 2^64': { lines: ['Content-Length: 99999999999999999999'] },
  'a tab after the length': { lines: [`${LENGTH}\t`] },
  'a control character in a value': { lines: ['X-A: a\u0001b', LENGTH] },
  'a NUL in a value': { lines: ['X-A: a\0b', LENGTH] },
  'a DEL in a value': { lines: ['X-A: a\u007fb', LENGTH] },
  'a carriage return in a value': { lines: ['X-A: a\rb', LENGTH] },
  'a blank before the colon': { lines: ['X-A : a', LENGTH] },
  'a blank before the colon of the length': { lines: ['Content-Length : 2'] },
  'a blank in a name': { lines: ['X A: a', LENGTH] },
  'brackets in a name': { lines: ['X[A]: a', LENGTH] },
  'an umlaut in a name': { lines: ['X-\u00c4: a', LENGTH] },
  'an empty name': { lines: [': a', LENGTH] },
  'a line without a colon': { lines: ['X-A', LENGTH] },
  'the status line twice': { lines: ['HTTP/1.1 200 OK', LENGTH] },
  'a folded line': { lines: ['X-A: a', ' b', LENGTH] },
  'a line folded by a tab': { lines: ['X-A: a', '\tb', LENGTH] },
  'a folded line before any header': { lines: [' X-A: a', LENGTH] },
  'more than 16 KiB of cookies': { lines: [...COOKIES, LENGTH] },
  'one header of 30 KiB': { lines: [`X-A: ${'a'.repeat(30_000)}`, LENGTH] },
  'the encoding identity': { lines: ['Transfer-Encoding: identity', LENGTH] },
  'the encoding chunked, twice': { lines: [CHUNKED, CHUNKED], body: CHUNKED_BODY },
  'HTTP/1.2': { first: 'HTTP/1.2 STATUS OK', lines: [LENGTH] },
  'chunks in HTTP/1.0': {
    first: 'HTTP/1.0 STATUS OK',
    lines: ['Connection: keep-alive', CHUNKED],
    body: CHUNKED_BODY,
  },
  'an escape in the reason': { first: 'HTTP/1.1 STATUS \u001b[1mOK', lines: [LENGTH] },
};

function bytesOf(
  status: number,
  { first = 'HTTP/1.1 STATUS OK', lines, end = '\r\n', lastEnd = '\r\n', body = 'ok' }: Block,
): Buffer {
  const block = [first.replace('STATUS', String(status)), ...lines].map((line) => `${line}${end}`).join('');
  return Buffer.from(`${block}${lastEnd}${body}`, 'latin1');
}
