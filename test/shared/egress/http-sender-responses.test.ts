import { describe, expect, it } from 'vitest';
import { MAX_RESPONSE_HEADER_BYTES } from '../../../shared/runtime/limits.ts';
import {
  answering,
  answeringAndEnding,
  type Behaviour,
  HostileReceiver,
} from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, receivers on raw loopback sockets. Double: the clock where one turns. Every test also
// counts: one send is one request, whatever a receiver does.

async function answerTo(behaviour: Behaviour) {
  await using receiver = await HostileReceiver.open(behaviour);
  await using bench = openBench();
  const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
  expect(receiver.begun).toHaveLength(1);
  return result.kind === 'response' ? { ...result, excerpt: Buffer.from(result.excerpt).toString('latin1') } : result;
}

const block = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const ok = (...headers: string[]) => block('HTTP/1.1 200 OK', ...headers);

describe('a status', () => {
  it.each([
    200, 201, 202, 204, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 410, 411, 413, 415,
    422, 425, 429, 500, 502, 503, 504, 599, 600, 999,
  ])('%i is the result (RES-01, RES-04 to RES-07, RES-10)', async (status) => {
    const answer = block(`HTTP/1.1 ${status} Whatever`, 'Content-Length: 0');
    expect(await answerTo(answering(answer))).toMatchObject({ kind: 'response', status, excerpt: '' });
  });

  it.each(['000 Zero', '099 Low', '99 Short', '2000 Long', '20 Cut', 'abc Word', '-20 Minus', '', '101 Switching'])(
    'that cannot be understood is a protocol failure: %j (RES-10)',
    async (status) => {
      const answer = block(`HTTP/1.1 ${status}`, 'Content-Length: 0');
      expect(await answerTo(answering(answer))).toEqual({
        kind: 'failed',
        because: 'protocol',
        detail: 'the response has no status that can be understood',
      });
    },
  );

  it.each(['HTTP/1.1 200\r\n\r\n', 'HTTP/1.0 200 OK\r\n\r\n', '\r\nHTTP/1.1 200 OK\r\n\r\n'])(
    'is read from the oldest spellings: %j',
    async (answer) => {
      expect(await answerTo(answeringAndEnding(answer))).toMatchObject({ status: 200 });
    },
  );

  it.each([301, 302, 303, 307, 308])('%i leads nowhere else (RES-03)', async (status) => {
    await using elsewhere = await HostileReceiver.open(answering(ok('Content-Length: 0')));
    const answer = block(`HTTP/1.1 ${status} Moved`, `Location: ${elsewhere.url()}`, 'Content-Length: 0');
    const location = elsewhere.url();
    expect(await answerTo(answering(answer))).toMatchObject({ kind: 'response', status, location });
    expect(elsewhere.connections).toBe(0);
  });

  it('comes with the headers that a retry reads, as lists where they came twice (RES-09)', async () => {
    const date = 'Mon, 23 Nov 2026 12:00:00 GMT';
    const answer = block(
      'HTTP/1.1 503 No',
      `Date: ${date}`,
      `Date: ${date}`,
      'RETRY-AFTER: 120',
      'Retry-After: 7',
      'RateLimit-Reset: 30',
      'RateLimit: "a";r=0;t=30',
      'RateLimit: "b";r=0;t=40',
      'X-RateLimit-Reset: 1795435230',
      'Webhook-Delivery: abort-message',
      'Content-Length: 0',
    );
    expect(await answerTo(answering(answer))).toEqual({
      kind: 'response',
      status: 503,
      retryAfter: '120, 7',
      date,
      rateLimitReset: '30',
      rateLimit: '"a";r=0;t=30, "b";r=0;t=40',
      xRateLimitReset: '1795435230',
      webhookDelivery: 'abort-message',
      excerpt: '',
    });
  });

  it('comes without those that it does not have', async () => {
    const answer = block('HTTP/1.1 429 No', 'Content-Length: 0');
    expect(await answerTo(answering(answer))).toEqual({ kind: 'response', status: 429, excerpt: '' });
  });
});

describe('a body after a 2xx does not undo it (RES-02)', () => {
  it.each([
    ['shorter than announced, then the end', answeringAndEnding(`${ok('Content-Length: 100')}short`), 'short'],
    ['that is reset in its middle', resetAfter(`${ok('Content-Length: 100')}short`), 'short'],
    ['in chunks that break off', answeringAndEnding(`${ok('Transfer-Encoding: chunked')}5\r\nhel`), 'hel'],
    ['with a bad chunk size', answering(`${ok('Transfer-Encoding: chunked')}5\r\nhello\r\nzz\r\n`), 'hello'],
    ['until the connection ends', answeringAndEnding(`${ok()}hello`), 'hello'],
    ['where there can be none', answering(block('HTTP/1.1 204 No Content', 'Content-Length: 5'), 'hello'), ''],
    ['that is no gzip', answering(`${ok('Content-Encoding: gzip', 'Content-Length: 5')}hello`), 'hello'],
    [
      'in a made-up charset',
      answering(`${ok('Content-Type: text/plain; charset=idna', 'Content-Length: 2')}\xff`),
      'Ã¿',
    ],
    ['of which nothing comes', resetAfter(ok('Content-Length: 100')), ''],
  ])('%s', async (_, behaviour, excerpt) => {
    const result = await answerTo(behaviour);
    expect(result).toMatchObject({ kind: 'response', excerpt });
    expect(result.kind === 'response' && result.status).toBeOneOf([200, 204]);
  });
});

describe('of a body is kept', () => {
  it('the first KiB as it came, over any pieces', async () => {
    const body = Buffer.from(Array.from({ length: 3000 }, (_, n) => n % 256));
    const pieces = [ok(`Content-Length: ${body.length}`), body.subarray(0, 700), body.subarray(700)];
    expect(await answerTo(answering(...pieces))).toMatchObject({ excerpt: body.subarray(0, 1024).toString('latin1') });
  });
});

describe('reading a body ends', () => {
  it.each([
    ['without a length', ok()],
    ['of 2^63 bytes', ok('Content-Length: 9223372036854775808')],
    ['of chunks without end', `${ok('Transfer-Encoding: chunked')}fffffffff\r\n`],
  ])('at 64 KiB of a fast one %s, and the rest is never taken (RES-18)', async (_, head) => {
    let written = 0;
    await using receiver = await HostileReceiver.open({
      received: (socket) => {
        socket.write(head);
        const chunk = Buffer.alloc(65_536, 'x');
        const pump = () => {
          while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
        };
        socket.on('drain', pump);
        pump();
      },
    });
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'response', status: 200, excerpt: Buffer.alloc(1024, 'x') });
    await receiver.until(({ hungUp }) => hungUp === 1);
    // What fits the kernel's buffers of both sides, and no more.
    expect(written).toBeLessThan(50_000_000);
    expect(receiver.requests).toHaveLength(1);
  });

  it('at the first byte beyond 64 KiB, however much is announced (RES-18)', async () => {
    const body = Buffer.alloc(5_000_000, 'x');
    await using receiver = await HostileReceiver.open(answering(ok('Content-Length: 10000000'), body));
    // Its clock stands still: nothing but the body ends this.
    await using bench = openBench({ clock: new TurnedClock() });
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ kind: 'response', status: 200 });
    await receiver.until(({ hungUp }) => hungUp === 1);
    // What was on its way in one piece with that byte, and no more.
    expect(bench.told[0]?.response?.bodyBytes).toBeGreaterThan(65_536);
    expect(bench.told[0]?.response?.bodyBytes).toBeLessThanOrEqual(65_536 + 65_536);
  });

  it('at its end where it has 64 KiB, and the connection is used again', async () => {
    const body = Buffer.alloc(65_536, 'x');
    await using receiver = await HostileReceiver.open(answering(ok('Content-Length: 65536'), body));
    await using bench = openBench({ clock: new TurnedClock() });
    for (let again = 0; again < 2; again += 1) {
      expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
    }
    expect([receiver.connections, receiver.requests.length]).toEqual([1, 2]);
  });

  it('2 s after the header of one that drips, and the connection is not used again (RES-17)', async () => {
    await using receiver = await HostileReceiver.open(answering(`${ok('Content-Length: 100')}d`));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await clock.timerSet(2_000);
    await clock.turn(2_000);
    expect(await sent).toMatchObject({ kind: 'response', status: 200 });
    await receiver.until(({ hungUp }) => hungUp === 1);
  });

  it('with the attempt where less of it is left', async () => {
    await using receiver = await HostileReceiver.open(answering(ok('Content-Length: 100')));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url()), 1000);
    await clock.timerSet(2_000);
    await clock.turn(1000);
    expect(await sent).toMatchObject({ kind: 'response', status: 200 });
  });
});

describe('only the deadline ends a receiver that', () => {
  it.each([
    ['takes the request and never answers (RES-15)', ''],
    ['stops within its status line (RES-16)', 'HTTP/1.1 20'],
    ['stops within its header', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['announces an answer and gives none', block('HTTP/1.1 100 Continue')],
  ])('%s', async (_, answer) => {
    await using receiver = await HostileReceiver.open(answering(answer));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await receiver.until(({ requests }) => requests.length === 1);
    await clock.turn(ATTEMPT_MS - 1);
    expect(receiver.hungUp).toBe(0);
    await clock.turn(1);
    expect(await sent).toEqual({
      kind: 'failed',
      because: 'timeout',
      detail: 'no complete response header in time',
    });
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.begun).toHaveLength(1);
  });

  it('sends interim answers without end (RES-13)', async () => {
    const interim = block('HTTP/1.1 103 Early Hints', 'Link: </a>').repeat(1000);
    let written = 0;
    let turn = () => {};
    const enough = new Promise<void>((resolve) => (turn = resolve));
    await using receiver = await HostileReceiver.open({
      received: (socket) => {
        const pump = () => {
          if (socket.destroyed) return;
          written += interim.length;
          if (written > 5_000_000) turn();
          socket.write(interim, () => setImmediate(pump));
        };
        pump();
      },
    });
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await enough;
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toMatchObject({ kind: 'failed', because: 'timeout' });
  });
});

describe('an interim answer', () => {
  it.each(['100 Continue', '102 Processing', '103 Early Hints', '199 Whatever'])(
    'that nobody asked for does not hide the real one: %s',
    async (interim) => {
      const answers = `${block(`HTTP/1.1 ${interim}`, 'X: y').repeat(3)}${ok('Content-Length: 2')}ok`;
      expect(await answerTo(answering(answers))).toMatchObject({ status: 200, excerpt: 'ok' });
    },
  );
});

describe('an answer byte by byte', () => {
  it('is the same answer', async () => {
    const bytes = [...`${block('HTTP/1.1 100 Continue')}${ok('Content-Length: 2')}ok`];
    const behaviour: Behaviour = {
      received: (socket) => {
        const next = () => {
          const byte = bytes.shift();
          if (byte !== undefined) socket.write(byte, () => setImmediate(next));
        };
        next();
      },
    };
    expect(await answerTo(behaviour)).toMatchObject({ status: 200, excerpt: 'ok' });
  });
});

describe('what is no response', () => {
  it.each([
    ['the end before any byte', answeringAndEnding('')],
    ['half a status line', answeringAndEnding('HTTP/1.1 2')],
    ['half a header', answeringAndEnding('HTTP/1.1 200 OK\r\nX: ')],
    ['HTTP/0.9', answeringAndEnding('<html>hello</html>')],
    ['HTTP/2 frames', answering(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))],
    ['another version', answering(block('HTTP/2.0 200 OK'))],
    ['a banner of SSH', answering('SSH-2.0-OpenSSH_9.6\r\n')],
    ['NULs', answering('\0\0\0\0')],
    ['half a header with bare line feeds', answeringAndEnding('HTTP/1.1 200 OK\nContent-Length: 0\n')],
    ['64 KiB without a status', answering(`HTTP/1.1 ${' '.repeat(MAX_RESPONSE_HEADER_BYTES)}`)],
    [
      '64 KiB of an interim answer',
      answering(block('HTTP/1.1 103 Hints', `X: ${'a'.repeat(MAX_RESPONSE_HEADER_BYTES)}`)),
    ],
  ])('is a protocol failure: %s (RES-20)', async (_, behaviour) => {
    expect(await answerTo(behaviour)).toMatchObject({ kind: 'failed', because: 'protocol' });
  });

  it('is a connection failure where it is a reset', async () => {
    expect(await answerTo(resetAfter('HTTP/1.1 2'))).toMatchObject({ kind: 'failed', because: 'connection' });
  });

  it('tells nothing of itself', async () => {
    const canary = 'c4n4ry';
    for (const answer of [canary, block(`HTTP/1.1 ${canary}`), ok(`${canary} x: y`), ok(`X: ${canary}\0`)]) {
      expect(JSON.stringify(await answerTo(answeringAndEnding(answer)))).not.toContain(canary);
    }
  });
});

describe('a header block', () => {
  const padded = (bytes: number) => {
    const rest = ok('Content-Length: 2', 'X: ').length;
    return `${ok('Content-Length: 2', `X: ${'a'.repeat(bytes - rest)}`)}ok`;
  };

  it('of exactly 64 KiB is read with its body', async () => {
    expect(padded(MAX_RESPONSE_HEADER_BYTES)).toHaveLength(65_536 + 2);
    expect(await answerTo(answering(padded(MAX_RESPONSE_HEADER_BYTES)))).toMatchObject({ status: 200, excerpt: 'ok' });
  });

  it.each([
    ['of one byte more', padded(MAX_RESPONSE_HEADER_BYTES + 1)],
    ['of 5 MB', padded(5_000_000)],
    ['with 10,000 headers', ok(...Array.from({ length: 10_000 }, (_, n) => `X${n}: abc`))],
    ['with an endless reason', block(`HTTP/1.1 200 ${'O'.repeat(100_000)}K`)],
    ['whose one line ends there', `HTTP/1.1 200\nX:${'a'.repeat(MAX_RESPONSE_HEADER_BYTES - 16)}\nY: b\n\n`],
    ['of carriage returns', `HTTP/1.1 200 OK\r\nX:${'\r'.repeat(100_000)}`],
    ['that breaks off after as much', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`],
  ])('%s counts by its first 64 KiB, and the rest is never taken (RES-21)', async (_, answer) => {
    await using receiver = await HostileReceiver.open(answering(answer));
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'response', status: 200, excerpt: Buffer.alloc(0) });
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.requests).toHaveLength(1);
  });

  it('without end is left at the deadline while it is smaller', async () => {
    await using receiver = await HostileReceiver.open(answering(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(60_000)}`));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await receiver.until(({ requests }) => requests.length === 1);
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toMatchObject({ kind: 'failed', because: 'timeout' });
  });
});

function resetAfter(answer: string): Behaviour {
  return { received: (socket) => void socket.write(answer, () => setImmediate(() => socket.resetAndDestroy())) };
}
