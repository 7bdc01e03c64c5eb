import type { Mutations } from './mutation.ts';

const RESPONSES = 'test/shared/egress/http-sender-responses.test.ts';
const OUTCOME = 'test/shared/delivery/attempt-outcome.test.ts';
const ATTEMPT = 'test/shared/deliver/attempt-delivery.test.ts';
const QUIRKS = 'test/shared/egress/http-sender-quirks.test.ts';
const EXCHANGE = 'shared/egress/http-exchange.ts';
const JUDGE = 'shared/delivery/attempt-outcome.ts';
const WAIT = 'shared/delivery/retry-after.ts';
const LIMITS = 'shared/runtime/limits.ts';
const SCRUB = 'test/shared/observe/scrub-excerpt.test.ts';

/** The response. */
export const RESPONSE: Mutations = {
  'RES-01': [
    {
      in: JUDGE,
      from: `if (status >= 200 && status <= 299) return 'accepted';`,
      to: `if (status >= 200 && status <= 204) return 'accepted';`,
      fails: [{ shownBy: OUTCOME, title: 'is accepted' }],
    },
  ],
  'RES-02': [
    {
      in: EXCHANGE,
      from: `if (this.#response === undefined) this.#fail(error);
    else this.#over();`,
      to: 'this.#fail(error);',
      fails: [{ shownBy: RESPONSES, title: 'a body after a 2xx does not undo it' }],
    },
  ],
  'RES-03': [
    {
      in: 'shared/egress/http-sender.ts',
      from: 'isKept = exchanged.isKept;',
      to: `isKept = exchanged.isKept;
      const next = exchanged.result.kind === 'response' ? exchanged.result.location : undefined;
      if (next !== undefined) await this.send(1, { ...request, url: next }, { timeoutMs: 5000, mustStartByMonotonicMs: Infinity });`,
      fails: [{ shownBy: RESPONSES, title: ' leads nowhere else' }],
    },
    {
      in: 'shared/deliver/judge-response.ts',
      from: `redirect === undefined
      ?`,
      to: `redirect !== undefined
      ?`,
      fails: [{ shownBy: ATTEMPT, title: 'that redirects says where to, origin only' }],
    },
  ],
  'RES-04': [
    {
      in: JUDGE,
      from: `if (status >= 300 && status <= 499) return 'permanent';`,
      to: `if (status >= 305 && status <= 499) return 'permanent';`,
      fails: [{ shownBy: OUTCOME, title: ' is permanent: redirects are not followed' }],
    },
  ],
  'RES-05': [
    {
      in: JUDGE,
      from: `if (status >= 300 && status <= 499) return 'permanent';`,
      to: `if (status >= 300 && status <= 399) return 'permanent';`,
      fails: [{ shownBy: OUTCOME, title: ' is permanent: the request itself is at fault' }],
    },
  ],
  'RES-06': [
    {
      in: JUDGE,
      from: `if (status === 408 || status === 425 || status === 429) return 'transient';`,
      to: `if (status === 408 || status === 410 || status === 425 || status === 429) return 'transient';`,
      fails: [{ shownBy: OUTCOME, title: ' is permanent: the request itself is at fault' }],
    },
  ],
  'RES-07': [
    {
      in: JUDGE,
      from: `if (status === 408 || status === 425 || status === 429) return 'transient';`,
      to: `if (status === 408 || status === 429) return 'transient';`,
      fails: [{ shownBy: OUTCOME, title: ' is transient: the same request may be right later' }],
    },
  ],
  'RES-09': [
    {
      in: WAIT,
      from: 'return Math.min(Math.max(0, Math.ceil(Math.max(...wishes))), MAX_RETRY_AFTER_SECONDS);',
      to: 'return Math.max(0, Math.ceil(Math.max(...wishes)));',
      fails: [{ shownBy: OUTCOME, title: 'is capped at a day: ' }],
    },
    {
      in: WAIT,
      from: 'Math.ceil(Math.max(...wishes))',
      to: 'Math.ceil(Math.min(...wishes))',
      fails: [{ shownBy: OUTCOME, title: 'that is a list asks for the largest: ' }],
    },
    {
      in: WAIT,
      from: 'return [rateLimitReset, usedUpPolicies(rateLimit), xRateLimitReset]',
      to: 'return [rateLimitReset, xRateLimitReset]',
      fails: [
        { shownBy: OUTCOME, title: 'is asked for by a 429 without Retry-After that says when its limit is reset: ' },
      ],
    },
  ],
  'RES-30': [
    {
      in: JUDGE,
      from: `wish.trim().toLowerCase() === 'abort-message'`,
      to: `wish.trim().toLowerCase() === 'abort'`,
      fails: [{ shownBy: ATTEMPT, title: ' that asks for no further attempt is final' }],
    },
    {
      in: 'shared/deliver/judge-response.ts',
      from: `if (verdict === 'accepted') return { kind: 'accepted', status, excerpt: '' };
  if (asksToAbort(webhookDelivery)) {`,
      to: `if (verdict === 'accepted' && !asksToAbort(webhookDelivery)) return { kind: 'accepted', status, excerpt: '' };
  if (asksToAbort(webhookDelivery)) {`,
      fails: [{ shownBy: ATTEMPT, title: 'of 2xx stays a success even if it asks for no further attempt' }],
    },
  ],
  'RES-10': [
    {
      in: 'shared/egress/response-head.ts',
      from: '(\\d{3})(?![^ \\t])/;',
      to: '(\\d{2,})/;',
      fails: [{ shownBy: RESPONSES, title: 'that cannot be understood is a protocol failure: ' }],
    },
    {
      in: JUDGE,
      from: `if (status >= 300 && status <= 499) return 'permanent';`,
      to: `if (status >= 300 && status <= 499) return 'permanent';
  if (status >= 600) return 'permanent';`,
      fails: [{ shownBy: OUTCOME, title: ' is transient: it means nothing' }],
    },
  ],
  'RES-13': [
    {
      in: 'shared/egress/http-failure.ts',
      from: `return failed('timeout', 'no complete response header in time');`,
      to: `return failed('protocol', 'no complete response header in time');`,
      fails: [{ shownBy: RESPONSES, title: 'sends interim answers without end' }],
    },
  ],
  'RES-15': [
    {
      in: 'shared/egress/http-failure.ts',
      from: `return failed('timeout', 'no complete response header in time');`,
      to: `return failed('connection', 'no complete response header in time');`,
      fails: [{ shownBy: RESPONSES, title: 'takes the request and never answers' }],
    },
  ],
  'RES-16': [
    {
      in: 'shared/egress/http-failure.ts',
      from: `return failed('timeout', 'no complete response header in time');`,
      to: `return failed('protocol', 'no complete response header in time');`,
      fails: [{ shownBy: RESPONSES, title: 'stops within its status line' }],
    },
    {
      in: EXCHANGE,
      from: `let offset = 0;
    while`,
      to: `let offset = 0;
    this.#block.clear();
    while`,
      fails: [{ shownBy: RESPONSES, title: 'is the same answer' }],
    },
  ],
  'RES-17': [
    {
      in: EXCHANGE,
      from: 'this.#call.clock.after(BODY_READ_MS, () => this.#over());',
      to: `this.#call.clock.after(BODY_READ_MS, () => this.#refuse('a body that drips'));`,
      fails: [
        { shownBy: RESPONSES, title: '2 s after the header of one that drips, and the connection is not used again' },
      ],
    },
  ],
  'RES-18': [
    {
      in: LIMITS,
      from: 'MAX_RESPONSE_BODY_BYTES = 64 * KIB',
      to: 'MAX_RESPONSE_BODY_BYTES = 640 * KIB',
      fails: [{ shownBy: RESPONSES, title: 'at the first byte beyond 64 KiB, however much is announced' }],
    },
    {
      in: LIMITS,
      from: 'RESPONSE_EXCERPT_BYTES = 1 * KIB',
      to: 'RESPONSE_EXCERPT_BYTES = 2 * KIB',
      fails: [{ shownBy: RESPONSES, title: 'the first KiB as it came, over any pieces' }],
    },
  ],
  'RES-20': [
    {
      in: EXCHANGE,
      from: `this.#refuse('the receiver hung up before the response header was complete');`,
      to: 'this.#answered(false);',
      fails: [{ shownBy: RESPONSES, title: 'is a protocol failure: ' }],
    },
    {
      in: 'shared/egress/header-block.ts',
      from: 'if (byte !== CR) this.#lineIsEmpty = byte === LF;',
      to: 'this.#lineIsEmpty = byte === LF || byte === CR;',
      fails: [{ shownBy: QUIRKS, title: '(RES-20 to RES-22)' }],
    },
  ],
  'RES-21': [
    {
      in: LIMITS,
      from: 'MAX_RESPONSE_HEADER_BYTES = 64 * KIB',
      to: 'MAX_RESPONSE_HEADER_BYTES = 16 * KIB',
      fails: [{ shownBy: RESPONSES, title: 'of exactly 64 KiB is read with its body' }],
    },
  ],
  'RES-22': [
    {
      in: 'shared/egress/response-head.ts',
      from: 'if (block.length > CLEAN_BYTES || !CLEAN_BLOCK.test(block)) return false;',
      to: 'if (block.length > CLEAN_BYTES) return false;',
      fails: [{ shownBy: QUIRKS, title: 'and what else came over it is nobody’s answer' }],
    },
    {
      in: 'shared/egress/response-head.ts',
      from: '.filter(({ name, value }) => isHeaderName(name) && VALUE.test(value))',
      to: '.filter(({ name }) => isHeaderName(name))',
      fails: [{ shownBy: QUIRKS, title: 'of a block with quirks' }],
    },
  ],
  'RES-23': [
    {
      in: 'shared/observe/scrub-excerpt.ts',
      from: `const source = window.toString('latin1').replaceAll('\\0', '');`,
      to: `const source = window.toString('latin1');`,
      fails: [
        {
          shownBy: SCRUB,
          title: 'bytes are read as UTF-8, whatever they are, and neither NUL nor lone surrogates are left',
        },
      ],
    },
  ],
  'RES-25': [
    {
      in: 'shared/observe/redaction.ts',
      from: `return shown.replace(/[\\p{Cc}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff]/gu, ' ').toWellFormed();`,
      to: 'return shown;',
      fails: [
        {
          shownBy: 'test/shared/observe/redaction.test.ts',
          title: 'what a terminal would obey or a viewer turn around is not shown',
        },
      ],
    },
  ],
  'RES-29': [
    {
      in: 'shared/observe/scrub-excerpt.ts',
      from: `letters: fold(undo(reading, lettersOnly) ?? reading, 'letters'),`,
      to: `letters: fold(reading, 'exact'),`,
      fails: [{ shownBy: SCRUB, title: 'cannot be read out of the answer, whatever the secret and its surroundings' }],
    },
  ],
  'RES-28': [
    {
      in: EXCHANGE,
      from: 'this.#call.attempt.answered();',
      to: `if (this.#connection.isUploading) return this.#refuse('an answer to half a request');
    this.#call.attempt.answered();`,
      fails: [
        {
          shownBy: 'test/shared/egress/http-sender-requests.test.ts',
          title: 'has the status of a receiver that answers with as much meanwhile, and resets in the end',
        },
      ],
    },
  ],
};
