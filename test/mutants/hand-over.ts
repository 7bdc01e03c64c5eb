import type { Mutations } from './mutation.ts';

const TRACE = 'test/shared/delivery/trace-context.test.ts';
const REQUEST = 'test/shared/enqueue/request-trace.test.ts';
const OUTBOX = 'test/sql/outbox-trace.test.ts';
const ATTEMPT = 'test/shared/deliver/attempt-delivery.test.ts';
const ANNOUNCE = 'test/shared/enqueue/announce-deliveries.test.ts';
const CONTRACT = 'test/contracts/announce-contract.ts';
const STACK = 'test/end-to-end/announce-suite.ts';

/** A request's trace, and what an application inserts and announces itself. */
export const HAND_OVER: Mutations = {
  'INT-47': [
    {
      in: 'shared/delivery/trace-context.ts',
      from: "if (version === 'ff')",
      to: "if (version === 'fe')",
      fails: [{ shownBy: TRACE, title: 'is refused: ' }],
    },
    {
      in: 'shared/enqueue/request-trace.ts',
      from: "if (fault !== undefined) faults.add('traceparent', fault);",
      to: '',
      fails: [{ shownBy: REQUEST, title: 'is refused by the name of the member' }],
    },
    {
      in: 'sql/migrations/0012_ordering.up.sql',
      from: 'cardinality(entries) > 32',
      to: 'cardinality(entries) > 33',
      fails: [{ shownBy: OUTBOX, title: 'has its state judged as enqueue judges it' }],
    },
  ],
  'INT-48': [
    {
      in: 'shared/enqueue/enqueue-request.ts',
      from: 'requestDigest: requestDigest(requested),',
      to: 'requestDigest: requestDigest({ ...requested, trace }),',
      fails: [{ shownBy: REQUEST, title: 'is no part of what makes two requests the same' }],
    },
  ],
  'INT-49': [
    {
      in: 'shared/enqueue/judge-custom-headers.ts',
      from: 'if (at.hasTrace === true && isTraceHeader(header.key)) {',
      to: 'if (isTraceHeader(header.key)) {',
      fails: [{ shownBy: REQUEST, title: 'is sent as ever where the request has no trace of its own' }],
    },
    {
      in: 'shared/deliver/attempt-delivery.ts',
      from: 'const others = given.filter(({ key }) => !isTraceHeader(key));',
      to: 'const others = given.filter(({ key }) => isTraceHeader(key) || !isTraceHeader(key));',
      fails: [{ shownBy: ATTEMPT, title: 'has the delivery’s own trace in place of custom headers' }],
    },
  ],
  'INT-50': [
    {
      in: 'shared/enqueue/announce-from-intake.ts',
      from: 'if (seconds !== undefined) return',
      to: 'if (seconds === Infinity) return',
      fails: [{ shownBy: ANNOUNCE, title: 'before the commit is asked again for a minute' }],
    },
    {
      in: 'shared/enqueue/announce-from-intake.ts',
      from: 'if (unknown.length === 0) return',
      to: 'if (unknown.length >= 0) return',
      fails: [{ shownBy: ANNOUNCE, title: 'of what is unknown for a minute moves with that alone' }],
    },
    {
      in: 'shared/enqueue/announce-deliveries.ts',
      from: "{ delivery_uuid: uuid, result: 'not_found' }",
      to: "{ delivery_uuid: uuid, result: 'over' }",
      fails: [{ shownBy: STACK, title: 'goes as soon as it is announced' }],
    },
  ],
  'INT-51': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: 'set awaits_hand_out = false',
      to: 'set awaits_hand_out = true',
      fails: [{ shownBy: CONTRACT, title: 'is left to the sweep where its worker died before the message' }],
    },
    {
      in: 'sql/queries/put_back_deliveries.sql',
      from: '      d.awaits_hand_out\n      or',
      to: '      false\n      or',
      fails: [{ shownBy: STACK, title: 'goes with the next sweep where nobody announces it' }],
    },
  ],
  'INT-52': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: 'when d.claim_count > 0 or',
      to: 'when',
      fails: [{ shownBy: CONTRACT, title: 'says under way of what somebody has claimed' }],
    },
    {
      in: 'shared/enqueue/announce-deliveries.ts',
      from: 'const asked = [...new Set(deliveryUuids)];',
      to: 'const asked = [...deliveryUuids];',
      fails: [{ shownBy: ANNOUNCE, title: 'sends a message for each, and says so in the order' }],
    },
  ],
  'INT-53': [
    {
      in: 'shared/enqueue/announce-deliveries.ts',
      from: 'const isTooLate = parts.clock.monotonicMs() > limit.untilMonotonicMs;',
      to: 'const isTooLate = parts.clock.monotonicMs() > Infinity;',
      fails: [{ shownBy: ANNOUNCE, title: 'is answered in time while the queue does not answer' }],
    },
  ],
  'INT-54': [
    {
      in: 'sql/queries/announce_deliveries.sql',
      from: 'for update of d skip locked',
      to: 'for update of d nowait',
      fails: [{ shownBy: CONTRACT, title: 'waits for nobody who has the row locked', throws: '' }],
    },
  ],
  'INT-55': [
    {
      in: 'sql/queries/accept_deliveries.sql',
      from: 'coalesce(s.held_due_at, s.scheduled_for)',
      to: 's.scheduled_for',
      fails: [
        {
          shownBy: 'test/contracts/accept-contract.ts',
          title: 'answers of a repeated key that is held when it would be due',
        },
      ],
    },
    {
      in: 'sql/queries/find_deliveries.sql',
      from: 'coalesce(d.held_due_at, d.scheduled_for)',
      to: 'd.scheduled_for',
      fails: [{ shownBy: 'test/shared/aws/find-held-delivery.test.ts', title: 'is told alike' }],
    },
  ],
  'OPE-08': [
    {
      in: 'shared/operate/operate.ts',
      from: 'isUnchanged: changed?.before === changed?.state',
      to: 'isUnchanged: changed === undefined',
      fails: [{ shownBy: 'test/shared/operate/orders.test.ts', title: 'that changes nothing of an order says so' }],
    },
    {
      in: 'cli/commands/orders.ts',
      from: 'if (isNothing && state !== WANTED[verb]) {',
      to: 'if (isNothing && state === WANTED[verb]) {',
      fails: [{ shownBy: 'test/cli/operators.test.ts', title: 'with nothing done: ' }],
    },
  ],
  'OPE-09': [
    {
      in: 'shared/operate/explain.ts',
      from: "UNSENT.get(last ?? '')",
      to: "UNSENT.get('')",
      fails: [{ shownBy: 'test/shared/operate/explain.test.ts', title: 'whose last attempt made no request says so' }],
    },
  ],
};
