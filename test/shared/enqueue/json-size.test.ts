// The measures as they are. Nothing is a double.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastJsonBytes } from '../../../shared/enqueue/json-size.ts';

const lengthOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

test('a JSON value has at least as many bytes as it is measured at', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(leastJsonBytes(value, Infinity)).toBeLessThanOrEqual(lengthOf(value));
    }),
  );
});

test.each([[{}], [[]], [{ a: {} }], [[[], [1, 2], 'text']], [{ a: [''], bc: { d: 'e', f: 0 } }]])(
  'brackets, names, quotes and commas are counted as they are written: %j',
  (value) => {
    expect(leastJsonBytes(value, Infinity)).toBe(lengthOf(value));
  },
);

test('measuring ends once there is more than enough', () => {
  let looked = 0;
  const list = new Proxy(Array(1000).fill('x'), {
    get: (items, name, own) => {
      if (/^\d+$/.test(String(name))) looked++;
      return Reflect.get(items, name, own);
    },
  });
  expect(leastJsonBytes([list], 20)).toBeGreaterThan(20);
  expect(looked).toBeLessThan(10);
});
