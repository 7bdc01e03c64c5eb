// Real: the published file, two validators that callers in JavaScript use, as they are without any option, and everything that
// judges a request. Nothing is a double. `npm run test:schema` asks validators of other languages.
import { Ajv } from 'ajv';
import { registerSchema, unregisterSchema, validate } from '@hyperjump/json-schema/draft-07';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { enqueueJsonSchema } from '../../scripts/enqueue-json-schema.ts';
import { parseAnnouncement } from '../../shared/enqueue/announce-request.ts';
import { parseEnqueueRequest } from '../../shared/enqueue/enqueue-request.ts';
import { CONTEXT } from '../shared/enqueue/enqueue-request-world.ts';
import { REQUEST_CASES } from './request-cases.ts';

const published = readFileSync(new URL('../../schema/enqueue-request.schema.json', import.meta.url), 'utf8');
const schema = JSON.parse(published);
const ID = 'https://surehook.example.com/enqueue-request';

/** Whether enqueue takes a request whole. */
function isTaken(request: unknown): boolean {
  const announcement = parseAnnouncement(request);
  if (announcement !== undefined) return announcement.kind === 'announcement';
  const parsed = parseEnqueueRequest(request, CONTEXT);
  return parsed.kind !== 'refused' && parsed.items.every(({ kind }) => kind !== 'refused');
}

describe('the published JSON Schema', () => {
  it('is the one that the script writes', () => {
    expect(published).toBe(enqueueJsonSchema());
  });

  it('describes every member', () => {
    const { enabled, batch, announcement } = schema.definitions;
    const members = { ...enabled.properties, ...batch.properties, ...announcement.properties };
    for (const [name, member] of Object.entries(members)) {
      expect([name, (member as { description?: string }).description]).toEqual([name, expect.stringMatching(/.{20}/)]);
    }
  });

  it('is taken by ajv in its default mode, without a word of complaint', () => {
    const complaints = ['log', 'warn', 'error'].map((level) => vi.spyOn(console, level as 'log').mockReturnValue());
    expect(new Ajv().validateSchema(schema)).toBe(true);
    expect(new Ajv().compile(schema)(REQUEST_CASES[0]?.request)).toBe(true);
    for (const spy of complaints) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('has one error for a wrong method, at its place', () => {
    const check = new Ajv().compile(schema);
    check({ ...(REQUEST_CASES[0]?.request as object), http_method: 'BREW' });
    const told = check.errors?.filter(({ keyword }) => keyword !== 'if') ?? [];
    expect(told.map(({ instancePath, keyword }) => [instancePath, keyword])).toEqual([['/http_method', 'pattern']]);
  });
});

describe.each(REQUEST_CASES)('a request with $what', ({ request, taken }) => {
  const asJson: unknown = JSON.parse(JSON.stringify(request));

  beforeAll(() => registerSchema(schema, ID));
  afterAll(() => unregisterSchema(ID));

  it(`is ${taken ? 'taken' : 'refused'} by enqueue, ajv and hyperjump alike`, async () => {
    expect(isTaken(asJson)).toBe(taken);
    expect(new Ajv().compile(schema)(asJson)).toBe(taken);
    expect((await validate(ID, asJson as never)).valid).toBe(taken);
  });
});

it('whatever enqueue takes is valid', () => {
  const check = new Ajv().compile(schema);
  const odd = fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    1,
    1.5,
    true,
    false,
    'x',
    [],
    {},
    'post',
    '{{x}}',
    '2026-11-23T14:00:00Z',
  );
  const url = fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc
      .tuple(fc.constantFrom('', ' ', '\n'), fc.constantFrom('https:', 'http://', 'HTTPS:///'), fc.webPath())
      .map((p) => p.join('')),
  );
  const rows = fc.array(fc.dictionary(fc.constantFrom('key', 'value'), fc.oneof(odd, fc.string())), { maxLength: 3 });
  const request = fc.record(
    {
      workflow_run_id: fc.integer({ min: 1 }),
      organization_id: fc.integer({ min: 1 }),
      webhook_node_id: fc.string({ minLength: 1 }),
      endpoint_url: url,
      webhook_name: fc.oneof(odd, fc.string()),
      enabled: odd,
      http_method: odd,
      payload: odd,
      payload_json: odd,
      payload_template: odd,
      render_context: odd,
      custom_headers: fc.oneof(odd, rows),
      credential_uuid: fc.oneof(odd, fc.uuid()),
      max_attempts: odd,
      scheduled_for: odd,
    },
    { requiredKeys: ['workflow_run_id', 'organization_id', 'webhook_node_id', 'endpoint_url'] },
  );
  fc.assert(
    fc.property(request, (asked) => {
      const whole = JSON.parse(JSON.stringify(asked));
      const verdict = isTaken(whole) ? [check(whole), check.errors] : [true, null];
      expect([...verdict, whole]).toEqual([true, null, whole]);
    }),
    { numRuns: 2000 },
  );
});
