import type { Mutations } from './mutation.ts';

const ONE_ROW = 'test/contracts/one-row-contract.ts';
const BATCH = 'test/shared/deliver/one-row.test.ts';
const SETTLED = 'test/contracts/settle-contract.ts';
const LATE = 'test/contracts/late-success-contract.ts';
const CRASH = 'test/protocol/crash-at-every-step.test.ts';
const SETTLE = 'sql/queries/settle_deliveries.sql';
const SWEEPING = 'shared/sweep/sweep-deliveries.ts';
const SENDING = 'shared/deliver/attempt-delivery.ts';
const LINE = 'shared/observe/redact-payload.ts';

/** What becomes of an attempt. */
export const RECORDING: Mutations = {
  'REC-01': [
    {
      in: 'shared/deliver/record-attempts.ts',
      from: 'return { delivery, report: await attempt(delivery, mustStartByMonotonicMs) };',
      to: `await attempt(delivery, mustStartByMonotonicMs);
      return { delivery, report: await attempt(delivery, mustStartByMonotonicMs) };`,
      fails: [
        {
          shownBy: 'test/protocol/protocol.test.ts',
          title: 'two workers keep every invariant through crashes, duplicates, lost messages and lost answers',
        },
      ],
    },
  ],
  'REC-02': [
    {
      in: 'shared/deliver/tell-by-message.ts',
      from: 'if (unrecorded.length === 0) return new Set();',
      to: 'if (unrecorded.length >= 0) return new Set();',
      fails: [
        { shownBy: BATCH, title: 'past the end of the invocation has its outcome told by a message' },
        {
          shownBy: 'test/protocol/protocol-cases.test.ts',
          title: 'whose success cannot be recorded has it told by a message, and is not sent again',
        },
      ],
    },
  ],
  'REC-13': [
    {
      in: 'shared/deliver/ask-until-unlocked.ts',
      from: 'left = left.filter(({ deliveryId }) => locked.has(deliveryId));',
      to: 'left = left.filter(({ deliveryId }) => locked.has(deliveryId) && deliveryId < 0);',
      fails: [
        {
          shownBy: BATCH,
          title:
            'at the settle keeps no neighbour from being recorded, and is recorded when the lock goes, within its time',
        },
      ],
    },
  ],
  'REC-30': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `) then 'arrived'`,
      to: `) then 'claimable'`,
      fails: [
        {
          shownBy: ONE_ROW,
          title: 'is not sent again when it has arrived: the attempt is noted, and recorded once the cause is gone',
        },
      ],
    },
    {
      in: 'shared/deliver/settle-outcomes.ts',
      from: 'settled !== undefined && (await store.noteAttempt(',
      to: 'settled === undefined && (await store.noteAttempt(',
      fails: [
        {
          shownBy: BATCH,
          title:
            'although its webhook has arrived is not sent again while the cause stands, and recorded when it is gone',
        },
      ],
    },
  ],
  'REC-31': [
    {
      in: 'shared/deliver/record-attempts.ts',
      from: 'this.#batch, endsAtMonotonicMs - WRITE_DOWN_MS',
      to: 'this.#batch, Math.min(10_000, endsAtMonotonicMs)',
      fails: [{ shownBy: BATCH, title: 'after ten receivers have answered costs nobody a second request' }],
    },
  ],
  'REC-32': [
    {
      in: SETTLE,
      from: 'and r.attempt = a.attempt and r.lease_token = a.token',
      to: 'and r.attempt = a.attempt',
      fails: [{ shownBy: ONE_ROW, title: 'keeps the token of its claim, by which alone a written outcome lifts it' }],
    },
  ],
  'REC-17': [
    {
      in: SWEEPING,
      from: 'await countAllDeaths(parts, order).catch(unlessAway);',
      to: '',
      fails: [
        {
          shownBy: 'test/shared/sweep/sweep-deliveries.test.ts',
          title: 'counts each dead letter once, whoever ended it',
        },
      ],
    },
  ],
  'REC-04': [
    {
      in: SETTLE,
      from: `when l.status = 'pending' and l.lease_token = a.token and l.lease_expires_at is not null then 'recorded'`,
      to: `when l.status = 'pending' and l.lease_expires_at is not null then 'recorded'`,
      fails: [{ shownBy: SETTLED, title: 'changes nothing once another worker has taken over' }],
    },
    {
      in: SETTLE,
      from: `when a.kind = 'succeeded' and l.status <> 'succeeded' and (`,
      to: `when a.kind = 'succeeded' and (`,
      fails: [{ shownBy: LATE, title: 'adds nothing to what has succeeded' }],
    },
  ],
  'REC-05': [
    {
      in: SETTLE,
      from: `) then 'late_success'`,
      to: `) then 'superseded'`,
      fails: [{ shownBy: LATE, title: 'lifts a delivery that was buried as outcome_unknown' }],
    },
  ],
  'REC-06': [
    {
      in: SETTLE,
      from: `l.lease_expires_at is not null then 'recorded'`,
      to: `l.lease_expires_at > a.now then 'recorded'`,
      fails: [{ shownBy: SETTLED, title: 'after the end of its lease still counts while nobody has taken over' }],
    },
  ],
  'REC-07': [
    {
      in: SWEEPING,
      from: 'counts.unsent += await announce(swept, parts);',
      to: 'counts.unsent += 0 * swept.length;',
      fails: [{ shownBy: CRASH, title: 'is accepted at the second attempt' }],
    },
  ],
  'REC-09': [
    {
      in: 'shared/delivery/retry-policy.ts',
      from: 'return Math.min(baseDelaySeconds * 2 ** (failure - 1), maxDelaySeconds);',
      to: 'return Math.min(baseDelaySeconds * (1 << (failure - 1)), maxDelaySeconds);',
      fails: [
        {
          shownBy: 'test/shared/delivery/retry-policy.test.ts',
          title: 'no number of failures overflows, however often a delivery was brought back',
        },
      ],
    },
    {
      in: 'shared/delivery/retry-policy.ts',
      from: 'return figure * (1 + LARGEST_JITTER_SHARE * random);',
      to: 'return figure * (1 - LARGEST_JITTER_SHARE * random);',
      fails: [
        {
          shownBy: 'test/shared/delivery/retry-policy.test.ts',
          title: 'jitter only adds, and never more than a tenth',
        },
      ],
    },
  ],
  'REC-11': [
    {
      in: 'shared/observe/log.ts',
      from: `} catch {
      // There is nowhere left to report it.`,
      to: `} catch (error) {
      throw error;
      // There is nowhere left to report it.`,
      fails: [{ shownBy: 'test/shared/observe/log.test.ts', title: 'a log that throws changes nothing' }],
    },
  ],
  'LOG-01': [
    {
      in: LINE,
      from: `return typeof value === 'string' ? \`string \${value.length}\` : typeName(value);`,
      to: `return typeof value === 'string' ? printable(value) : typeName(value);`,
      fails: [
        { shownBy: 'test/shared/observe/payload-shape.test.ts', title: 'holds no value, whatever the payload is' },
      ],
    },
    {
      in: LINE,
      from: 'return this.#isSensitive(value) ? REDACTED : printable(value);',
      to: 'return printable(value);',
      fails: [
        {
          shownBy: 'test/shared/observe/redaction.test.ts',
          title: 'a value that tells by its form is covered under any name',
        },
      ],
    },
  ],
  'LOG-02': [
    {
      in: LINE,
      from: 'ALL_JUDGED_CHARACTERS = 16_000',
      to: 'ALL_JUDGED_CHARACTERS = 16_000_000',
      fails: [
        {
          shownBy: 'test/shared/observe/sensitive-text.test.ts',
          title: 'and of a payload only so much is judged; what nobody judged is not shown',
        },
      ],
    },
  ],
  'REC-12': [
    {
      in: SETTLE,
      from: `when l.id is null then 'vanished'`,
      to: `when l.id is null then 'superseded'`,
      fails: [{ shownBy: SETTLED, title: 'names a row that is gone' }],
    },
  ],
  'REC-15': [
    {
      in: SENDING,
      from: `outcome = { kind: 'failed', because: 'internal', detail`,
      to: `outcome = { kind: 'refused', because: 'internal', detail`,
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery.test.ts',
          title: 'an exception nobody foresaw fails the attempt, and nothing of it is kept',
        },
      ],
    },
  ],
  'REC-16': [
    {
      in: 'shared/egress/http-exchange.ts',
      from: 'const head = readHead(this.#block.text());',
      to: `const text = this.#block.text();
    const head = readHead(text);
    if (head === undefined) return this.#refuse(text);`,
      fails: [{ shownBy: 'test/shared/egress/http-sender-responses.test.ts', title: 'tells nothing of itself' }],
    },
  ],
};
