import type { Mutations } from './mutation.ts';

const ONE_ROW = 'test/contracts/one-row-contract.ts';
const BATCH = 'test/shared/deliver/one-row.test.ts';
const SETTLED = 'test/contracts/settle-contract.ts';
const LATE = 'test/contracts/late-success-contract.ts';
const CRASH = 'test/protocol/crash-at-every-step.test.ts';
const ORDERS = 'test/contracts/orders-contract.ts';
const ENDING = 'test/contracts/ending-orders-contract.ts';
const KEPT = 'test/shared/aws/data-api-record-store.test.ts';
const SETTLE = 'sql/queries/settle_deliveries.sql';
const SWEEPING = 'shared/sweep/sweep-deliveries.ts';
const SENDING = 'shared/deliver/attempt-delivery.ts';
const REDELIVER = 'sql/queries/redeliver_deliveries.sql';
const LINE = 'shared/observe/redact-payload.ts';

/** Recording, and the orders that bring back, end or erase. */
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
  'REC-14': [
    {
      in: 'shared/operate/give-order.ts',
      from: `because: look?.statuses.includes(status) === true ? 'not_selected' : status,`,
      to: `because: look?.statuses.includes(status) === true ? 'not_selected' : 'dead_letter',`,
      fails: [{ shownBy: ORDERS, title: 'refuses what is pending, in flight, delivered or unknown, and says which' }],
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
  'REC-18': [
    {
      in: 'sql/queries/match_deliveries.sql',
      from: `[^:?#]*)'), 260) as host`,
      to: `[^:?#]*)'), 261) as host`,
      fails: [
        {
          shownBy: 'test/shared/aws/dead-letters-at-size.test.ts',
          title: 'goes along its index, and no further than it may',
        },
      ],
    },
  ],
  'REC-20': [
    {
      in: REDELIVER,
      from: 'and o.step = cast(:step as integer)',
      to: 'and o.step >= 0 * cast(:step as integer)',
      fails: [{ shownBy: ORDERS, title: 'whose page runs twice changes and counts it once' }],
    },
    {
      in: 'sql/queries/take_order.sql',
      from: 'or o.worker_until <= coalesce(cast(:now as timestamptz), now())',
      to: 'or false',
      fails: [{ shownBy: ORDERS, title: 'is worked on by one at a time, and by another when the first is gone' }],
    },
  ],
  'REC-21': [
    {
      in: 'shared/operate/work-order.ts',
      from: `const refused = [{ delivery_id: deliveryId, because: 'database_refused' }];`,
      to: 'const refused: { delivery_id: number; because: string }[] = [];',
      fails: [{ shownBy: ORDERS, title: 'passes over the row that the database refuses to change, and names it' }],
    },
    {
      in: 'shared/operate/work-order.ts',
      from: 'if (locked.length === 0) return { ...position, again: before };',
      to: 'if (locked.length >= 0) return { ...position, again: before };',
      fails: [{ shownBy: ORDERS, title: 'comes back to a row that somebody else had locked' }],
    },
  ],
  'REC-22': [
    {
      in: SETTLE,
      from: `when j.is_cancelled then 'dead'`,
      to: `when false then 'dead'`,
      fails: [{ shownBy: ENDING, title: 'makes the attempt under way the last: it ends as cancelled when that ' }],
    },
  ],
  'REC-23': [
    {
      in: REDELIVER,
      from: 'next_at = greatest(excluded.next_at, p.next_at + (excluded.next_at - (select now from turn)))',
      to: 'next_at = excluded.next_at',
      fails: [{ shownBy: ORDERS, title: 'keeps its pace for each host, and two orders at once keep it together' }],
    },
  ],
  'REC-29': [
    {
      in: 'shared/operate/work-order.ts',
      from: 'await countDeaths(parts, deliveryIds.length, deliveryIds);',
      to: 'await Promise.resolve();',
      fails: [
        {
          shownBy: 'test/shared/operate/orders.test.ts',
          title: 'to redeliver counts the deaths that no sweep has counted, before it ends them',
        },
      ],
    },
  ],
  'REC-28': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when m.place_at > m.soon then 'resumed'`,
      to: `when false then 'resumed'`,
      fails: [{ shownBy: 'test/contracts/endpoint-orders-contract.ts', title: 'once it is resumed' }],
    },
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `where k.id = j.id and (r.closes_for = 'down' or g.key is not null and r.key is null)`,
      to: 'where k.id = j.id and false',
      fails: [
        {
          shownBy: 'test/contracts/endpoint-orders-contract.ts',
          title: 'goes out as a probe at once, and at its pace when its endpoint is back',
        },
      ],
    },
  ],
  'REC-24': [
    {
      in: SETTLE,
      from: 'case when l.expunged_at is null then a.excerpt end as kept_excerpt',
      to: 'a.excerpt as kept_excerpt',
      fails: [{ shownBy: ENDING, title: 'keeps no answer that comes later' }],
    },
  ],
  'REC-25': [
    {
      in: 'sql/queries/erase_over_deliveries.sql',
      from: `where d.expunge_at_end
`,
      to: `where false
`,
      fails: [
        { shownBy: KEPT, title: 'erases what was ordered to be while it was in flight, once the attempt is over' },
      ],
    },
  ],
  'REC-26': [
    {
      in: 'shared/operate/past-refused.ts',
      from: 'refused(rows[0], fault.refusal);',
      to: '',
      fails: [
        { shownBy: KEPT, title: 'passes over the row that the database refuses to change, names it and counts it' },
      ],
    },
  ],
  'REC-27': [
    {
      in: 'sql/queries/count_standing.sql',
      from: 'and d.dismissed_at is null',
      to: '',
      fails: [{ shownBy: KEPT, title: 'are those that nobody has redelivered, dismissed, cancelled or erased' }],
    },
  ],
  'REC-19': [
    {
      in: 'docs/runbook.md',
      from: `and status = 'succeeded' and updated_at < now()`,
      to: 'and updated_at < now()',
      fails: [
        {
          shownBy: 'test/infra/runbook-sql.test.ts',
          title: 'takes what was delivered so long ago, with its attempts, and nothing else, in portions',
        },
      ],
    },
  ],
};
