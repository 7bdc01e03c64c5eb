import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_RESPONSE_BODY_BYTES, RESPONSE_EXCERPT_BYTES } from '../../../shared/runtime/limits.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';

// Bodies that come encoded although no coding was asked for. Real: the sender, receivers on raw loopback sockets, the
// encoders of Node.

const TEXT = Buffer.from('{"error":"the field \u201cname\u201d is missing"}');
const CODINGS: [name: string, encode: (body: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
];
/** The same on every run, and no coder makes it smaller. */
const NOISE = Buffer.concat(Array.from({ length: 1875 }, (_, n) => createHash('sha256').update(String(n)).digest()));

async function excerptOf(coding: string, body: Buffer, status = 400): Promise<Buffer> {
  const head = `HTTP/1.1 ${status} X\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`;
  await using receiver = await HostileReceiver.open(answering(Buffer.concat([Buffer.from(head), body])));
  await using bench = openBench();
  const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
  expect(result).toMatchObject({ kind: 'response', status });
  return Buffer.from(result.kind === 'response' ? result.excerpt : []);
}

describe.each(CODINGS)('a body in %s (RES-02)', (coding, encode) => {
  it('is read as what it says', async () => {
    expect(await excerptOf(coding, encode(TEXT))).toEqual(TEXT);
  });

  it('that is empty is', async () => {
    expect(await excerptOf(coding, Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it('is read to its first KiB, however long it is', async () => {
    const long = Buffer.alloc(60_000, TEXT);
    expect(await excerptOf(coding, encode(long))).toEqual(long.subarray(0, RESPONSE_EXCERPT_BYTES));
  });

  it('that cannot be made smaller is read to its first KiB', async () => {
    expect(await excerptOf(coding, encode(NOISE))).toEqual(NOISE.subarray(0, RESPONSE_EXCERPT_BYTES));
  });

  it('that would become 50 MB costs no more than its first KiB', async () => {
    const bomb = encode(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(MAX_RESPONSE_BODY_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    expect(await excerptOf(coding, bomb, 200)).toEqual(Buffer.alloc(RESPONSE_EXCERPT_BYTES));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  });

  it('that is something else is kept as it came', async () => {
    expect(await excerptOf(coding, Buffer.from('plain text'))).toEqual(Buffer.from('plain text'));
    expect(await excerptOf(coding, Buffer.alloc(5000, 'plain '))).toEqual(Buffer.alloc(1024, 'plain '));
  });
});

// zstd, which reads by the block, has nothing of what is cut off in its first.
it.each(CODINGS.filter(([coding]) => coding !== 'zstd'))(
  'a body in %s that breaks off is read as far as it goes',
  async (coding, encode) => {
    const cut = encode(NOISE).subarray(0, 600);
    const head = `HTTP/1.1 500 X\r\nContent-Encoding: ${coding}\r\nContent-Length: 60000\r\n\r\n`;
    await using receiver = await HostileReceiver.open({
      received: (socket) => void socket.end(Buffer.concat([Buffer.from(head), cut])),
    });
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    const excerpt = Buffer.from(result.kind === 'response' ? result.excerpt : []);
    expect(excerpt.length).toBeGreaterThan(500);
    expect(excerpt).toEqual(NOISE.subarray(0, excerpt.length));
  },
);

it('a body in zstd that asks for 128 MiB of memory is kept as it came', async () => {
  // RFC 8878, 3.1: magic number, a header with a window of 2^n bytes, one raw block that is the last.
  const frame = (n: number) =>
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (n - 10) << 3]), lastRawBlock, TEXT]);
  const lastRawBlock = Buffer.from([((TEXT.length << 3) & 0xff) | 1, TEXT.length >> 5, 0]);
  expect(await excerptOf('zstd', frame(20))).toEqual(TEXT);
  expect(await excerptOf('zstd', frame(27))).toEqual(frame(27));
});

it.each(['identity', 'compress', 'gzip, gzip', 'made-up', ''])(
  'a coding nobody knows is left alone: %j',
  async (coding) => {
    const body = Buffer.alloc(8000, 'abc');
    expect(await excerptOf(coding, body)).toEqual(body.subarray(0, RESPONSE_EXCERPT_BYTES));
  },
);
