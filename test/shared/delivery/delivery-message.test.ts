// Real: format, parser and the splitting of delays, which are pure. No doubles.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DeliveryMessage,
  formatDeliveryMessage,
  isWithinChain,
  messageGroupOf,
  parseDeliveryMessage,
  splitDelay,
} from '../../../shared/delivery/delivery-message.ts';

/** A sound body with these members changed; `undefined` leaves one out. */
function body(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ v: 1, delivery_id: 42, attempt: 3, remaining_seconds: 0, ...change });
}

describe('a delivery message', () => {
  test('is written as other versions of the code read it', () => {
    expect(formatDeliveryMessage({ deliveryId: 42, attempt: 3, remainingSeconds: 600 })).toBe(
      '{"v":1,"delivery_id":42,"attempt":3,"remaining_seconds":600}',
    );
  });

  test('is read as it was written, whatever it carries', () => {
    const anyMessage = fc.record<DeliveryMessage>({
      deliveryId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      remainingSeconds: fc.integer({ min: 0, max: 43_200 }),
    });
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(parseDeliveryMessage(formatDeliveryMessage(message))).toEqual(message);
      }),
    );
  });

  test('keeps the latest tokens of lost claims, never more than are read', () => {
    const lostTokens = Array.from({ length: 9 }, (_, n) => `00000000-0000-4000-8000-00000000000${n}`);
    const text = formatDeliveryMessage({ deliveryId: 42, attempt: 3, remainingSeconds: 0, lostTokens });
    expect(parseDeliveryMessage(text)?.lostTokens).toEqual(lostTokens.slice(4));
  });

  test('with members this version does not know is understood', () => {
    expect(parseDeliveryMessage(body({ sent_by: 'sweep' }))).toEqual({
      deliveryId: 42,
      attempt: 3,
      remainingSeconds: 0,
    });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{"v":1,'],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[1,42,3,0]'],
    ['a string', '"{}"'],
    ['an empty object', '{}'],
    ['no version', body({ v: undefined })],
    ['a later version', body({ v: 2 })],
    ['a version in quotes', body({ v: '1' })],
    ['no id', body({ delivery_id: undefined })],
    ['an id of zero', body({ delivery_id: 0 })],
    ['a negative id', body({ delivery_id: -42 })],
    ['a fractional id', body({ delivery_id: 42.5 })],
    ['an id in quotes', body({ delivery_id: '42' })],
    ['an id beyond 2^53', body().replace('42', '9007199254740993')],
    ['an id that is infinite', body().replace('42', '1e400')],
    ['attempt zero', body({ attempt: 0 })],
    ['a fractional attempt', body({ attempt: 1.5 })],
    ['an attempt that no integer column holds', body({ attempt: 2 ** 31 })],
    ['no remaining delay', body({ remaining_seconds: undefined })],
    ['a negative delay', body({ remaining_seconds: -1 })],
    ['a fractional delay', body({ remaining_seconds: 0.5 })],
    ['a delay beyond any chain', body({ remaining_seconds: 43_201 })],
  ])('is not understood when it is %s', (_case, text) => {
    expect(parseDeliveryMessage(text)).toBeUndefined();
  });

  test('is not understood when it is a megabyte of nesting, and does no harm', () => {
    expect(parseDeliveryMessage('['.repeat(500_000) + ']'.repeat(500_000))).toBeUndefined();
    expect(parseDeliveryMessage('x'.repeat(1_048_576))).toBeUndefined();
  });
});

test('an integral float is the integer it is', () => {
  expect(parseDeliveryMessage(body().replace('42', '42.0'))?.deliveryId).toBe(42);
});

test('messages are grouped by organization', () => {
  expect(messageGroupOf(7)).toBe('organization-7');
});

/** The waits of the hops a delay is split into, as one message after the other carries the rest on. */
function hopsOf(delaySeconds: number): number[] {
  const hops: number[] = [];
  let rest = delaySeconds;
  do {
    const { hopSeconds, remainingSeconds } = splitDelay(rest);
    hops.push(hopSeconds);
    rest = remainingSeconds;
  } while (rest > 0);
  return hops;
}

describe('a delay', () => {
  test.each([
    ['now', 0, [0]],
    ['due already', -30, [0]],
    ['half a second', 0.5, [1]],
    ['31.4 seconds', 31.4, [32]],
    ['15 minutes', 900, [900]],
    ['a moment more', 900.1, [900, 1]],
    ['40 minutes', 2400, [900, 900, 600]],
    ['12 hours', 43_200, Array.from({ length: 48 }, () => 900)],
  ])('travels in hops of at most 900 s: %s', (_case, seconds, hops) => {
    expect(hopsOf(seconds)).toEqual(hops);
  });

  test('loses nothing, gains less than a second, and takes no hop more than needed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 43_200_000 }), (ms) => {
        const hops = hopsOf(ms / 1000);
        expect(hops.reduce((sum, hop) => sum + hop, 0)).toBe(Math.ceil(ms / 1000));
        expect(hops.every((hop) => Number.isInteger(hop) && hop <= 900)).toBe(true);
        expect(hops).toHaveLength(Math.max(1, Math.ceil(ms / 900_000)));
      }),
    );
  });

  test('of 12 hours goes by messages, one of more by the sweep', () => {
    expect(isWithinChain(43_200)).toBe(true);
    expect(isWithinChain(43_200.5)).toBe(false);
  });

  test('within reach of a chain is read again at every hop of it', () => {
    const { remainingSeconds } = splitDelay(43_200);
    const text = formatDeliveryMessage({ deliveryId: 1, attempt: 1, remainingSeconds });
    expect(parseDeliveryMessage(text)?.remainingSeconds).toBe(42_300);
  });
});
