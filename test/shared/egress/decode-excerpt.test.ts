import type * as zlib from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { decodeExcerpt } from '../../../shared/egress/decode-excerpt.ts';

// Double: zlib that has no memory left, which no test can bring about. Everything else is in http-sender-codings.test.ts.

vi.mock('node:zlib', async (original) => ({
  ...(await original<typeof zlib>()),
  createGunzip: () => {
    throw Object.assign(new Error('Initialization failed'), { code: 'ERR_ZLIB_INITIALIZATION_FAILED' });
  },
}));

it('a decoder that cannot be had costs the words, never the outcome', async () => {
  const body = Buffer.from('as it came');
  expect(await decodeExcerpt(body, 'gzip')).toEqual(body);
});
