// Real: everything; it is a pure reading.
import { expect, test } from 'vitest';
import { readStartOptions } from '../../local/twin/options.ts';

test('functions call the one port, or a proxy on this machine', () => {
  expect(readStartOptions({}).functionsEndpoint).toBeUndefined();
  const given = readStartOptions({ FUNCTIONS_ENDPOINT_URL: 'http://127.0.0.1:4000' });
  expect(given.functionsEndpoint).toBe('http://127.0.0.1:4000');
});

test.each(['http://192.0.2.1:4000', 'https://127.0.0.1:4000', 'http://127.0.0.1:4000/aws', '127.0.0.1:4000'])(
  'functions are sent nowhere else: %s',
  (text) => {
    expect(() => readStartOptions({ FUNCTIONS_ENDPOINT_URL: text })).toThrow(
      'FUNCTIONS_ENDPOINT_URL must be http://127.0.0.1:<port>, without a path',
    );
  },
);
