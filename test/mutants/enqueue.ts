import type { Mutations } from './mutation.ts';

const ACCEPTED = 'test/contracts/accept-contract.ts';
const ACCEPTING = 'test/shared/enqueue/accept-delivery.test.ts';
const INVOKED = 'test/shared/enqueue/enqueue-deliveries.test.ts';
const QUEUED = 'test/shared/enqueue/enqueue-from-intake.test.ts';
const TEXTS = 'test/shared/enqueue/enqueue-intake-texts.test.ts';
const MEMORY = 'test/shared/enqueue/enqueue-memory.test.ts';
const REFUSED = 'test/shared/enqueue/enqueue-refused-by-database.test.ts';
const LIMITS = 'shared/runtime/limits.ts';
const ROWS = 'shared/aws/delivery-rows.ts';
const ACCEPT = 'shared/enqueue/accept-delivery.ts';

/** Of *Enqueue*: what becomes of a request. */
export const ENQUEUE: Mutations = {
  'INT-05': [
    {
      in: ROWS,
      from: 'created: deliveryUuid === delivery.deliveryUuid,',
      to: 'created: true,',
      fails: [{ shownBy: ACCEPTED, title: 'answers a repeated key with the first row, whatever became of it' }],
    },
    {
      in: ACCEPT,
      from: 'const differs = answer.requestDigest !== undefined &&',
      to: 'const differs = answer.requestDigest === undefined &&',
      fails: [{ shownBy: ACCEPTING, title: 'that differs warns, and the first one stands: ' }],
    },
  ],
  'INT-06': [
    {
      in: 'shared/sweep/sweep-deliveries.ts',
      from: 'counts.unsent += await announce(swept, parts);',
      to: 'counts.unsent += 0 * swept.length;',
      fails: [{ shownBy: 'test/protocol/crash-at-every-step.test.ts', title: 'is accepted at once' }],
    },
  ],
  'INT-08': [
    {
      in: 'shared/enqueue/enqueue-items.ts',
      from: `errorType: 'TemporaryFailure',`,
      to: `errorType: 'DatabaseRefused',`,
      fails: [{ shownBy: INVOKED, title: 'of the database is TemporaryFailure: the same request may be sent again' }],
    },
    {
      in: 'shared/enqueue/intake-message.ts',
      from: `return { kind: 'failed', messageId, items, postponed };`,
      to: `return { kind: 'done' };`,
      fails: [{ shownBy: QUEUED, title: 'returns every message to the queue, and moves none' }],
    },
  ],
  'INT-09': [
    {
      in: ACCEPT,
      from: 'await announce(created, parts);',
      to: `if ((await announce(created, parts)) > 0) throw new Error('a message was not sent');`,
      fails: [
        {
          shownBy: INVOKED,
          title: 'of the queue is none of the caller’s concern',
          throws: 'an unexpected fault occurred',
        },
      ],
    },
    {
      in: 'shared/delivery/announce.ts',
      from: `metrics.count('MessagesUnsent', unsent.length);`,
      to: '',
      fails: [
        {
          shownBy: ACCEPTING,
          title: 'a message that could not be sent is counted, and the request is accepted all the same',
        },
      ],
    },
  ],
  'INT-28': [
    {
      in: ROWS,
      from: 'created: deliveryUuid === delivery.deliveryUuid,',
      to: 'created: true,',
      fails: [{ shownBy: ACCEPTED, title: 'creates a key once, however many ask for it at once' }],
    },
    {
      in: ACCEPT,
      from: `if (answer.kind !== 'stored' || !answer.created || organizationId === undefined) return [];`,
      to: `if (answer.kind !== 'stored' || organizationId === undefined) return [];`,
      fails: [{ shownBy: ACCEPTING, title: 'answers the first row, sends no second message and counts nothing' }],
    },
  ],
  'INT-29': [
    {
      in: ROWS,
      from: 'if (rowOwner !== undefined && rowOwner === delivery?.organizationId) return storedAnswer(row, delivery);',
      to: '',
      fails: [
        {
          shownBy: ACCEPTED,
          title: 'is not asked for a delivery that is there: a repeat is answered though its run is gone since',
        },
        { shownBy: ACCEPTED, title: 'may have changed since: a repeat is answered though its run is ' },
      ],
    },
  ],
  'INT-30': [
    {
      in: LIMITS,
      from: 'UNKNOWN_RUN_PATIENCE_SECONDS = 60',
      to: 'UNKNOWN_RUN_PATIENCE_SECONDS = 30',
      fails: [
        { shownBy: QUEUED, title: 'is waited for until a minute after the message was sent, then the message moves' },
      ],
    },
  ],
  'INT-31': [
    {
      in: ROWS,
      from: 'if (rowOwner !== undefined && rowOwner === delivery?.organizationId) return storedAnswer(row, delivery);',
      to: 'if (rowOwner !== undefined && delivery !== undefined) return storedAnswer(row, { ...delivery, organizationId: rowOwner });',
      fails: [{ shownBy: ACCEPTED, title: 'sees no delivery of another one, whatever has become of the run' }],
    },
  ],
  'INT-33': [
    {
      in: LIMITS,
      from: 'MAX_REQUEST_PARTS = 1_000_000',
      to: 'MAX_REQUEST_PARTS = 100_000_000',
      fails: [{ shownBy: MEMORY, title: 'a context of 4.9 MB of empty objects' }],
    },
  ],
  'INT-34': [
    {
      in: LIMITS,
      from: 'MAX_BODY_CHARACTERS_TOGETHER = 8 * KIB * KIB',
      to: 'MAX_BODY_CHARACTERS_TOGETHER = 8 * KIB * KIB * KIB',
      fails: [{ shownBy: MEMORY, title: 'ten intake messages that each render a hundred bodies of 256 KiB' }],
    },
  ],
  'INT-35': [
    {
      in: 'shared/enqueue/enqueue-deliveries.ts',
      from: 'untilMonotonicMs: Math.min(limit.untilMonotonicMs, until) }',
      to: 'untilMonotonicMs: Math.max(limit.untilMonotonicMs, until) }',
      fails: [
        { shownBy: INVOKED, title: 'is waited out for twenty seconds by invoke, or less where the function has less' },
      ],
    },
    {
      in: LIMITS,
      from: '{ first: 24, growth: 1.25, longest: 400 }',
      to: '{ first: 24, growth: 1, longest: 400 }',
      fails: [
        {
          shownBy: 'test/shared/enqueue/intake-outage.test.ts',
          title: 'for an hour is asked less and less, and what waits is accepted within ten minutes of its end',
        },
      ],
    },
  ],
  'INT-36': [
    {
      in: 'shared/enqueue/enqueue-items.ts',
      from: `errorType: 'DatabaseRefused',
    errorMessage`,
      to: `errorType: 'TemporaryFailure',
    errorMessage`,
      fails: [
        {
          shownBy: REFUSED,
          title: 'is DatabaseRefused by name, counted as an internal fault, and fixed by following the runbook',
        },
      ],
    },
  ],
  'INT-37': [
    {
      in: 'shared/aws/data-api-accept-store.ts',
      from: 'if (!isOneRowsFault(fault)) return refused(refusal);',
      to: 'if (!isOneRowsFault(fault) || deliveries.length > 1) return refused(refusal);',
      fails: [
        {
          shownBy: REFUSED,
          title: 'by invoke is told in its place, and the others are stored',
          throws: 'the database refused to store it',
        },
      ],
    },
  ],
  'INT-38': [
    {
      in: ACCEPT,
      from: 'if (deliveries.length === 1 || fault instanceof StoreUnavailable) {',
      to: 'if (deliveries.length >= 1 || fault instanceof StoreUnavailable) {',
      fails: [
        {
          shownBy: INVOKED,
          title: 'over one item of a batch is told in its place, and the others are accepted',
          throws: 'an unexpected fault occurred',
        },
      ],
    },
  ],
  'INT-45': [
    {
      in: 'shared/aws/sqs-rejected-requests.ts',
      from: 'textAttribute(errorMessage, Math.min(room, MAX_ERROR_ATTRIBUTE_BYTES))',
      to: 'textAttribute(errorMessage, MAX_ERROR_ATTRIBUTE_BYTES)',
      fails: [
        { shownBy: 'test/shared/aws/sqs-delivery-queue.test.ts', title: 'a request that can never succeed and ' },
      ],
    },
    {
      in: 'shared/enqueue/enqueue-from-intake.ts',
      from: `parts.log.info('intake_refused', { message_id: messageId, ...fields });`,
      to: '',
      fails: [
        {
          shownBy: TEXTS,
          title: 'leaves a log line with its reason and nothing of the text, even where the message could not be moved',
        },
      ],
    },
  ],
  'INT-46': [
    {
      in: ACCEPT,
      from: '...(answer.created ? {} : soFar(answer)),',
      to: '',
      fails: [{ shownBy: ACCEPTING, title: 'answers what became of the first one so far' }],
    },
    {
      in: ROWS,
      from: `lastError: columns.optionalString('last_error'),`,
      to: 'lastError: undefined,',
      fails: [{ shownBy: ACCEPTED, title: 'answers a repeated key with what became of it so far' }],
    },
  ],
};
