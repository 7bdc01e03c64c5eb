// Real: the sentence about an end, and the errors that the sender writes. No doubles.
import { expect, test } from 'vitest';
import { describeRedirect } from '../../../shared/delivery/redirect-target.ts';
import { type EndFacts, explainEnd } from '../../../shared/operate/explain-end.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const SECRET = 'webhook-credentials/7/3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';

/** Used up its five attempts within eight minutes; only what a test names matters. */
function ended(facts: Partial<EndFacts>): string {
  return explainEnd({
    reason: 'status',
    lastStatusCode: undefined,
    lastError: undefined,
    attemptCount: 5,
    firstAttemptAtMs: NOON - 480_000,
    updatedAtMs: NOON,
    ...facts,
  });
}

test('a redirect tells where it leads, as far as the error does', () => {
  const redirect = describeRedirect(301, 'http://example.com/in?key=canary', 'https://example.com/in?key=canary');
  expect(ended({ lastStatusCode: 301, lastError: `status 301: ${redirect}`, attemptCount: 1 })).toBe(
    'The receiver answered 301: a redirect from http to https: https://example.com; redirects are not followed, the URL must be changed.',
  );
});

test('a receiver that wants no further attempt is not one whose attempts were used up', () => {
  const lastError = 'status 503; the receiver wants no further attempt (webhook-delivery: abort-message)';
  expect(ended({ lastStatusCode: 503, lastError, attemptCount: 1 })).toBe(
    'The receiver answered 503 and asked for no further attempt (webhook-delivery: abort-message).',
  );
});

test.each([
  [
    'tls',
    'the certificate is for another name',
    'It never reached the receiver, after 5 attempts in 8 min: the certificate is for another name.',
  ],
  [
    'credential_missing',
    `there is no secret ${SECRET}`,
    `Its credential was not to be had, after 5 attempts in 8 min: there is no secret ${SECRET}.`,
  ],
  [
    'credential_invalid',
    `the secret ${SECRET} is not JSON`,
    `Its credential could not be used as it is written, after 5 attempts in 8 min: the secret ${SECRET} is not JSON.`,
  ],
] as const)('of %s it says what the error says', (reason, detail, sentence) => {
  expect(ended({ reason, lastError: `${reason}: ${detail}` })).toBe(sentence);
  expect(ended({ reason, lastError: 'an error of another pipeline: canary' })).not.toContain('canary');
});
