import type { Mutations } from './mutation.ts';

const REQUESTS = 'test/shared/egress/http-sender-requests.test.ts';
const ATTEMPT = 'test/shared/deliver/attempt-delivery.test.ts';
const HEADERS = 'test/shared/enqueue/judge-custom-headers.test.ts';
const SENDING = 'shared/deliver/attempt-delivery.ts';

/** The request. */
export const REQUEST: Mutations = {
  'REQ-02': [
    {
      in: SENDING,
      from: 'value: String(delivery.attempt) }',
      to: `value: '1' }`,
      fails: [{ shownBy: ATTEMPT, title: 'says what it is, whose it is and which attempt' }],
    },
    {
      in: SENDING,
      from: 'const timestampSeconds = Math.floor(parts.clock.nowMs() / 1000);',
      to: 'const timestampSeconds = 1_795_435_200;',
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery-credentials.test.ts',
          title: 'is made anew at every attempt, over the same id and bytes',
        },
      ],
    },
  ],
  'REQ-03': [
    {
      in: 'shared/egress/http-sender.ts',
      from: 'const VALUE = /^[\\t\\x20-\\x7e]*$/;',
      to: 'const VALUE = /^[^\\0€é]*$/;',
      fails: [{ shownBy: REQUESTS, title: 'is nothing at all for a header with ' }],
    },
  ],
  'REQ-04': [
    {
      in: 'shared/delivery/headers.ts',
      from: `return name.toLowerCase().replaceAll('_', '-');`,
      to: `return name.replaceAll('_', '-');`,
      fails: [{ shownBy: HEADERS, title: 'is refused: ' }],
    },
    {
      in: 'shared/deliver/merge-headers.ts',
      from: ': isReservedHeader(header.key, parts.headerPrefix);',
      to: `: header.key === '';`,
      fails: [
        { shownBy: HEADERS, title: 'leave out reserved names of an old row, whether or not this request has them' },
      ],
    },
  ],
  'REQ-05': [
    {
      in: 'shared/egress/request-bytes.ts',
      from: 'const sent = sendsBody(method) ? (body ?? new Uint8Array()) : undefined;',
      to: 'const sent = sendsBody(method) || body !== undefined ? (body ?? new Uint8Array()) : undefined;',
      fails: [{ shownBy: REQUESTS, title: 'whatever was handed over (REQ-05)' }],
    },
    {
      in: SENDING,
      from: `...(sendsBody(httpMethod) ? [{ key: 'Content-Type', value: 'application/json' }] : []),`,
      to: `...(sendsBody(httpMethod) || true ? [{ key: 'Content-Type', value: 'application/json' }] : []),`,
      fails: [{ shownBy: ATTEMPT, title: ' has no type: it has no body' }],
    },
  ],
  'REQ-07': [
    {
      in: 'shared/egress/http-failure.ts',
      from: `return failed('timeout', 'no complete response header in time');`,
      to: `return failed('connection', 'no complete response header in time');`,
      fails: [{ shownBy: REQUESTS, title: 'ends at the deadline when the receiver stops reading' }],
    },
  ],
  'REQ-08': [
    {
      in: 'shared/egress/http-exchange.ts',
      from: 'this.#call.attempt.answered();',
      to: `if (this.#connection.isUploading) return this.#refuse('an answer to half a request');
    this.#call.attempt.answered();`,
      fails: [{ shownBy: REQUESTS, title: 'has the status of a receiver that answers 413 and hangs up in its middle' }],
    },
  ],
  'REQ-10': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'outcome_unknown',`,
      to: `id, attempt_count, coalesce(claimed_at, lease_expires_at), 'timeout',`,
      fails: [
        {
          shownBy: 'test/end-to-end/worker-suite.ts',
          title: 'is one failed invocation and a new process, and its delivery ends all the same',
        },
      ],
    },
  ],
  'REQ-11': [
    {
      in: SENDING,
      from: `{ key: 'Accept-Encoding', value: 'identity' },`,
      to: '',
      fails: [{ shownBy: ATTEMPT, title: 'asks for no coding, whatever a custom header of an old row says' }],
    },
    {
      in: 'shared/egress/decode-excerpt.ts',
      from: 'return decoder === undefined ?',
      to: 'return decoder !== undefined ?',
      fails: [{ shownBy: 'test/shared/egress/http-sender-codings.test.ts', title: 'is read as what it says' }],
    },
  ],
};
