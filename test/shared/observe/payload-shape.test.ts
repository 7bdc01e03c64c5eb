// Real: everything; the shape of a payload is pure. Canaries stand for values; none may be read in a shape.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { payloadInLog, redactPayload } from '../../../shared/observe/redact-payload.ts';

const shapeOf = (value: unknown) => redactPayload(value, 'shape');

describe('the shape of a payload', () => {
  test('is the names of its members, with types and lengths', () => {
    expect(
      shapeOf({
        status: 'done',
        seconds: 12.5,
        ok: true,
        nothing: null,
        empty: '',
        note: 'grün',
        customer: { plan: 'gold', tags: ['a', 'bc'] },
        none: [],
      }),
    ).toEqual({
      status: 'string 4',
      seconds: 'number',
      ok: 'boolean',
      nothing: 'null',
      empty: 'string 0',
      note: 'string 4',
      customer: { plan: 'string 4', tags: ['string 1', 'string 2'] },
      none: [],
    });
  });

  test('of a list is that of its first items, and how many more there are', () => {
    expect(shapeOf(Array.from({ length: 1_000 }, () => ({ id: 1 })))).toEqual([
      ...Array.from({ length: 5 }, () => ({ id: 'number' })),
      '[TRUNCATED] 995 more',
    ]);
    expect(shapeOf([1, 2, 3, 4, 5])).toHaveLength(5);
  });

  test('does not tell the length of what a telling name holds', () => {
    expect(
      shapeOf({
        pin: '1234',
        cards: [{ n: 1 }],
        address: { city: 'x' },
        email: null,
        list: ['password', 'hunter2', 'x'],
      }),
    ).toEqual({
      pin: 'string',
      cards: 'array',
      address: 'object',
      email: 'null',
      list: ['string 8', 'string', 'string 1'],
    });
    expect(shapeOf({ name: 'password', value: 'hunter2' })).toEqual({ name: 'string 8', value: 'string' });
  });

  test('does not show a name that is itself personal', () => {
    expect(shapeOf({ 'jane@example.com': 1, 'https://x/canary': 'y', plain: 'z' })).toEqual({
      '[REDACTED] 1': 'number',
      '[REDACTED] 2': 'string 1',
      plain: 'string 1',
    });
  });

  test('of a body that is no object is its type', () => {
    expect(['"text"', '12', 'null', '[]', 'no JSON'].map((body) => payloadInLog(body, 'shape'))).toEqual([
      'string 4',
      'number',
      'null',
      [],
      '[REDACTED]',
    ]);
  });

  test('holds no value, whatever the payload is', () => {
    const value = fc.oneof(fc.constant('canary'), fc.constant('a canary b'), fc.constant(271828));
    const tree: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        value,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('status', 'data', 'name', 'value', 'password'), tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (payload) => {
        const shape = JSON.stringify(shapeOf(payload));
        expect(shape).not.toMatch(/canary|271828/);
        expect(shape.length).toBeLessThan(5_500);
      }),
      { numRuns: 300 },
    );
  });
});

test('where nothing is to be shown, the body is not even read', () => {
  expect(payloadInLog('{"status":"done"}', 'none')).toBeUndefined();
  expect(payloadInLog('no JSON', 'none')).toBeUndefined();
});
