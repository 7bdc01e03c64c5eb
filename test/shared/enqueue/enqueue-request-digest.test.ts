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

describe('the digest of a request', () => {
  it.each([
    [{}, '6a92a1e2846dec65629cbccdbc28e750a60f33d0b4c99472efd71d12b780c3b5'],
    [
      { webhook_name: 'Nachlauf', http_method: 'put' },
      '68ebb72c9ffcd77c99a4721efd4bed0ac3ef2d3234b6b11057000bee571560af',
    ],
    [{ payload: null }, 'c418df588ff2600571c76c292d21e99832c7a769f64e70d589622b7792f24b9d'],
    [
      { payload: { ü: ['\ud800', '\0', -0, 0.1], b: { c: null } } },
      '2bcbc5eeafe15a7e78ddd9c3b0572ae523b5256fe0392972397f50e6bac2964b',
    ],
    [
      { payload: undefined, payload_json: ' {"a" : 1e400}' },
      '426079f705776578c4a7661e67a1ffeb727e77be4600aa34f99909bcb0ccd86f',
    ],
    [
      { payload: undefined, payload_template: { t: '{{a.b | none}}' } },
      'cbfea2ade4a30e7d6348a2fc59d613cca67d4126b7e7ff75260830fbd8b57b45',
    ],
    [
      {
        payload: undefined,
        payload_template: ['{{a}}', 5, null],
        render_context: { z: [1, { y: true, x: [] }], a: 'é中\u{1f600}', '': 1.5, n: 2 ** 53, far: 1e21 },
      },
      '14b5640ea383f1d3d29764fb35a0da777ee9d08849c7de04b0c3ad7ab1a03599',
    ],
    [
      {
        custom_headers: [
          { key: 'X-A', value: '1' },
          { key: 'Authorization', value: 'x' },
        ],
        credential_uuid: '0B1D2F3A-4C5D-4E6F-8A9B-0C1D2E3F4A5B',
        max_attempts: 50,
        scheduled_for: '2026-11-24T13:00:00.5+01:00',
      },
      '750d46cf0d589e233ae48432730d95d62bf86829c52907e6876d1df1cc52033b',
    ],
    [
      { scheduled_for: '2020-01-01T00:00:00Z', endpoint_url: 'HTTPS://Hooks.Example.com:443/a/../b?c=d' },
      '7e8daf9bd9c0c6a8ce6fc4ec3b84127a9327446e1bda7b5efcd8acbbdd1856e5',
    ],
  ])('is that of version 0.1.0: a request repeated after an upgrade does not warn (%j)', (changes, expected) => {
    expect(digest(changes)).toBe(expected);
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
