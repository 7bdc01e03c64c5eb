import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { RESPONSE_EXCERPT_BYTES } from '../runtime/limits.ts';

/**
 * Output is produced in pieces of this size, no more than an excerpt needs: a decompression bomb costs no more than any
 * answer.
 */
const OPTIONS = { chunkSize: RESPONSE_EXCERPT_BYTES };
/** Only zstd reserves as much as the sender says: RFC 8878 advises allowing 8 MiB. */
const ZSTD = { ...OPTIONS, params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/**
 * The first KiB of a body's text, or as much as is asked for, from the bytes read so far: decoded if it is encoded, although no encoding was asked for
 * (RFC 9110, 8.4.1), and as received if it cannot be decoded. Never rejects: an excerpt is not worth losing an outcome.
 */
export async function decodeExcerpt(
  body: Uint8Array,
  coding: string,
  keptBytes: number = RESPONSE_EXCERPT_BYTES,
): Promise<Uint8Array> {
  const asItCame = body.subarray(0, keptBytes);
  try {
    const decoder = decoderOf(coding.trim().toLowerCase(), body);
    return decoder === undefined ? asItCame : ((await firstOf(decoder, body, keptBytes)) ?? asItCame);
  } catch {
    return asItCame;
  }
}

function firstOf(decoder: Transform, body: Uint8Array, keptBytes: number): Promise<Uint8Array | undefined> {
  let decoded = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  const done = () => {
    decoder.destroy();
    resolve(decoded.length > 0 ? decoded.subarray(0, keptBytes) : undefined);
  };
  decoder.on('data', (piece: Buffer) => {
    decoded = Buffer.concat([decoded, piece]);
    if (decoded.length >= keptBytes) done();
  });
  // Most bodies here are cut off; what was decoded before the cut is kept.
  decoder.once('error', done);
  decoder.once('end', done);
  decoder.end(body);
  return promise;
}

function decoderOf(coding: string, body: Uint8Array): Transform | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip(OPTIONS);
    case 'deflate':
      return isZlib(body) ? createInflate(OPTIONS) : createInflateRaw(OPTIONS);
    case 'br':
      return createBrotliDecompress(OPTIONS);
    case 'zstd':
      return createZstdDecompress(ZSTD);
    default:
      return undefined;
  }
}

/** Some servers send deflate without the zlib header (RFC 1950, 2.2) that the name stands for. */
function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
