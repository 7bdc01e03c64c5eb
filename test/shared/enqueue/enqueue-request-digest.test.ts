// The digest of real parsed requests. Nothing is a double.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestDigest } from '../../../shared/enqueue/request-digest.ts';
import { accepted } from './enqueue-request-world.ts';

const digest = (changes: Record<string, unknown> = {}) => accepted(changes).requestDigest;
const template = { payload: undefined, payload_template: { t: '{{current_time}} {{a}}' } };

describe('two requests have one digest', () => {
  it('when only the spelling differs', () => {
    const uuid = '0b1d2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b';
    const plain = { http_method: 'PUT', credential_uuid: uuid, scheduled_for: '2026-11-24T12:00:00Z' };
    const odd = {
      http_method: 'put',
      credential_uuid: uuid.toUpperCase(),
      scheduled_for: '2026-11-24T13:00:00.000+01:00',
    };
    expect(digest({ ...odd, endpoint_url: 'https://HOOKS.example.com:443/in' })).toBe(digest(plain));
  });

  it('when a default of the contract is spelled out', () => {
    expect(digest({ http_method: 'POST', custom_headers: [], enabled: true })).toBe(digest());
    expect(digest({ ...template, render_context: {} })).toBe(digest(template));
  });

  it('when the settings changed between them', () => {
    expect(accepted({}, { defaultMaxAttempts: 9 }).requestDigest).toBe(digest());
  });

  it('when time has passed, also for what renders the time or was due meanwhile', () => {
    const later = { nowMs: Date.parse('2026-11-25T00:00:00Z') };
    for (const changes of [template, { scheduled_for: '2026-11-24T12:00:00Z' }]) {
      expect(accepted(changes, later).requestDigest).toBe(digest(changes));
    }
  });

  it('when only a dropped secret differs: nothing of it is kept, not even hashed', () => {
    expect(digest({ custom_headers: [{ key: 'Authorization', value: 'Bearer hunter2' }] })).toBe(digest());
  });

  it('whatever the order of names, at any depth', () => {
    const shuffled = (value: unknown, reverse: boolean): unknown => {
      if (Array.isArray(value)) return value.map((item) => shuffled(item, reverse));
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([name, child]) => [name, shuffled(child, reverse)] as const);
      return Object.fromEntries(reverse ? entries.toReversed() : entries);
    };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (request) => {
        const reversed = shuffled(request, true);
        expect(requestDigest(reversed as Record<string, unknown>)).toBe(requestDigest(request));
      }),
    );
  });
});

describe('two requests have different digests', () => {
  it.each([
    { workflow_run_id: 8 },
    { organization_id: 4 },
    { webhook_node_id: 'node-2' },
    { webhook_name: 'x' },
    { endpoint_url: 'https://hooks.example.com/in2' },
    { http_method: 'PUT' },
    { payload: { a: 2 } },
    { payload: { a: '1' } },
    { payload: null },
    { payload: undefined, payload_json: '{"a":1}' },
    { payload: undefined, payload_template: { a: 1 } },
    { custom_headers: [{ key: 'X-A', value: '1' }] },
    { credential_uuid: '0b1d2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b' },
    { max_attempts: 5 },
    { scheduled_for: '2026-11-24T12:00:00Z' },
  ])('when one has %j', (changes) => {
    expect(digest(changes)).not.toBe(digest());
  });

  it('when only the blanks of payload_json or the render context differ', () => {
    const json = (payload_json: string) => digest({ payload: undefined, payload_json });
    expect(json('{"a":1}')).not.toBe(json('{"a": 1}'));
    expect(digest({ ...template, render_context: { a: 1 } })).not.toBe(
      digest({ ...template, render_context: { a: 2 } }),
    );
  });

  it('when their data differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = requestDigest({ v: a }) === requestDigest({ v: b });
        expect(same).toBe(isSameJson(a, b));
      }),
    );
  });
});

/** As JSON sees it: −0 is 0, the order of names does not count. */
function isSameJson(a: unknown, b: unknown): boolean {
  try {
    expect(JSON.parse(JSON.stringify(a))).toStrictEqual(JSON.parse(JSON.stringify(b)));
    return true;
  } catch {
    return false;
  }
}
