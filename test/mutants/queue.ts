import type { Mutations } from './mutation.ts';

const CLAIM = 'test/contracts/claim-contract.ts';
const SWEEP = 'test/contracts/sweep-contract.ts';
const ALARMS = 'test/infra/alarms.test.ts';
const BATCH = 'test/shared/deliver/deliver-batch.test.ts';

/** The queue. */
export const QUEUE: Mutations = {
  'QUE-02': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: 'when not l.asked_attempts @> to_jsonb(l.attempt_count + 1)',
      to: 'when false',
      fails: [{ shownBy: CLAIM, title: 'passes over a message for an attempt that is settled, or is not next' }],
    },
    {
      in: 'shared/deliver/claim-batch.ts',
      from: 'delaySeconds: heldDelay(answer, one)',
      to: 'delaySeconds: 0',
      fails: [{ shownBy: BATCH, title: 'that comes early is replaced by one for the rest of the time' }],
    },
  ],
  'QUE-03': [
    {
      in: 'sql/queries/put_back_deliveries.sql',
      from: 'or d.scheduled_for <= i.now - make_interval',
      to: 'or false and d.scheduled_for <= i.now - make_interval',
      fails: [{ shownBy: SWEEP, title: 'names what has been due for a minute' }],
    },
  ],
  'QUE-04': [
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'if (remainingSeconds > 0) {',
      to: 'if (remainingSeconds > 1e9) {',
      fails: [
        { shownBy: BATCH, title: '(QUE-04)' },
        { shownBy: 'test/end-to-end/schedule-suite.ts', title: 'in 40 minutes is a chain of three messages' },
      ],
    },
  ],
  'QUE-05': [
    {
      in: 'shared/deliver/deliver-batch.ts',
      from: 'setAside(unreadable, parts)',
      to: 'setAside([], parts)',
      fails: [{ shownBy: BATCH, title: '(QUE-05)' }],
    },
  ],
  'QUE-07': [
    {
      in: 'shared/deliver/record-attempts.ts',
      from: 'comeAgain: stands ? [] : messageIds,',
      to: 'comeAgain: stands ? [] : [],',
      fails: [{ shownBy: BATCH, title: 'does not end with an attempt that breaks its promise and rejects' }],
    },
  ],
  'QUE-09': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',`,
      to: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'internal',`,
      fails: [
        {
          shownBy: 'test/end-to-end/worker-suite.ts',
          title: 'is one failed invocation and a new process, and its delivery ends all the same',
        },
      ],
    },
  ],
  'QUE-10': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when l.lease_expires_at > i.now then 'held'`,
      to: `when false then 'held'`,
      fails: [{ shownBy: CLAIM, title: 'passes over what another worker holds, and charges nobody' }],
    },
  ],
  'QUE-13': [
    {
      in: 'sql/queries/put_back_deliveries.sql',
      from: 'set put_back_at = p.now, awaits_hand_out = false',
      to: 'set awaits_hand_out = false',
      fails: [{ shownBy: SWEEP, title: 'repeats a message only after a pause that doubles from 5 minutes to 2 hours' }],
    },
  ],
  'QUE-17': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when j.id is null and d.id is null then 'unknown'`,
      to: `when false then 'unknown'`,
      fails: [{ shownBy: CLAIM, title: 'passes over an id that names no row' }],
    },
  ],
  'QUE-11': [
    {
      in: 'infra/alarms.ts',
      from: 'metric: waiting(deliveryDeadLetters),',
      to: 'metric: waiting(queues.delivery),',
      fails: [{ shownBy: ALARMS, title: 'of the dead-letter queues watch those queues' }],
    },
  ],
  'QUE-14': [
    {
      in: 'shared/sweep/sweep-deliveries.ts',
      from: 'counts.unsent += await announce(swept, parts);',
      to: 'counts.unsent += 0 * swept.length;',
      fails: [{ shownBy: 'test/protocol/crash-at-every-step.test.ts', title: 'is accepted at the second attempt' }],
    },
  ],
  'QUE-18': [
    {
      in: 'infra/alarms.ts',
      from: `metric: counted('InternalFaults'),
      from: 1,
      // A database failover takes about a minute and recovers by itself.
      periods: { over: 2, of: 3 },`,
      to: `metric: counted('InternalFaults'),
      from: 1,`,
      fails: [{ shownBy: ALARMS, title: 'each go off at a figure of their own metric' }],
    },
    {
      in: 'infra/alarms.ts',
      from: `// A single late run leaves one period without data.
      periods: { over: 3, of: 3 },`,
      to: '',
      fails: [{ shownBy: ALARMS, title: 'each go off at a figure of their own metric' }],
    },
  ],
};
