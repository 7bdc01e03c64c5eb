// Real: the explanation. No doubles. One test for each phase and each reason of a death.
import { describe, expect, it } from 'vitest';
import { FAILURE_CLASSES, type FailureClass } from '../../../shared/delivery/attempt-outcome.ts';
import type { DeliveryFacts } from '../../../shared/operate/delivery-facts.ts';
import { explain } from '../../../shared/operate/explain.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const MINUTE = 60_000;

/** Scheduled for now, never attempted; only what a test names matters. */
function facts(given: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    deliveryUuid: '00000000-0000-4000-8000-000000000001',
    workflowRunId: 123,
    organizationId: 7,
    webhookNodeId: 'node',
    webhookName: undefined,
    httpMethod: 'POST',
    status: 'pending',
    attemptCount: 0,
    maxAttempts: 5,
    lastStatusCode: undefined,
    lastError: undefined,
    reason: undefined,
    succeededLate: false,
    awaitsHandOut: false,
    heldFor: undefined,
    heldSinceMs: undefined,
    heldDueAtMs: undefined,
    isCancelled: false,
    expungeAtEnd: false,
    replayOf: undefined,
    orderingKey: undefined,
    holdsKey: false,
    behind: undefined,
    scheduledForMs: NOON,
    leaseExpiresAtMs: undefined,
    createdAtMs: NOON - 8 * MINUTE,
    updatedAtMs: NOON,
    dismissedAtMs: undefined,
    expungedAtMs: undefined,
    nowMs: NOON,
    ...given,
  };
}

const dead = (reason: FailureClass | undefined, given: Partial<DeliveryFacts> = {}) => ({
  ...facts({ status: 'dead_letter', reason, attemptCount: 5, scheduledForMs: undefined, ...given }),
  // Enqueued a day ahead.
  createdAtMs: NOON - 24 * 60 * MINUTE,
  firstAttemptAtMs: NOON - 8 * MINUTE,
});

describe('a delivery that is not over', () => {
  it.each<[string, DeliveryFacts, string[]]>([
    [
      'scheduled',
      facts({ scheduledForMs: NOON + 90 * MINUTE }),
      ['It is scheduled: its first attempt is due in 1 h 30 min.', 'It can be cancelled.'],
    ],
    [
      'behind another of its ordering key',
      facts({ behind: { deliveryId: 41, status: 'pending' } }),
      [
        'It waits behind delivery 41 of its ordering key, and goes when no earlier one is left.',
        'It can be cancelled.',
      ],
    ],
    [
      'behind a dead letter that holds its ordering key',
      facts({ behind: { deliveryId: 41, status: 'dead_letter' } }),
      [
        'It waits behind delivery 41 of its ordering key, a dead letter that holds the key.',
        'The key goes on once somebody has redelivered that one and it is delivered, or has dismissed or erased it.',
        'It can be cancelled.',
      ],
    ],
    [
      'scheduled further ahead than messages reach',
      facts({ scheduledForMs: NOON + 48 * 60 * MINUTE, awaitsHandOut: true }),
      [
        'It is scheduled: its first attempt is due in 2 d.',
        'That is further ahead than messages reach: a sweep hands it out shortly before.',
        'It can be cancelled.',
      ],
    ],
    [
      'due',
      facts({ scheduledForMs: NOON - 3000 }),
      [
        'It has been due for 3 s and waits for a worker: attempt 1 of 5.',
        'If its message was lost, the next sweep sends another one within 5 minutes.',
        'It can be cancelled.',
      ],
    ],
    [
      'tried again',
      facts({ attemptCount: 2, lastStatusCode: 503, scheduledForMs: NOON + MINUTE }),
      [
        'It is tried again in 1 min: attempt 3 of 5.',
        '2 attempts failed so far, the last one with status 503.',
        'It can be cancelled.',
      ],
    ],
    [
      'tried again after no answer',
      facts({ attemptCount: 2, lastError: 'timeout: no answer within 30 s', scheduledForMs: NOON + MINUTE }),
      [
        'It is tried again in 1 min: attempt 3 of 5.',
        '2 attempts failed so far, the last one without an answer.',
        'It can be cancelled.',
      ],
    ],
    [
      'in flight',
      facts({ attemptCount: 1, leaseExpiresAtMs: NOON + 40_000 }),
      ['Attempt 1 of 5 is under way; its worker has it for another 40 s.', 'It can be cancelled.'],
    ],
    [
      'in flight and cancelled',
      facts({
        attemptCount: 1,
        maxAttempts: 1,
        leaseExpiresAtMs: NOON + 40_000,
        isCancelled: true,
        expungeAtEnd: true,
      }),
      [
        'Attempt 1 of 1 is under way; its worker has it for another 40 s.',
        'An operator cancelled it: this attempt is the last.',
        'What it holds is erased when this attempt is over.',
      ],
    ],
    [
      'left by its worker',
      facts({ attemptCount: 1, leaseExpiresAtMs: NOON - 65_000 }),
      [
        'The worker of attempt 1 ended without a report 1 min 5 s ago.',
        'The sweep, which runs every 5 minutes, hands it out again for attempt 2 of 5.',
        'It can be cancelled.',
      ],
    ],
    [
      'left by the worker of its last attempt',
      facts({ attemptCount: 5, leaseExpiresAtMs: NOON - 1000 }),
      [
        'The worker of attempt 5 ended without a report 1 s ago.',
        'It was the last one allowed: the next sweep ends it, unless a success is reported first.',
        'It can be cancelled.',
      ],
    ],
  ])('%s', (_, given, sentences) => {
    expect(explain(given, [])).toEqual(sentences);
  });
});

it.each([
  ['credential_missing', 'its credential was not to be had'],
  ['credential_invalid', 'its credential could not be used as it is written'],
  ['blocked_address', 'the name leads to an address that webhooks may not reach'],
  ['dns', 'the name did not resolve'],
  ['tls', 'the TLS handshake failed'],
])('a delivery whose last attempt made no request says so, and why: %s', (errorClass, words) => {
  const tried = [
    { attempt: 2, errorClass },
    { attempt: 1, errorClass: 'timeout' },
  ];
  const given = facts({ attemptCount: 2, lastError: `${errorClass}: …`, scheduledForMs: NOON + MINUTE });
  expect(explain(given, tried)[1]).toBe(`2 attempts failed so far, the last one without a request: ${words}.`);
});

describe('a delivery that its endpoint holds', () => {
  it.each([
    ['down', /down, and has held it for 5 min: it uses up no attempts/],
    ['waiting', /asked to wait, and holds it for 5 min/],
    ['recovering', /two for each success; this one has waited for 5 min/],
    ['in_flight', /as many requests in flight as its limit allows/],
    ['rate', /a limit of requests a second: its turn is in 2 h/],
    ['stopped', /An operator has held it for 5 min/],
  ])('for %s says so', (heldFor, words) => {
    const held = facts({ heldFor, heldSinceMs: NOON - 5 * MINUTE, scheduledForMs: NOON + 120 * MINUTE });
    expect(explain(held, [])[0]).toMatch(words);
  });
});

describe('a delivery that an operator holds', () => {
  it.each([
    ['everything', 'everything'],
    ['organization', 'its whole organization'],
    ['origin', 'all of its endpoint’s origin'],
    ['endpoint', 'its endpoint'],
  ])('by %s says so, since when and why', (scope, what) => {
    const held = {
      ...facts({ heldFor: 'stopped', heldSinceMs: NOON - MINUTE }),
      stop: { scope, sinceMs: NOON - 20 * MINUTE, note: 'they asked for it' },
    };
    expect(explain(held, [])[0]).toBe(
      `An operator has held ${what} for 20 min (“they asked for it”): it goes out when that is resumed.`,
    );
  });
});

it('a redelivered one says that its order paces it, until it is attempted', () => {
  const given = { ...facts({ attemptCount: 2, scheduledForMs: NOON + 12_000 }), redeliveredBy: 7 };
  expect(explain({ ...given, awaitsTurn: true }, [])[0]).toBe(
    'Order 7 brought it back, and paces what it sends: its turn is in 12 s, attempt 3 of 5.',
  );
  expect(explain({ ...given, awaitsTurn: false }, [])[0]).toBe('It is tried again in 12 s: attempt 3 of 5.');
});

describe('a delivery that arrived', () => {
  const arrived = (given: Partial<DeliveryFacts>) =>
    facts({ status: 'succeeded', scheduledForMs: undefined, ...given });

  it('says by which attempt, and what to do if the receiver lost it', () => {
    expect(explain(arrived({ attemptCount: 3 }), [])).toEqual([
      'It was delivered by attempt 3; nothing more happens.',
      'If the receiver has lost it, replay it.',
    ]);
  });

  it('says that its success came late, and that it is a replay', () => {
    expect(explain(arrived({ attemptCount: 1, succeededLate: true, replayOf: 41 }), [])).toEqual([
      'It was delivered by its first attempt; nothing more happens.',
      'Its success was reported late, after its lease had been taken over or it had been buried.',
      'It is a replay of delivery 41.',
      'If the receiver has lost it, replay it.',
    ]);
  });
});

describe('a dead letter', () => {
  const ENDS: Record<FailureClass, string> = {
    status: 'The receiver refused it, after 5 attempts in 8 min.',
    timeout: 'The receiver did not answer in time; its attempts were used up after 5 attempts in 8 min.',
    dns: 'It never reached the receiver: the name did not resolve, after 5 attempts in 8 min.',
    connection: 'It never reached the receiver: no connection could be made or kept, after 5 attempts in 8 min.',
    tls: 'It never reached the receiver: the TLS handshake failed, after 5 attempts in 8 min.',
    protocol: "The receiver's answer could not be read as HTTP; its attempts were used up after 5 attempts in 8 min.",
    blocked_address: 'Its URL leads to an address that webhooks may not reach.',
    header: 'One of its headers cannot be sent.',
    credential_missing: 'Its credential was not to be had, after 5 attempts in 8 min.',
    credential_invalid: 'Its credential could not be used as it is written, after 5 attempts in 8 min.',
    credential_rotated:
      'The receiver refused a credential that had just been changed, or an access token, after 5 attempts in 8 min.',
    outcome_unknown: 'The worker of its last attempt ended without a report: the receiver may have got it, or not.',
    never_sent: 'Internal faults kept its next attempt from being sent, again and again.',
    invalid_row: 'Its row was not written by enqueue and cannot be sent as it stands.',
    endpoint_down: 'Its endpoint was down for longer than a delivery is held.',
    cancelled: 'An operator cancelled it.',
    internal: 'An unexpected fault of this system ended it, after 5 attempts in 8 min.',
  };

  it.each(FAILURE_CLASSES)('of reason %s says why it ended, and what to do', (reason) => {
    const [why, next, ...remedy] = explain(dead(reason), []);
    expect([why, next]).toEqual([ENDS[reason], 'It is not tried again automatically.']);
    expect(remedy).toHaveLength(1);
    expect(remedy[0]).toMatch(/redeliver|enqueue/i);
  });

  it.each([
    [301, 'The receiver answered 301: it points elsewhere, and redirects are not followed.'],
    [401, 'The receiver refused it for good with 401: the credential is wrong, expired or missing.'],
    [404, 'The receiver refused it for good with 404: there is nothing at this URL.'],
    [410, 'The receiver refused it for good with 410: the URL is gone for good.'],
    [413, 'The receiver refused it for good with 413: the body is too large for it.'],
    [415, 'The receiver refused it for good with 415: it does not take this content type.'],
    [418, 'The receiver refused it for good with 418.'],
    [429, 'Its attempts were used up after 5 attempts in 8 min; the last answer was 429.'],
    [503, 'Its attempts were used up after 5 attempts in 8 min; the last answer was 503.'],
  ])('with status %i says what that usually means', (lastStatusCode, sentence) => {
    expect(explain(dead('status', { lastStatusCode }), [])[0]).toBe(sentence);
  });

  it('whose reason nobody recorded says so', () => {
    expect(explain(dead(undefined), [])[0]).toBe('It is dead, and no reason was recorded.');
  });

  it('with an attempt that never reported says that it may have arrived', () => {
    const tried = [{ attempt: 3 }, { attempt: 2 }, { attempt: 1 }].map(({ attempt }) => ({
      attempt,
      errorClass: attempt === 3 ? 'status' : 'outcome_unknown',
    }));
    expect(explain(dead('status'), tried)).toContain(
      'The receiver may have got it all the same: attempt 1, 2 never reported.',
    );
    expect(explain(dead('outcome_unknown'), tried).join(' ')).not.toContain('all the same');
  });

  it('that somebody dismissed says so, and not that it can be dismissed', () => {
    const sentences = explain(dead('timeout', { dismissedAtMs: NOON - 2 * MINUTE }), []);
    expect(sentences).toContain('Somebody dismissed it 2 min ago: it is dealt with.');
    expect(sentences.at(-1)).toBe('Once the cause is mended, redeliver it.');
  });

  it('that was erased offers nothing more', () => {
    const sentences = explain(dead('timeout', { expungedAtMs: NOON }), []);
    expect(sentences.at(-1)).toBe(
      'Its payload and headers were erased less than a second ago: it cannot be sent again.',
    );
  });
});

describe('a dead letter that holds its ordering key', () => {
  const holds = 'It holds its ordering key: all that come after it wait until somebody has dealt with it.';

  it('says so as long as nobody has dealt with it', () => {
    expect(explain(dead('status', { holdsKey: true }), [])).toContain(holds);
    expect(explain(dead('status'), [])).not.toContain(holds);
  });

  it.each([
    [0, 'So far nothing waits behind it.'],
    [1, '1 delivery waits behind it.'],
    [999, '999 deliveries wait behind it.'],
    [1000, '1000 or more deliveries wait behind it.'],
  ])('says how many wait behind it: %i', (waitingBehind, sentence) => {
    expect(explain({ ...dead('status', { holdsKey: true }), waitingBehind }, [])).toContain(sentence);
    const dismissed = { ...dead('status', { holdsKey: true, dismissedAtMs: NOON }), waitingBehind };
    expect(explain(dismissed, [])).not.toContain(sentence);
  });

  it.each<[string, DeliveryFacts]>([
    ['dismissed', dead('status', { holdsKey: true, dismissedAtMs: NOON })],
    ['erased', dead('status', { holdsKey: true, expungedAtMs: NOON })],
    ['cancelled', dead('cancelled', { holdsKey: true })],
  ])('and no longer once it is %s', (_, facts) => {
    expect(explain(facts, [])).not.toContain(holds);
  });
});
