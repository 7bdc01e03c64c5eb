// Real: the reader of what token endpoints answer. No doubles. Never to be asserted: anything that an endpoint said, in a fault.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTokenAnswer, readTokenError } from '../../../shared/credentials/token-answer.ts';

const read = (members: object) => readTokenAnswer(JSON.stringify({ access_token: 'tok', ...members }));
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe('a token that was issued', () => {
  test.each([
    [{}, 'tok'],
    [{ token_type: 'Bearer', scope: 'read', anything: { access_token: 'other' } }, 'tok'],
    [{ token_type: 'bearer' }, 'tok'],
    [{ token_type: null }, 'tok'],
    [{ access_token: 'x'.repeat(8192) }, 'x'.repeat(8192)],
    [{ access_token: '!~"{}' }, '!~"{}'],
  ])('is understood: %j', (members, accessToken) => {
    expect(read(members)).toMatchObject({ kind: 'issued', accessToken });
  });

  test.each([
    ['an hour, and is not used in its last minute', 3600, 59 * MINUTE_MS],
    ['two minutes', 120, MINUTE_MS],
    ['a minute, of which it is used for half', 60, MINUTE_MS / 2],
    ['a second', 1, 500],
    ['a fraction', 0.5, 250],
    ['an hour in a string', '3600', 59 * MINUTE_MS],
    ['an hour and a bit', 3600.5, 59 * MINUTE_MS + 500],
    ['no time at all, so that only those use it who wait for it', 0, 0],
    ['less than no time', -3600, 0],
    ['a century, of which it is used for a day', 3_155_760_000, DAY_MS - MINUTE_MS],
    ['longer than a double counts exactly', 1e300, DAY_MS - MINUTE_MS],
    ['for ever, in a string', 'Infinity', DAY_MS - MINUTE_MS],
    ['nobody knows how long', undefined, 5 * MINUTE_MS],
    ['null', null, 5 * MINUTE_MS],
    ['words', 'soon', 5 * MINUTE_MS],
    ['an empty text', '', 5 * MINUTE_MS],
    ['an object', {}, 5 * MINUTE_MS],
    ['yes', true, 5 * MINUTE_MS],
  ])('for %s', (_, expires_in, keptMs) => {
    expect(read({ expires_in })).toEqual({ kind: 'issued', accessToken: 'tok', keptMs });
  });
});

describe('an answer that holds no token is named, and not repeated', () => {
  test.each([
    ['', 'an answer that is not JSON'],
    ['<html>canary</html>', 'an answer that is not JSON'],
    ['access_token=canary&token_type=bearer', 'an answer that is not JSON'],
    ['"canary"', 'an answer that is not a JSON object'],
    ['["canary"]', 'an answer that is not a JSON object'],
    ['null', 'an answer that is not a JSON object'],
    ['{"error":"canary"}', 'an answer without access_token'],
    ['{"access_token":null}', 'an answer without access_token'],
    ['{"access_token":5}', 'an access_token that is not a string'],
    ['{"access_token":{"canary":1}}', 'an access_token that is not a string'],
    ['{"access_token":""}', 'an empty access_token'],
    [
      String.raw`{"access_token":"canary\r\nX-Injected: 1"}`,
      'an access_token with a character that no header can carry',
    ],
    ['{"access_token":"canary canary"}', 'an access_token with a character that no header can carry'],
    ['{"access_token":"canarü"}', 'an access_token with a character that no header can carry'],
    [`{"access_token":"${'x'.repeat(8193)}"}`, 'an access_token of more than 8192 bytes'],
    ['{"access_token":"canary","token_type":"mac"}', 'a token whose token_type is not Bearer'],
    ['{"access_token":"canary","token_type":"DPoP"}', 'a token whose token_type is not Bearer'],
    ['{"access_token":"canary","token_type":5}', 'a token whose token_type is not Bearer'],
    ['{"access_token":"canary","access_token":"other"}', 'an answer with two members access_token'],
    [String.raw`{"access_token":"canary","access\u005ftoken" : "other"}`, 'an answer with two members access_token'],
    ['{"access_token":"canary","expires_in":1,"expires_in":2}', 'an answer with two members expires_in'],
  ])('%s', (body, fault) => {
    expect(readTokenAnswer(body)).toEqual({ kind: 'fault', fault });
  });

  test('two members of one name count only where both are its own', () => {
    const nested = String.raw`{"a":{"access_token":"x"},"b":[{"access_token":"y"}],"c":"\"access_token\":{","access_token":"tok"}`;
    expect(readTokenAnswer(nested)).toMatchObject({ accessToken: 'tok' });
  });

  test('whatever JSON an endpoint answers, reading it ends', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(readTokenAnswer(body).kind).toMatch(/^(issued|fault)$/);
      }),
    );
  });
});

describe('the code of an error', () => {
  test.each([
    ['{"error":"invalid_client","error_description":"canary"}', 'invalid_client'],
    ['{"error":"too_many_requests"}', 'too_many_requests'],
    ['{"error":"Canary went wrong"}', undefined],
    ['{"error":{"code":"canary"}}', undefined],
    ['{"error":"canary_as_a_code"}', undefined],
    ['{"error":["invalid_client"]}', undefined],
    ['{"message":"canary"}', undefined],
    ['["invalid_client"]', undefined],
    ['invalid_client', undefined],
  ])('%s', (body, code) => {
    expect(readTokenError(body)).toBe(code);
  });
});
