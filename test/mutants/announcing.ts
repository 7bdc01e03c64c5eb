import type { Mutations } from './mutation.ts';

const TRACED = 'test/shared/enqueue/request-trace.test.ts';
const ANNOUNCING = 'test/shared/enqueue/announce-deliveries.test.ts';
const ANNOUNCED = 'test/contracts/announce-contract.ts';

/** Of *Enqueue*: traces, and rows that an application inserts. */
export const ANNOUNCING_ROWS: Mutations = {
  'INT-47': [
    {
      in: 'shared/delivery/trace-context.ts',
      from: `if (version === 'ff') return 'must not have the version ff';`,
      to: '',
      fails: [{ shownBy: 'test/shared/delivery/trace-context.test.ts', title: 'is refused: ' }],
    },
    {
      in: 'shared/delivery/trace-context.ts',
      from: 'MAX_TRACESTATE_ENTRIES = 32',
      to: 'MAX_TRACESTATE_ENTRIES = 33',
      fails: [
        {
          shownBy: 'test/shared/delivery/trace-context.test.ts',
          title: 'may have 32 entries and 2,048 characters, blanks not counted',
        },
      ],
    },
    {
      in: 'shared/enqueue/request-trace.ts',
      from: `if (tracestate !== undefined && !('traceparent' in shape))`,
      to: `if (tracestate === '' && !('traceparent' in shape))`,
      fails: [{ shownBy: TRACED, title: 'is refused by the name of the member: ' }],
    },
    {
      in: 'sql/migrations/0011_trace_context.up.sql',
      from: 'if new.tracestate is not null and new.traceparent is null then',
      to: 'if false then',
      fails: [
        { shownBy: 'test/sql/outbox-trace.test.ts', title: 'without the trace it belongs to, a state is refused' },
      ],
    },
  ],
  'INT-48': [
    {
      in: 'shared/enqueue/enqueue-request.ts',
      from: `    scheduledForMs,
    ...payloadAsRequested`,
      to: `    scheduledForMs,
    trace,
    ...payloadAsRequested`,
      fails: [
        {
          shownBy: TRACED,
          title: 'is no part of what makes two requests the same: whoever repeats one has another trace by then',
        },
      ],
    },
  ],
  'INT-49': [
    {
      in: 'shared/enqueue/judge-custom-headers.ts',
      from: 'if (at.hasTrace === true && isTraceHeader(header.key)) {',
      to: `if (at.hasTrace === true && header.key === '') {`,
      fails: [
        {
          shownBy: TRACED,
          title: 'gives way to the trace of the request, with a warning: a state without its trace, too',
        },
      ],
    },
    {
      in: 'shared/deliver/attempt-delivery.ts',
      from: 'const others = given.filter(({ key }) => !isTraceHeader(key));',
      to: `const others = given.filter(({ key }) => key !== '' || isTraceHeader(key));`,
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery.test.ts',
          title: 'has the delivery’s own trace in place of custom headers that came past enqueue, their state too',
        },
      ],
    },
  ],
  'INT-50': [
    {
      in: 'shared/enqueue/announce-from-intake.ts',
      from: '{ delivery_uuids: unknown } }',
      to: '{ delivery_uuids: message.deliveryUuids } }',
      fails: [
        { shownBy: ANNOUNCING, title: 'of what is unknown for a minute moves with that alone, and how many it is' },
      ],
    },
    {
      in: 'shared/enqueue/announce-from-intake.ts',
      from: 'if (seconds !== undefined) return',
      to: 'if (seconds === 0) return',
      fails: [
        {
          shownBy: ANNOUNCING,
          title: 'before the commit is asked again for a minute, and what is known by then goes at once',
        },
      ],
    },
  ],
  'INT-51': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: `  set awaits_hand_out = false
`,
      to: `  set awaits_hand_out = false, put_back_at = now() + interval '1 day'
`,
      fails: [
        {
          shownBy: ANNOUNCED,
          title:
            'is left to the sweep where its worker died before the message: put back once it has been due for a while',
        },
      ],
    },
    {
      in: 'sql/queries/put_back_deliveries.sql',
      from: 'set put_back_at = p.now, awaits_hand_out = false',
      to: 'set awaits_hand_out = false',
      fails: [
        {
          shownBy: 'test/end-to-end/announce-suite.ts',
          title: 'goes with the next sweep where nobody announces it, and not before',
        },
      ],
    },
  ],
  'INT-52': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: `when d.claim_count > 0 or d.held_by is not null or d.held_for is not null then 'under_way'`,
      to: `when false then 'under_way'`,
      fails: [
        {
          shownBy: ANNOUNCED,
          title: 'says under way of what somebody has claimed, whatever came of it, and over of what has ended',
        },
      ],
    },
    {
      in: 'shared/enqueue/announce-deliveries.ts',
      from: `if (delivery.state !== 'waiting') return [];`,
      to: `if (!('deliveryId' in delivery)) return [{ deliveryId: 1, organizationId: 1, attempt: 1, delaySeconds: 0 }];`,
      fails: [
        { shownBy: ANNOUNCING, title: 'tells of what needs no message that it needs none, and nothing else of it' },
      ],
    },
  ],
  'INT-53': [
    {
      in: 'shared/enqueue/announce-deliveries.ts',
      from: 'const isTooLate = parts.clock.monotonicMs() > limit.untilMonotonicMs;',
      to: 'const isTooLate = parts.clock.monotonicMs() > Number.MAX_VALUE;',
      fails: [
        {
          shownBy: ANNOUNCING,
          title: 'is answered in time while the queue does not answer: what has not begun by then is left to the sweep',
        },
      ],
    },
  ],
  'INT-54': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: 'for update of d skip locked',
      to: 'for update of d nowait',
      fails: [{ shownBy: ANNOUNCED, title: 'waits for nobody who has the row locked', throws: '55P03' }],
    },
  ],
};
