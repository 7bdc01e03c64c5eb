import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RESPONSE_HEADER_BYTES } from '../../../shared/runtime/limits.ts';
import { answering, answeringAndEnding, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { quirkyAnswers } from '../../support/receivers/quirky-answers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Answers whose status is plain and whose header block is not HTTP. Real: the sender, receivers on raw loopback
// sockets. Double: the clock where one turns. Never to be asserted: that a connection which brought such a block is used again.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function answerTo(bytes: string | Buffer) {
  await using receiver = await HostileReceiver.open(answeringAndEnding(bytes));
  await using bench = openBench();
  const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
  expect(receiver.begun).toHaveLength(1);
  return result.kind === 'response' ? { ...result, excerpt: Buffer.from(result.excerpt).toString('latin1') } : result;
}

describe.each([200, 404, 500])(
  'a %i counts after one request, with its excerpt, although its header block has',
  (status) => {
    it.each(quirkyAnswers(status))('$quirk (RES-20 to RES-22)', async ({ bytes }) => {
      expect(await answerTo(bytes)).toMatchObject({ kind: 'response', status, excerpt: 'ok' });
    });
  },
);

describe('a connection is not used again after a block with', () => {
  const smuggled = Buffer.from(OK.replace('200', '299'));

  it.each(quirkyAnswers(200))('$quirk, and what else came over it is nobody’s answer', async ({ bytes }) => {
    for (const tail of [Buffer.alloc(0), smuggled]) {
      await using receiver = await HostileReceiver.open({
        received: (socket, { path }) => void socket.write(path === '/first' ? Buffer.concat([bytes, tail]) : OK),
      });
      const clock = new TurnedClock();
      await using bench = openBench({ clock });
      let isOver = false;
      const first = bench.send(1, posting(receiver.url('/first')), ATTEMPT_MS).finally(() => (isOver = true));
      await clock.timerSet(2_000);
      await clock.turn(0);
      // Where the end of the body can be seen the connection would rest now, and be too old then.
      if (!isOver) await clock.turn(2_000);
      expect(await first).toMatchObject({ kind: 'response', status: 200 });
      expect(await bench.send(1, posting(receiver.url('/second')), ATTEMPT_MS)).toMatchObject({ status: 200 });
      expect([receiver.connections, receiver.begun.length]).toEqual([2, 2]);
    }
  });

  it('a quirk in an interim answer alone', async () => {
    await using receiver = await HostileReceiver.open(answering(`HTTP/1.1 100 Continue\nX-A: a\n\n${OK}`));
    await using bench = openBench();
    for (const path of ['/first', '/second']) {
      expect(await bench.send(1, posting(receiver.url(path)), ATTEMPT_MS)).toMatchObject({ status: 200 });
    }
    expect([receiver.connections, receiver.requests.length]).toEqual([2, 2]);
  });
});

describe('of a block with quirks', () => {
  it.each([
    ['a bare line feed', 'Retry-After: 7\nX-A: a'],
    ['a blank before its colon', 'Retry-After : 7'],
    ['a folded line', 'Retry-After:\r\n 7'],
    ['two carriage returns', 'Retry-After: 7\r'],
    ['what cannot be read before it', 'X A: \0\r\nRetry-After: 7'],
    ['what cannot be read after it', 'Retry-After: 7\r\nno colon'],
    ['too many cookies before it', `${'Set-Cookie: a=b\r\n'.repeat(2000)}Retry-After: 7`],
    ['no end', `Retry-After: 7\r\n${'Set-Cookie: a=b\r\n'.repeat(10_000)}`],
  ])('a header that can be read is used: %s', async (_, lines) => {
    const answer = `HTTP/1.1 503 No\r\n${lines}\r\n\r\n`;
    expect(await answerTo(answer)).toMatchObject({ status: 503, retryAfter: '7' });
  });

  it.each([
    ['a NUL in its value', 'Retry-After: 7\0'],
    ['a carriage return in its value', 'Retry-After: 7\r0'],
    ['a control character in what is folded into it', 'Retry-After:\r\n 7\u0001'],
    ['a blank in its name', 'Retry After: 7'],
    ['a line that folds what cannot be read', 'X A: a\r\n Retry-After: 7'],
    ['the end of what is read in its middle', `X-A: ${'a'.repeat(MAX_RESPONSE_HEADER_BYTES - 38)}\r\nRetry-After: 712`],
  ])('a header that cannot be read is not: %s', async (_, lines) => {
    const answer = `HTTP/1.1 503 No\r\n${lines}\r\nContent-Length: 0\r\n\r\n`;
    expect(await answerTo(answer)).toMatchObject({ status: 503, retryAfter: undefined });
  });

  it('nothing makes a header of its own: a line break in one stays in it', async () => {
    const answer = 'HTTP/1.1 503 No\r\nX-A: a\r\r\n Retry-After: 7\r\nContent-Length: 0\r\n\r\n';
    expect(await answerTo(answer)).toMatchObject({ status: 503, retryAfter: undefined });
  });

  it.each([
    ['the larger of two lengths', 'Content-Length: 2\r\nContent-Length: 5', 'ok, so'],
    [
      'the chunks, whatever a length says',
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      '5\r\nok, s\r\n0\r\n\r\n',
    ],
    ['all there is where no length can be read', 'Content-Length: five', 'ok, s'],
  ])('the excerpt is %s', async (_, lines, body) => {
    expect(await answerTo(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`)).toMatchObject({ excerpt: 'ok, s' });
  });
});

it('whatever stands between a status line and an empty line, the status counts', async () => {
  let answer = '';
  await using receiver = await HostileReceiver.open({
    received: (socket) => void socket.end(Buffer.from(answer, 'latin1')),
  });
  const names = [
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'Trailer',
    'X-A',
    'x a',
    '',
  ];
  const values = [
    '2',
    '0',
    '-1',
    '2, 3',
    'chunked',
    'gzip, chunked',
    'close',
    'keep-alive',
    'upgrade',
    'timeout=0',
    '',
    '\0',
    '\u00e4',
  ];
  const lines = fc.tuple(
    fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 5 })),
    fc.constantFrom(':', ': ', ' : ', ':\t', ''),
    fc.oneof(fc.constantFrom(...values), fc.string({ maxLength: 5 })),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r\r\n', '\r\n '),
  );
  const anything = fc.asyncProperty(
    fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 204 No'),
    fc.array(lines, { maxLength: 5 }),
    fc.constantFrom('ok', '', '2\r\nok\r\n0\r\n\r\n'),
    async (first, headers, body) => {
      answer = `${first}\r\n${headers.flat().join('')}\r\n\r\n${body}`;
      await using bench = openBench();
      expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ kind: 'response' });
    },
  );
  await fc.assert(anything, { numRuns: 500 });
});
