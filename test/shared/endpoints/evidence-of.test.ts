// Pure: what an outcome says of its endpoint and of its origin.
import { expect, test } from 'vitest';
import { type CountedOutcome, FAILURE_CLASSES } from '../../../shared/delivery/attempt-outcome.ts';
import { evidenceOf } from '../../../shared/endpoints/evidence-of.ts';

type Failed = Extract<CountedOutcome, { kind: 'failed' }>;

const ANSWERED = { endpoint: 'answer', origin: 'answer' };
const NOTHING = { endpoint: 'none', origin: 'none' };
const failed = (fields: Pick<Failed, 'because'> & Partial<Failed>): Failed => ({
  kind: 'failed',
  detail: '',
  ...fields,
});
const status = (status: number, fields: Partial<Failed> = {}) => failed({ because: 'status', status, ...fields });

test('a 2xx is an answer', () => {
  expect(evidenceOf({ kind: 'accepted', status: 204, excerpt: '' })).toEqual(ANSWERED);
});

test.each([301, 400, 404, 410])('a %i, however permanent, is an answer of a receiver that works', (code) => {
  expect(evidenceOf({ kind: 'refused', because: 'status', status: code, detail: '' })).toEqual(ANSWERED);
});

test.each(['blocked_address', 'header', 'invalid_row', 'credential_missing'] as const)(
  'a request that was never made for %s says nothing',
  (because) => {
    expect(evidenceOf({ kind: 'refused', because, detail: '' })).toEqual(NOTHING);
  },
);

test.each([500, 502, 503, 504, 408, 425, 199, 999])(
  'a %i is a failure of the endpoint, and its origin has answered',
  (code) => {
    expect(evidenceOf(status(code))).toEqual({ endpoint: 'failure', origin: 'answer' });
  },
);

test('a status that settings make transient is a failure like any other', () => {
  expect(evidenceOf(status(404))).toEqual({ endpoint: 'failure', origin: 'answer' });
});

test('a 429 asks to wait, for as long as it says', () => {
  expect(evidenceOf(status(429, { retryAfterSeconds: 7 }))).toEqual({
    endpoint: 'wait',
    origin: 'answer',
    waitSeconds: 7,
  });
  expect(evidenceOf(status(429))).toEqual({ endpoint: 'wait', origin: 'answer', waitSeconds: 0 });
});

test('a 503 asks to wait if it says for how long, even for no time; any other status does not', () => {
  expect(evidenceOf(status(503, { retryAfterSeconds: 0 }))).toMatchObject({ endpoint: 'wait', waitSeconds: 0 });
  expect(evidenceOf(status(500, { retryAfterSeconds: 9 }))).toEqual({ endpoint: 'failure', origin: 'answer' });
});

test('a 401 to a credential that was just changed is an answer', () => {
  expect(evidenceOf(failed({ because: 'credential_rotated', status: 401 }))).toEqual(ANSWERED);
});

test.each(['dns', 'connection', 'tls'] as const)(
  '%s is a failure of the origin, and says nothing of the path',
  (because) => {
    expect(evidenceOf(failed({ because }))).toEqual({ endpoint: 'none', origin: 'failure' });
  },
);

test('silence is the failure of the endpoint once there was a connection, and of the origin before', () => {
  expect(evidenceOf(failed({ because: 'timeout' }))).toEqual({ endpoint: 'failure', origin: 'none' });
  expect(evidenceOf(failed({ because: 'timeout', isUnconnected: true }))).toEqual({
    endpoint: 'none',
    origin: 'failure',
  });
});

test('an answer that cannot be read is a failure of the endpoint', () => {
  expect(evidenceOf(failed({ because: 'protocol' }))).toEqual({ endpoint: 'failure', origin: 'none' });
});

test('what is our own doing says nothing', () => {
  const theirs = new Set<string>(['dns', 'connection', 'tls', 'timeout', 'protocol']);
  for (const because of FAILURE_CLASSES.filter((name) => !theirs.has(name))) {
    expect([because, evidenceOf(failed({ because }))]).toEqual([because, NOTHING]);
  }
});
