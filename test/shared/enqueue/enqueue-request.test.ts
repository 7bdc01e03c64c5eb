// Everything that judges an enqueue request is the real one, the URL judge too. The instant is given. Nothing is a
// double. What must never be asserted: that a message repeats a value of the request.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enqueueRequestSchema } from '../../../shared/enqueue/enqueue-request-schema.ts';
import { parseEnqueueRequest } from '../../../shared/enqueue/enqueue-request.ts';
import { MAX_ERROR_MESSAGE_CHARACTERS } from '../../../shared/runtime/limits.ts';
import { accepted, CONTEXT, parse, refusal, request } from './enqueue-request-world.ts';

describe('a sound request', () => {
  it('is accepted with the defaults of the contract and the settings', () => {
    expect(parse()).toEqual({
      kind: 'accepted',
      delivery: {
        workflowRunId: 7,
        organizationId: 3,
        webhookNodeId: 'node-1',
        webhookName: undefined,
        endpointUrl: 'https://hooks.example.com/in',
        httpMethod: 'POST',
        body: '{"a":1}',
        customHeaders: [],
        maxAttempts: 5,
        scheduledForMs: undefined,
        requestDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      warnings: [],
    });
  });

  it('is normalised', () => {
    const everything = {
      workflow_run_id: 1e3,
      organization_id: 2 ** 53 - 1,
      webhook_node_id: '\u{1f600}'.repeat(255),
      webhook_name: '',
      enabled: true,
      endpoint_url: 'HTTPS://Hooks.Example.com:443/a/../b?c=d',
      http_method: 'pAtCh',
      payload_template: { n: '{{who}}' },
      render_context: { who: 'Ada' },
      custom_headers: [{ key: 'X-A', value: '1' }],
      credential_uuid: '0B1D2F3A-4C5D-4E6F-8A9B-0C1D2E3F4A5B',
      max_attempts: 50,
      scheduled_for: '2026-11-23T14:00:00.5+01:00',
    };
    expect(accepted({ ...everything, payload: undefined })).toMatchObject({
      workflowRunId: 1000,
      organizationId: 9007199254740991,
      webhookName: '',
      endpointUrl: 'https://hooks.example.com/b?c=d',
      httpMethod: 'PATCH',
      body: '{"n":"Ada","call_disposition":""}',
      customHeaders: [{ key: 'X-A', value: '1' }],
      credentialUuid: '0b1d2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b',
      maxAttempts: 50,
      scheduledForMs: Date.parse('2026-11-23T13:00:00.500Z'),
    });
  });

  it.each(['POST', 'put', 'Patch', 'GET', 'delete'])('keeps its frozen body whatever the method: %s', (http_method) => {
    expect(accepted({ http_method })).toMatchObject({ httpMethod: http_method.toUpperCase(), body: '{"a":1}' });
  });

  it('carries warnings for dropped headers and unknown zones', () => {
    const item = parse({
      payload: undefined,
      payload_template: ['{{current_time_Nowhere}}'],
      custom_headers: [{ key: 'Authorization', value: 'Bearer hunter2' }],
    });
    expect(item).toMatchObject({ kind: 'accepted', delivery: { customHeaders: [], body: '[""]' } });
    expect(item.kind === 'accepted' && item.warnings).toEqual([
      expect.stringMatching(/^custom_headers\[0\]: Authorization .*credential/),
      'payload_template: unknown time zone Nowhere',
    ]);
  });
});

describe('a disabled request', () => {
  it('is told apart', () => {
    expect(parse({ enabled: false })).toEqual({ kind: 'disabled' });
  });

  it('is skipped before anything but its ids is looked at', () => {
    const rest = { endpoint_url: undefined, payload: undefined, http_method: 'HEAD', custom_headers: 5, extra: 1 };
    expect(parse({ enabled: false, ...rest })).toEqual({ kind: 'disabled' });
  });

  it('is refused for its ids, all at once', () => {
    expect(refusal({ enabled: false, workflow_run_id: 0, webhook_node_id: undefined, extra: 1 })).toBe(
      'InvalidRequest: workflow_run_id: must be an integer from 1 to 2^53-1; webhook_node_id: is required',
    );
  });
});

describe('a field', () => {
  const notAnId = 'must be an integer from 1 to 2^53-1';
  const notAName = 'must be a string of 1 to 255 characters without NUL or lone surrogates';
  const notAMethod = 'must be one of POST, PUT, PATCH, GET, DELETE';
  const notAttempts = 'must be an integer from 1 to 50';
  const notATime = 'must be an RFC 3339 time with offset, such as 2026-11-23T12:00:00Z';
  const cases: [string, unknown[], string][] = [
    ['workflow_run_id', [0, -1, -(2 ** 60), 1.5, '5', 2 ** 53, null, true, Infinity, NaN, []], notAnId],
    ['organization_id', [0, '3', {}], notAnId],
    ['webhook_node_id', [null, '', 5, 'a\0b', '\ud800', 'x'.repeat(256), '\u{1f600}'.repeat(256)], notAName],
    ['webhook_name', [5, '\0', '\udc00x'], 'must be a string without NUL or lone surrogates'],
    ['enabled', ['true', 1], 'must be true or false'],
    ['endpoint_url', [null, 5, {}], 'must be a string'],
    ['endpoint_url', ['', 'hooks.example.com', '/in'], 'is not an absolute URL'],
    ['endpoint_url', ['ftp://example.com/', 'javascript:1'], 'must start with http:// or https://'],
    ['http_method', ['CONNECT', 'TRACE', 'HEAD', 'PO ST', '', 'POST\n', 'OPTIONS', 5], notAMethod],
    ['custom_headers', [{}, 'X-A: 1'], 'must be a list of {"key", "value"}'],
    [
      'credential_uuid',
      ['../x', '*', 'x'.repeat(36), `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(13)}`],
      'must be a UUID',
    ],
    ['max_attempts', [0, -1, 1e9, 2 ** 60, 51, '5', 1.5], notAttempts],
    ['scheduled_for', [5, 'infinity', 'tomorrow', '2026-11-23', '2026-11-23T12:00:00'], notATime],
  ];

  it.each(cases.flatMap(([field, values, message]) => values.map((value) => [field, value, message] as const)))(
    '%s is refused when it is %j',
    (field, value, message) => {
      expect(refusal({ [field]: value })).toBe(`InvalidRequest: ${field}: ${message}`);
    },
  );

  it.each(['workflow_run_id', 'organization_id', 'webhook_node_id', 'endpoint_url'])('%s is required', (field) => {
    expect(refusal({ [field]: undefined })).toBe(`InvalidRequest: ${field}: is required`);
  });

  it.each([
    'webhook_name',
    'enabled',
    'http_method',
    'payload_json',
    'payload_template',
    'render_context',
    'custom_headers',
    'credential_uuid',
    'max_attempts',
    'scheduled_for',
  ])('%s may be null, which is the same as leaving it out, in the digest too', (field) => {
    expect(parse({ [field]: null })).toEqual(parse());
  });

  it('that is optional may be null with all the others: so serializers write what nobody set', () => {
    const given = { payload: undefined, payload_template: ['{{who}}'] };
    const unset = Object.keys(enqueueRequestSchema.shape).filter((name) => !(name in { ...request(), ...given }));
    const item = parse({ ...given, ...Object.fromEntries(unset.map((name) => [name, null])) });
    expect(unset).toHaveLength(13);
    expect(item).toEqual(parse(given));
    expect(item).toMatchObject({ kind: 'accepted', delivery: { httpMethod: 'POST', maxAttempts: 5, body: '[""]' } });
  });

  it('that is null and no payload, beside one that is, leaves nothing to send', () => {
    const needed = 'payload: exactly one of payload, payload_json, payload_template is required; found none';
    for (const field of ['payload_json', 'payload_template']) {
      expect(refusal({ payload: undefined, [field]: null })).toBe(`InvalidRequest: ${needed}`);
    }
    expect(accepted({ payload: null }).body).toBe('null');
    expect(refusal({ payload: null, payload_template: {} })).toContain('found payload and payload_template');
  });

  it('that is unknown is refused by name, however unlucky the name', () => {
    const input = JSON.parse(JSON.stringify(request()).replace('{', '{"__proto__":1,"constructor":2,"payload_jsn":3,'));
    expect(parseEnqueueRequest(input, CONTEXT)).toMatchObject({
      items: [
        {
          errorMessage: '__proto__: unknown field; constructor: unknown field; payload_jsn: unknown field',
        },
      ],
    });
  });

  it('of an item of custom_headers is refused at its own path, and the others are judged still', () => {
    const custom_headers = [
      { key: 'X-A', value: '1' },
      5,
      { key: 'Host', value: 'é' },
      { key: 'X-B', value: '', note: 1 },
    ];
    expect(refusal({ custom_headers })).toBe(
      [
        'InvalidRequest: custom_headers[1]: must be an object {"key", "value"}',
        'custom_headers[3].note: unknown field',
        'custom_headers[2].key: Host is reserved',
        'custom_headers[2].value: must be printable ASCII with no leading or trailing space',
      ].join('; '),
    );
  });
});

describe('every fault', () => {
  it('is told at once, each with its path', () => {
    const message = refusal({
      workflow_run_id: '5',
      endpoint_url: 'ftp://x',
      payload: { items: [{ id: 1 }, { id: 2 ** 60 }] },
      custom_headers: [{ key: 'Host', value: 'x' }],
      scheduled_for: 'soon',
      extra: 1,
    });
    for (const path of ['workflow_run_id', 'endpoint_url', 'payload.items[1].id', 'custom_headers[0].key']) {
      expect(message).toContain(`${path}: `);
    }
    expect(message).toContain('scheduled_for: ');
    expect(message).toContain('extra: unknown field');
  });

  it('beyond twenty is counted', () => {
    const unknown = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`field${n}`, n]));
    const message = refusal(unknown);
    expect(message.match(/unknown field/g)).toHaveLength(20);
    expect(message).toMatch(/field19: unknown field; and 5 more$/);
  });

  it('has a bounded, printable message, whatever the names', () => {
    const names = Array.from({ length: 30 }, (_, n) => `${n}\n\u202e\ud800${'"'.repeat(100_000)}`);
    const message = refusal({ payload: Object.fromEntries(names.map((name) => [name, 2 ** 60])) });
    expect(message.length).toBeLessThanOrEqual(MAX_ERROR_MESSAGE_CHARACTERS + 'InvalidRequest: '.length);
    expect(message).not.toMatch(/[\p{C}]/u);
  });

  it('costs little, however many there are', () => {
    const custom_headers = Array(500_000).fill(1);
    expect(refusal({ custom_headers })).toMatch(/and 31 more$/);
    expect(refusal({ payload: Array(500_000).fill(2 ** 60) })).toMatch(/and 499980 more$/);
  });

  it('repeats no value of the request', () => {
    const canary = 'CANARY';
    const value = fc.oneof(
      fc.constantFrom(canary, ` ${canary}`, `\0${canary}`, `https://u:${canary}@x.example/${canary}?k=${canary}#f`),
      fc.constantFrom([canary], { key: canary, value: canary }, [{ key: 'X-A', value: `${canary}\n` }], 5, null),
    );
    const fields = [...Object.keys(enqueueRequestSchema.shape), 'extra'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), value), (changes) => {
        const item = parse(changes);
        expect(item.kind === 'refused' ? item.errorMessage : '').not.toContain(canary);
      }),
    );
  });

  it('is found in any JSON without an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(enqueueRequestSchema.shape)), (value, field) => {
        expect(['accepted', 'disabled', 'refused']).toContain(parse({ [field]: value }).kind);
        parseEnqueueRequest(value, CONTEXT);
        parseEnqueueRequest({ deliveries: [value] }, CONTEXT);
      }),
    );
  });
});

describe('a batch', () => {
  it('is judged item by item, in order', () => {
    const deliveries = [
      request({ workflow_run_id: 1 }),
      request({ enabled: false }),
      5,
      request({ http_method: 'HEAD', custom_headers: [{ key: 'Host', value: 'x' }] }),
      request({ payload: 'x'.repeat(262_144) }),
      request({ deliveries: [] }),
    ];
    expect(parseEnqueueRequest({ deliveries }, CONTEXT)).toMatchObject({
      kind: 'batch',
      items: [
        { kind: 'accepted', delivery: { workflowRunId: 1 } },
        { kind: 'disabled' },
        { kind: 'refused', errorType: 'InvalidRequest', errorMessage: 'deliveries[2]: must be a JSON object' },
        {
          errorMessage:
            'deliveries[3].http_method: must be one of POST, PUT, PATCH, GET, DELETE; deliveries[3].custom_headers[0].key: Host is reserved',
        },
        { errorType: 'PayloadTooLarge', errorMessage: 'deliveries[4].payload: is a body of more than 262144 bytes' },
        { errorMessage: 'deliveries[5].deliveries: unknown field' },
      ],
    });
  });

  it('holds 1 to 100 deliveries', () => {
    const list = (count: number) => ({ deliveries: Array.from({ length: count }, () => request()) });
    expect(parseEnqueueRequest(list(100), CONTEXT)).toMatchObject({ kind: 'batch', items: { length: 100 } });
    for (const input of [list(0), list(101), { deliveries: null }, { deliveries: {} }, { deliveries: undefined }]) {
      expect(parseEnqueueRequest(input, CONTEXT)).toEqual({
        kind: 'refused',
        errorType: 'InvalidRequest',
        errorMessage: 'deliveries: must be a list of 1 to 100 deliveries',
      });
    }
  });

  it('stands alone', () => {
    expect(parseEnqueueRequest({ ...request(), deliveries: [request()] }, CONTEXT)).toMatchObject({
      kind: 'refused',
      errorMessage: expect.stringContaining('workflow_run_id: unknown field next to deliveries'),
    });
  });
});

describe('a render context beside deliveries', () => {
  const template = { payload: undefined, payload_template: ['{{who}}'] };
  const itemsOf = (batch: Record<string, unknown>) => {
    const parsed = parseEnqueueRequest(batch, CONTEXT);
    if (parsed.kind !== 'batch') throw new Error(JSON.stringify(parsed));
    return parsed.items;
  };

  it('serves every item whose template has none of its own', () => {
    const deliveries = [
      request(template),
      request({ ...template, render_context: null }),
      request({ ...template, render_context: { who: 'Grace' } }),
      request({ ...template, render_context: {} }),
      request({ payload: 1 }),
    ];
    expect(itemsOf({ deliveries, render_context: { who: 'Ada' } })).toMatchObject(
      ['["Ada"]', '["Ada"]', '["Grace"]', '[""]', '1'].map((body) => ({ kind: 'accepted', delivery: { body } })),
    );
  });

  it('makes the same request as if each item had it, whatever it holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (render_context) => {
        const [shared] = itemsOf({ deliveries: [request(template)], render_context });
        expect(shared).toEqual(parse({ ...template, render_context }));
      }),
    );
  });

  it('may be null, which is the same as leaving it out', () => {
    const deliveries = [request(template)];
    expect(itemsOf({ deliveries, render_context: null })).toEqual(itemsOf({ deliveries }));
  });

  it('refuses the whole request when it is none', () => {
    const deep = { a: JSON.parse('['.repeat(513) + ']'.repeat(513)) };
    for (const [render_context, fault] of [
      [5, 'must be a JSON object'],
      [[], 'must be a JSON object'],
      [deep, 'is nested deeper than 512 levels'],
    ]) {
      expect(parseEnqueueRequest({ deliveries: [request(template)], render_context }, CONTEXT)).toEqual({
        kind: 'refused',
        errorType: 'InvalidRequest',
        errorMessage: `render_context: ${fault}`,
      });
    }
  });

  it('is a fault of the items that render a number it cannot hold, at its own place', () => {
    const deliveries = [request({ ...template, payload_template: '{{n}}', http_method: 'BREW' }), request(template)];
    expect(itemsOf({ deliveries, render_context: { who: 'Ada', n: { x: [2 ** 60] } } })).toMatchObject([
      {
        kind: 'refused',
        errorMessage: expect.stringMatching(
          /^deliveries\[0\]\.http_method: must be one of [^;]*; render_context\.n\.x\[0\]: is a number that JSON parsers change/,
        ),
      },
      { kind: 'accepted' },
    ]);
  });
});

describe('what is no request at all', () => {
  it.each([null, undefined, 5, 'x', true, [], [{}]])('is refused: %j', (input) => {
    expect(parseEnqueueRequest(input, CONTEXT)).toEqual({
      kind: 'refused',
      errorType: 'InvalidRequest',
      errorMessage: 'the request must be a JSON object',
    });
  });
});
