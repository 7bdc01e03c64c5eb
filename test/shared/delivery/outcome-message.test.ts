// Pure rules, nothing is a double. What must never be asserted: that a message holds what a receiver said.
import { describe, expect, test } from 'vitest';
import { formatDeliveryMessage, parseDeliveryMessage } from '../../../shared/delivery/delivery-message.ts';
import type { Settlement } from '../../../shared/delivery/delivery.ts';
import { type Exchange, withoutNames } from '../../../shared/delivery/exchange.ts';
import type { EndpointEvidence } from '../../../shared/delivery/endpoint-evidence.ts';
import { settledAttemptOf, type WrittenOutcome } from '../../../shared/delivery/outcome-message.ts';

const SUCCESS: Settlement = { kind: 'succeeded', statusCode: 204, excerpt: '' };
const RETRY: Settlement = { kind: 'retry', delaySeconds: 31.5, errorClass: 'timeout', error: 'timeout: no answer' };
const DEATH: Settlement = { kind: 'dead', errorClass: 'status', error: 'status 410', statusCode: 410 };

const written = (outcome: Partial<WrittenOutcome> = {}): WrittenOutcome => ({
  token: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
  organizationId: 7,
  startedAtMs: Date.parse('2026-11-23T12:00:00Z'),
  durationMs: 120,
  settlement: SUCCESS,
  ...outcome,
});
const bodyOf = (outcome: WrittenOutcome) =>
  formatDeliveryMessage({ deliveryId: 42, attempt: 2, remainingSeconds: 0, outcome });

describe('an outcome in a message', () => {
  test.each([SUCCESS, RETRY, DEATH])('comes out as it went in: $kind', (settlement) => {
    expect(parseDeliveryMessage(bodyOf(written({ settlement })))).toEqual({
      deliveryId: 42,
      attempt: 2,
      remainingSeconds: 0,
      outcome: written({ settlement }),
    });
  });

  test('that used up the attempts comes out as it went in', () => {
    const settlement: Settlement = { ...DEATH, isExhausted: true };
    expect(parseDeliveryMessage(bodyOf(written({ settlement })))?.outcome).toEqual(written({ settlement }));
  });

  test.each<EndpointEvidence>([
    { endpoint: 'failure', origin: 'none' },
    { endpoint: 'none', origin: 'failure' },
    { endpoint: 'answer', origin: 'answer' },
    { endpoint: 'wait', origin: 'answer', waitSeconds: 4.5 },
    { endpoint: 'wait', origin: 'answer', waitSeconds: 0 },
  ])('brings what it says of the endpoint: %j', (evidence) => {
    const { outcome } = parseDeliveryMessage(bodyOf(written({ settlement: RETRY, evidence }))) ?? {};
    expect(outcome).toEqual(written({ settlement: RETRY, evidence }));
    const recorded = settledAttemptOf(outcome ?? written(), { deliveryId: 42, attempt: 2, nowMs: 0 });
    expect(recorded.evidence).toEqual(evidence);
  });

  test('brings what was sent, without a name that the receiver or the application chose', () => {
    const exchange: Exchange = {
      request: {
        method: 'POST',
        headers: [{ name: 'X-Ada', of: 'custom' }],
        moreHeaders: 0,
        bodyBytes: 11,
        written: 'part',
      },
      response: { headers: ['x-for-ada'], moreHeaders: 1, bodyBytes: 2, isComplete: false },
      phasesMs: { wait: 0, resolve: 2, first_byte: 81.5 },
    };
    expect(bodyOf(written({ exchange }))).not.toMatch(/ada/i);
    const { outcome = written() } = parseDeliveryMessage(bodyOf(written({ exchange }))) ?? {};
    expect(outcome).toEqual(written({ exchange: withoutNames(exchange) }));
    expect(settledAttemptOf(outcome, { deliveryId: 42, attempt: 2, nowMs: 0 }).exchange).toEqual(outcome.exchange);
  });

  test.each<[string, unknown]>([
    ['that is no object', 'failure'],
    ['that is null', null],
    ['of an endpoint that nobody knows', { endpoint: 'weather', origin: 'none' }],
    ['of an origin that nobody knows', { endpoint: 'none' }],
    ['that waits less than nothing', { endpoint: 'wait', origin: 'answer', wait_seconds: -1 }],
    ['that waits for no number', { endpoint: 'wait', origin: 'answer', wait_seconds: 'soon' }],
  ])('is recorded all the same with evidence %s', (_what, evidence) => {
    const body = JSON.parse(bodyOf(written()));
    const read = parseDeliveryMessage(JSON.stringify({ ...body, outcome: { ...body.outcome, evidence } }));
    expect(read?.outcome).toEqual(written());
  });

  test('holds nothing of what the receiver said', () => {
    const settlement: Settlement = { ...DEATH, excerpt: 'dear Ms Smith' };
    expect(bodyOf(written({ settlement }))).not.toContain('Smith');
  });

  test('is what the database is asked to record, started as long ago as this clock says', () => {
    const nowMs = Date.parse('2026-11-23T12:01:00Z');
    expect(settledAttemptOf(written(), { deliveryId: 42, attempt: 2, nowMs })).toEqual({
      deliveryId: 42,
      attempt: 2,
      token: written().token,
      settlement: SUCCESS,
      durationMs: 120,
      startedMsAgo: 6e4,
      written: true,
    });
  });

  test('of a worker whose clock goes fast began at least as long ago as it took', () => {
    const nowMs = written().startedAtMs - 5000;
    expect(settledAttemptOf(written(), { deliveryId: 42, attempt: 2, nowMs }).startedMsAgo).toBe(120);
  });
});

describe('the tokens of lost claims in a message', () => {
  const { token } = written();
  const message = { deliveryId: 42, attempt: 2, remainingSeconds: 0, lostTokens: [token] };

  test('come out as they went in', () => {
    expect(parseDeliveryMessage(formatDeliveryMessage(message))).toEqual(message);
  });

  test.each([[['x']], [[token, 7]], [Array.from({ length: 6 }, () => token)], [token]])(
    'that are none, or too many, are not understood: %j',
    (lost_tokens) => {
      const body = JSON.stringify({ v: 1, delivery_id: 42, attempt: 2, remaining_seconds: 0, lost_tokens });
      expect(parseDeliveryMessage(body)).toBeUndefined();
    },
  );
});

describe('a message is not understood with an outcome', () => {
  const sound = JSON.parse(bodyOf(written({ settlement: RETRY })));
  test.each<[string, unknown]>([
    ['that is no object', 'accepted'],
    ['that is null', null],
    ['without a token', { ...sound.outcome, token: undefined }],
    ['whose token is no uuid', { ...sound.outcome, token: 'x' }],
    ['without an organization', { ...sound.outcome, organization_id: undefined }],
    ['that began at no time', { ...sound.outcome, started_at_ms: 'noon' }],
    ['that took less than nothing', { ...sound.outcome, duration_ms: -1 }],
    ['of no kind', { ...sound.outcome, kind: 'lost' }],
    ['of a class nobody knows', { ...sound.outcome, error_class: 'weather' }],
    ['without words', { ...sound.outcome, error: undefined }],
    ['with more words than a row takes', { ...sound.outcome, error: 'x'.repeat(2001) }],
    ['whose status is no number', { ...sound.outcome, status_code: '204' }],
    ['that succeeded without a status', { ...sound.outcome, kind: 'succeeded', status_code: undefined }],
    ['that waits without saying how long', { ...sound.outcome, delay_seconds: undefined }],
    ['that waits less than nothing', { ...sound.outcome, delay_seconds: -1 }],
    ['that waits for more than a week', { ...sound.outcome, delay_seconds: 604_801 }],
  ])('%s', (_, outcome) => {
    expect(parseDeliveryMessage(JSON.stringify({ ...sound, outcome }))).toBeUndefined();
  });
});
