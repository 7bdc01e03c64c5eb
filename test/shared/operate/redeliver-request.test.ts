// Real: the parser of redelivery requests, which is pure. No doubles.
import { describe, expect, test } from 'vitest';
import { parseRedeliverRequest } from '../../../shared/operate/redeliver-request.ts';

/** Fails when the request is accepted. */
function faultOf(input: unknown): string {
  const parsed = parseRedeliverRequest(input, 5);
  if (parsed.ok) throw new Error('the request was accepted');
  return parsed.errorMessage;
}

describe('a redelivery request', () => {
  test('with every field is read', () => {
    expect(
      parseRedeliverRequest(
        {
          delivery_ids: [3, 1, 3],
          organization_id: 7,
          reason: 'timeout',
          endpoint_host: 'Hooks.Example.com:8443',
          dead_since: '2026-11-23T12:00:00Z',
          dead_until: '2026-11-23T14:00:00+01:00',
          dry_run: true,
          max_attempts: 2,
          per_second: 100,
        },
        5,
      ),
    ).toEqual({
      ok: true,
      order: {
        filter: {
          deliveryIds: [3, 1],
          organizationId: 7,
          reason: 'timeout',
          endpointHost: 'hooks.example.com:8443',
          deadSinceMs: Date.parse('2026-11-23T12:00:00Z'),
          deadUntilMs: Date.parse('2026-11-23T13:00:00Z'),
        },
        dryRun: true,
        moreAttempts: 2,
        perSecond: 100,
      },
    });
  });

  test('with one filter is really carried out, with as many attempts as a new delivery, ten a second for each host', () => {
    expect(parseRedeliverRequest({ organization_id: 7 }, 3)).toEqual({
      ok: true,
      order: { filter: { organizationId: 7 }, dryRun: false, moreAttempts: 3, perSecond: 10 },
    });
  });

  test.each([
    ['nothing', {}],
    ['only how', { dry_run: true, max_attempts: 5, per_second: 1 }],
  ])('that filters by %s is refused: nobody means all by accident', (_case, input) => {
    expect(faultOf(input)).toContain('at least one of delivery_ids, organization_id');
  });

  test.each([
    ['delivery_ids', []],
    ['delivery_ids', [1, 0]],
    ['delivery_ids', [1.5]],
    ['delivery_ids', ['1']],
    ['delivery_ids', [2 ** 53]],
    ['delivery_ids', Array.from({ length: 1001 }, (_, index) => index + 1)],
    ['delivery_ids', 1],
    ['organization_id', 0],
    ['organization_id', '7'],
    ['reason', 'boredom'],
    ['endpoint_host', ''],
    ['endpoint_host', 'x'.repeat(261)],
    ['dead_since', '2026-11-23'],
    ['dead_since', '2026-11-23T12:00:00'],
    ['dead_until', 5],
    ['dry_run', 'true'],
    ['dry_run', null],
    ['max_attempts', 0],
    ['max_attempts', 51],
    ['per_second', 0],
    ['per_second', 1001],
  ])('whose %s is %j is refused by the name of the field', (field, value) => {
    const message = faultOf({ organization_id: 7, [field]: value });
    expect(message).toMatch(new RegExp(`^${field}: must be [^;]+$`));
  });

  test('tells every fault at once, unknown fields too, and repeats no value', () => {
    const message = faultOf({ reason: 'canary', per_second: 0, limit: 'canary', [`x${'y'.repeat(500)}`]: 1 });
    expect(message).toContain('reason: must be one of');
    expect(message).toContain('per_second: must be');
    expect(message).toContain('limit: unknown field');
    expect(message).not.toContain('canary');
    expect(message.length).toBeLessThan(1000);
  });

  test.each([null, undefined, 5, 'all', [1, 2]])('that is %j is refused', (input) => {
    expect(faultOf(input)).toBe('the request must be a JSON object');
  });
});
