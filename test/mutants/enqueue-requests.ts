import type { Mutations } from './mutation.ts';

const FIELDS = 'test/shared/enqueue/enqueue-request.test.ts';
const FROZEN = 'test/shared/enqueue/frozen-body.test.ts';
const URLS = 'test/shared/egress/endpoint-url.test.ts';
const HEADERS = 'test/shared/enqueue/judge-custom-headers.test.ts';
const TEXTS = 'test/shared/enqueue/enqueue-intake-texts.test.ts';
const FORMS = 'test/shared/enqueue/enqueue-request-forms.test.ts';
const SCHEMA = 'shared/enqueue/enqueue-request-schema.ts';
const LIMITS = 'shared/runtime/limits.ts';
const NAMES = 'shared/delivery/headers.ts';
const URL = 'shared/egress/endpoint-url.ts';
const BODY = 'shared/enqueue/frozen-body.ts';

/** Of *Enqueue*: what a request may be, and what is told of it. */
export const ENQUEUE_REQUESTS: Mutations = {
  'INT-01': [
    {
      in: 'shared/enqueue/request-faults.ts',
      from: `(path === '' ? message : \`\${path}: \${message}\`)`,
      to: `(path === '' ? message : \`\${message}\`)`,
      fails: [{ shownBy: FIELDS, title: 'is told at once, each with its path' }],
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
  'INT-32': [
    {
      in: SCHEMA,
      from: 'return z.optional(z.nullable(type));',
      to: 'return z.optional(type);',
      fails: [{ shownBy: FIELDS, title: ' may be null, which is the same as leaving it out' }],
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
};
