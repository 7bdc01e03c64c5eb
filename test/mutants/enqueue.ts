import type { Mutations } from './mutation.ts';

const TRACED = 'test/shared/enqueue/request-trace.test.ts';
const ANNOUNCING = 'test/shared/enqueue/announce-deliveries.test.ts';
const ANNOUNCED = 'test/contracts/announce-contract.ts';
const ACCEPTED = 'test/contracts/accept-contract.ts';
const ACCEPTING = 'test/shared/enqueue/accept-delivery.test.ts';
const FIELDS = 'test/shared/enqueue/enqueue-request.test.ts';
const FROZEN = 'test/shared/enqueue/frozen-body.test.ts';
const INVOKED = 'test/shared/enqueue/enqueue-deliveries.test.ts';
const QUEUED = 'test/shared/enqueue/enqueue-from-intake.test.ts';
const URLS = 'test/shared/egress/endpoint-url.test.ts';
const HEADERS = 'test/shared/enqueue/judge-custom-headers.test.ts';
const TEXTS = 'test/shared/enqueue/enqueue-intake-texts.test.ts';
const MEMORY = 'test/shared/enqueue/enqueue-memory.test.ts';
const REFUSED = 'test/shared/enqueue/enqueue-refused-by-database.test.ts';
const FORMS = 'test/shared/enqueue/enqueue-request-forms.test.ts';
const SCHEMA = 'shared/enqueue/enqueue-request-schema.ts';
const LIMITS = 'shared/runtime/limits.ts';
const ROWS = 'shared/aws/delivery-rows.ts';
const ACCEPT = 'shared/enqueue/accept-delivery.ts';
const NAMES = 'shared/delivery/headers.ts';
const URL = 'shared/egress/endpoint-url.ts';
const BODY = 'shared/enqueue/frozen-body.ts';

/** Enqueue. */
export const ENQUEUE: Mutations = {
  'INT-01': [
    {
      in: 'shared/enqueue/request-faults.ts',
      from: `(path === '' ? message : \`\${path}: \${message}\`)`,
      to: `(path === '' ? message : \`\${message}\`)`,
      fails: [{ shownBy: FIELDS, title: 'is told at once, each with its path' }],
    },
  ],
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
  'INT-11': [
    {
      in: BODY,
      from: 'return Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;',
      to: 'return text.length > MAX_PAYLOAD_BYTES;',
      fails: [{ shownBy: FROZEN, title: 'is at most 256 KiB of UTF-8' }],
    },
    {
      in: BODY,
      from: 'maxBytes: MAX_PAYLOAD_BYTES }',
      to: 'maxBytes: 1e9 }',
      fails: [{ shownBy: FROZEN, title: 'is bounded in size' }],
    },
  ],
  'INT-12': [
    {
      in: BODY,
      from: 'const text = JSON.stringify(payload);',
      to: `const text = JSON.stringify(payload).replaceAll('\\\\u0000', '');`,
      fails: [{ shownBy: FROZEN, title: 'keeps NUL, lone surrogates and __proto__ as data' }],
    },
  ],
  'INT-13': [
    {
      in: BODY,
      from: 'const text = JSON.stringify(payload);',
      to: `const text = JSON.stringify(payload).replaceAll('\\\\ud800', '?');`,
      fails: [{ shownBy: FROZEN, title: 'keeps NUL, lone surrogates and __proto__ as data' }],
    },
    {
      in: BODY,
      from: 'if (!text.isWellFormed()) {',
      to: `if (text === '') {`,
      fails: [{ shownBy: FROZEN, title: 'must be a string that UTF-8 can carry' }],
    },
  ],
  'INT-15': [
    {
      in: LIMITS,
      from: 'MAX_PAYLOAD_DEPTH = 512',
      to: 'MAX_PAYLOAD_DEPTH = 513',
      fails: [{ shownBy: FROZEN, title: 'nests 512 levels, not 513, and 100,000 do no harm' }],
    },
  ],
  'INT-16': [
    {
      in: URL,
      from: 'if (!isAllowed(verdict)) return blocked(',
      to: `if (verdict === 'blocked_authority') return blocked(`,
      fails: [{ shownBy: URLS, title: ' is refused when enqueued: ' }],
    },
  ],
  'INT-17': [
    {
      in: URL,
      from: `'must hold no user name or password; put them into a credential of the type basic_auth and name it in credential_uuid'`,
      to: `'must hold no user name or password'`,
      fails: [{ shownBy: URLS, title: 'with user info says how to do it instead' }],
    },
    {
      in: LIMITS,
      from: 'MAX_URL_CHARACTERS = 2048',
      to: 'MAX_URL_CHARACTERS = 2049',
      fails: [{ shownBy: URLS, title: 'takes 2048 characters of the normalised form and not one more' }],
    },
  ],
  'INT-18': [
    {
      in: SCHEMA,
      from: 'new RegExp(`^(?:${ANY_CASE_METHOD})$`)',
      to: 'new RegExp(`(?:${ANY_CASE_METHOD})`)',
      fails: [{ shownBy: FIELDS, title: ' is refused when it is ', throws: 'was accepted' }],
    },
  ],
  'INT-20': [
    {
      in: NAMES,
      from: 'return isTransport || isOwnHeader(name, headerPrefix);',
      to: `return isTransport || headerPrefix === '';`,
      fails: [{ shownBy: HEADERS, title: 'is refused: ' }],
    },
  ],
  'INT-21': [
    {
      in: NAMES,
      from: `return /^[!#$%&'*+\\-.^_\`|~0-9A-Za-z]+$/.test(name);`,
      to: `return name !== '';`,
      fails: [{ shownBy: HEADERS, title: 'is refused when it is none: ' }],
    },
    {
      in: NAMES,
      from: `return value === '' || /^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$/.test(value);`,
      to: 'return !/[\\r\\n\\0]/.test(value);',
      fails: [{ shownBy: HEADERS, title: 'is refused when HTTP would lose or change it: ' }],
    },
  ],
  'INT-22': [
    {
      in: LIMITS,
      from: 'MAX_CUSTOM_HEADERS = 50',
      to: 'MAX_CUSTOM_HEADERS = 51',
      fails: [{ shownBy: HEADERS, title: 'holds 50 headers and not 51' }],
    },
    {
      in: LIMITS,
      from: 'MAX_CUSTOM_HEADER_BYTES = 8 * KIB',
      to: 'MAX_CUSTOM_HEADER_BYTES = 9 * KIB',
      fails: [{ shownBy: HEADERS, title: 'holds 8 KiB of names and values and not a byte more' }],
    },
  ],
  'INT-24': [
    {
      in: SCHEMA,
      from: 'credential_uuid: optional(z.guid(UUID)),',
      to: 'credential_uuid: optional(z.string(UUID)),',
      fails: [{ shownBy: FIELDS, title: ' is refused when it is ', throws: 'was accepted' }],
    },
    {
      in: 'shared/deliver/attempt-delivery.ts',
      from: `if ('outcome' in found) {
      outcome = found.outcome;`,
      to: `if ('outcome' in found) {
      outcome = { kind: 'refused', because: 'credential_missing', detail: '' };`,
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery-credentials.test.ts',
          title: 'that does not exist fails the attempt, and nothing is sent without it',
        },
      ],
    },
  ],
  'INT-25': [
    {
      in: SCHEMA,
      from: 'z.minimum(1, ATTEMPTS), z.maximum(MAX_ATTEMPTS_LIMIT, ATTEMPTS)',
      to: 'z.minimum(1, ATTEMPTS)',
      fails: [{ shownBy: FIELDS, title: ' is refused when it is ', throws: 'was accepted' }],
    },
  ],
  'INT-26': [
    {
      in: LIMITS,
      from: 'MAX_SCHEDULE_AHEAD_SECONDS = 366 * 86_400',
      to: 'MAX_SCHEDULE_AHEAD_SECONDS = 367 * 86_400',
      fails: [
        {
          shownBy: 'test/shared/enqueue/enqueue-request-schedule.test.ts',
          title: 'may be 366 days ahead and not a millisecond more',
          throws: 'was accepted',
        },
      ],
    },
    {
      in: 'shared/enqueue/enqueue-request.ts',
      from: 'scheduledForMs === undefined || scheduledForMs <= context.nowMs ? undefined : scheduledForMs',
      to: 'scheduledForMs',
      fails: [
        {
          shownBy: 'test/shared/enqueue/enqueue-request-schedule.test.ts',
          title: 'that is not in the future is now: ',
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
  'INT-32': [
    {
      in: SCHEMA,
      from: 'return z.optional(z.nullable(type));',
      to: 'return z.optional(type);',
      fails: [{ shownBy: FIELDS, title: ' may be null, which is the same as leaving it out' }],
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
  'INT-39': [
    {
      in: 'shared/enqueue/header-rows.ts',
      from: `if (key === '' && value === '') return true;`,
      to: `if (key === '' && value === '') return false;`,
      fails: [
        {
          shownBy: FORMS,
          title: 'are passed over without a word where they are blank: ',
          throws: 'must be an HTTP header name',
        },
      ],
    },
  ],
  'INT-40': [
    {
      in: 'shared/enqueue/foreign-templates.ts',
      from: `const way = instead === undefined ? '' : \`; write \${instead}\`;`,
      to: `const way = instead === undefined ? '' : '';`,
      fails: [
        {
          shownBy: 'test/shared/enqueue/payload-template-foreign.test.ts',
          title: 'goes out as it stands, and the warning has the form that works here: ',
        },
      ],
    },
    {
      in: 'shared/enqueue/enqueue-request.ts',
      from: `if (isTemplate) warnings.add('endpoint_url', SENT_AS_IT_STANDS);`,
      to: '',
      fails: [{ shownBy: FORMS, title: 'goes out as it stands, with a warning that names its place' }],
    },
  ],
  'INT-41': [
    {
      in: 'shared/enqueue/exact-number.ts',
      from: 'return holdsExactNumber(text) ? parse(text, keepDigits()) : value;',
      to: 'return value;',
      fails: [{ shownBy: TEXTS, title: 'keeps its digits in a template and where a placeholder renders it' }],
    },
    {
      in: 'shared/enqueue/json-faults.ts',
      from: '(Number.isInteger(number) && !Number.isSafeInteger(number));',
      to: 'false;',
      fails: [{ shownBy: FROZEN, title: 'is refused where a number changed in parsing: ' }],
    },
  ],
  'INT-42': [
    {
      in: 'shared/enqueue/foreign-envelope.ts',
      from: 'return ENVELOPES.find(({ is }) => is(request))?.words;',
      to: 'return ENVELOPES.findLast(({ is }) => is(request))?.words;',
      fails: [
        {
          shownBy: 'test/shared/enqueue/foreign-envelope.test.ts',
          title: 'is told in one sentence with the switch that unwraps it: ',
        },
      ],
    },
  ],
  'INT-43': [
    {
      in: 'shared/enqueue/request-text.ts',
      from: `const text = body.startsWith('\\ufeff') ? body.slice(1) : body;`,
      to: 'const text = body;',
      fails: [{ shownBy: TEXTS, title: 'may begin with a byte order mark' }],
    },
    {
      in: 'shared/enqueue/json-text-fault.ts',
      from: `return \`\${what} at line \${lines.length}, column \${Array.from(lines.at(-1) ?? '').length + 1}\`;`,
      to: 'return `${what} at line ${lines.length}`;',
      fails: [{ shownBy: TEXTS, title: 'that is no JSON is told at a place within it, whatever it is' }],
    },
  ],
  'INT-44': [
    {
      in: URL,
      from: 'const fault = addresses === undefined ? specialUseFault(host) : undefined;',
      to: `const fault = addresses === undefined && host === '' ? specialUseFault(host) : undefined;`,
      fails: [{ shownBy: URLS, title: 'a name that public DNS never answers' }],
    },
    {
      in: URL,
      from: 'if (escaped !== undefined) return refused(`has a host that escapes ${escaped}`);',
      to: '',
      fails: [
        { shownBy: URLS, title: 'is refused for one that the parser would silently remove from an escaped host' },
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
