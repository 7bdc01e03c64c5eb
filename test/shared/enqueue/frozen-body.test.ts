// The freezing of bodies as it is, in requests that are sound otherwise. Requests go through JSON as Lambda would hand them
// over where that matters. Nothing is a double.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PAYLOAD_BYTES } from '../../../shared/runtime/limits.ts';
import { parse } from './enqueue-request-world.ts';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

/** The frozen text of a request with this payload, or the refusal. */
function freeze(fields: Record<string, unknown>): string {
  const item = parse({ payload: undefined, ...fields });
  if (item.kind === 'disabled') throw new Error('the request of the test is disabled');
  return item.kind === 'refused' ? `${item.errorType}: ${item.errorMessage}` : item.delivery.body;
}

describe('the payload of a request', () => {
  const needed = 'exactly one of payload, payload_json, payload_template is required';

  it('is one of three', () => {
    expect(freeze({})).toBe(`InvalidRequest: payload: ${needed}; found none`);
    expect(freeze({ payload: null, payload_json: '1' })).toBe(
      `InvalidRequest: payload_json: ${needed}; found payload and payload_json`,
    );
    expect(freeze({ payload: 1, payload_json: '1', payload_template: 1 })).toContain(
      'found payload and payload_json and payload_template',
    );
  });

  it('takes a render context with a template only, and an object', () => {
    expect(freeze({ payload: 1, render_context: {} })).toBe(
      'InvalidRequest: render_context: is allowed only with payload_template',
    );
    for (const render_context of [[], 'x', 5]) {
      expect(freeze({ payload_template: 1, render_context })).toBe(
        'InvalidRequest: render_context: must be a JSON object',
      );
    }
    expect(freeze({ payload_template: [null] })).toBe('[null]');
  });
});

describe('payload', () => {
  it.each([null, false, 0, '', [], {}, 'text', { a: [1, { b: null }] }])('may be any JSON value: %j', (payload) => {
    expect(freeze({ payload })).toBe(JSON.stringify(payload));
  });

  it('keeps NUL, lone surrogates and __proto__ as data', () => {
    const text = '{"__proto__":{"a":1},"nul":"\\u0000","half":"\\ud800"}';
    expect(freeze({ payload: JSON.parse(text) })).toBe(text);
  });

  it('is sent as it came or refused for a number, whatever it was', () => {
    const words = /^InvalidRequest: payload.*: is a number/;
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => {
        const text = JSON.stringify(payload);
        const frozen = freeze({ payload: JSON.parse(text) });
        expect(holdsUnsafeInteger(text) ? words.test(frozen) : frozen === text).toBe(true);
      }),
    );
  });

  it.each(['9007199254740992', '9007199254740993', '-9007199254740993', '1e400', '-1e400', '123456789012345678901'])(
    'is refused where a number changed in parsing: %s',
    (number) => {
      const payload = JSON.parse(`{"items":[1,{"id":${number},"odd name":${number}}]}`);
      const words = 'is a number that JSON parsers change; send it as a string, or the body as payload_json';
      expect(freeze({ payload })).toBe(
        `InvalidRequest: payload.items[1].id: ${words}; payload.items[1]["odd name"]: ${words}`,
      );
    },
  );

  it.each(['9007199254740991', '-9007199254740991', '0.1', '-0', '5e-324'])('keeps the number %s', (number) => {
    expect(JSON.parse(freeze({ payload: [JSON.parse(number)] }))).toEqual([Number(number) + 0]);
  });

  it('nests 512 levels, not 513, and 100,000 do no harm', () => {
    expect(freeze({ payload: nested(512) })).toBe('['.repeat(512) + ']'.repeat(512));
    for (const levels of [513, 100_000]) {
      expect(freeze({ payload: nested(levels) })).toBe('InvalidRequest: payload: is nested deeper than 512 levels');
    }
  });

  it('is at most 256 KiB of UTF-8', () => {
    const fits = 'é'.repeat(MAX_PAYLOAD_BYTES / 2 - 1);
    expect(Buffer.byteLength(freeze({ payload: fits }))).toBe(MAX_PAYLOAD_BYTES);
    expect(freeze({ payload: `${fits}x` })).toBe('PayloadTooLarge: payload: is a body of more than 262144 bytes');
    expect(freeze({ payload: '\0'.repeat(50_000) })).toMatch(/^PayloadTooLarge/);
  });
});

describe('payload_json', () => {
  it.each([' {"b":1, "a" : 1e400,\n"a":12345678901234567890} ', '1.0', '"\\ud800"', '"\\u0000é"', 'null'])(
    'goes out exactly as written: %j',
    (payload_json) => {
      expect(freeze({ payload_json })).toBe(payload_json);
    },
  );

  it.each(['', '{', '{a:1}', '{"a":1}}', "'x'", 'NaN', '\ufeff{}', '"\0"', '"\n"', '[1,]', 'undefined'])(
    'must be JSON, and its text is not quoted: %j',
    (payload_json) => {
      expect(freeze({ payload_json })).toBe('InvalidRequest: payload_json: must be valid JSON');
    },
  );

  it('must be a string that UTF-8 can carry', () => {
    expect(freeze({ payload_json: { a: 1 } })).toBe('InvalidRequest: payload_json: must be a string');
    expect(freeze({ payload_json: '"\ud800"' })).toMatch(/^InvalidRequest: payload_json: holds a lone surrogate/);
  });

  it('is bounded in size and depth', () => {
    const fits = JSON.stringify('x'.repeat(MAX_PAYLOAD_BYTES - 2));
    expect(freeze({ payload_json: fits }) === fits).toBe(true);
    expect(freeze({ payload_json: ` ${fits}` })).toMatch(/^PayloadTooLarge: payload_json: /);
    expect(freeze({ payload_json: '['.repeat(131_072) + ']'.repeat(131_072) })).toBe(
      'InvalidRequest: payload_json: is nested deeper than 512 levels',
    );
  });
});

describe('payload_template', () => {
  it('is rendered once, now', () => {
    expect(freeze({ payload_template: ['{{a}} {{current_time}}'], render_context: { a: 'x' } })).toBe(
      '["x 2026-11-23 12:00:00 UTC"]',
    );
  });

  it('is bounded in size', () => {
    const render_context = { a: 'x'.repeat(100_000) };
    expect(freeze({ payload_template: ['{{a}}', '{{a}}', '{{a}}'], render_context })).toBe(
      'PayloadTooLarge: payload_template: renders to more than 262144 bytes',
    );
  });
});

describe('a body that is too large and wrong as well', () => {
  it('is wrong first', () => {
    expect(freeze({ payload: 'x'.repeat(300_000), render_context: {} })).toMatch(
      /^InvalidRequest: render_context: .*; payload: is a body of more than/,
    );
  });
});

function holdsUnsafeInteger(text: string): boolean {
  let found = false;
  JSON.parse(text, (_, value: unknown) => {
    found ||= Number.isInteger(value) && !Number.isSafeInteger(value);
    return value;
  });
  return found;
}
