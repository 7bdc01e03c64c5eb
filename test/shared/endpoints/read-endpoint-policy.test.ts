// Pure: the settings of endpoints, as the functions read them.
import { expect, test } from 'vitest';
import { DELIVERY_DEFAULTS, MalformedSettings, readSettings } from '../../../shared/settings.ts';
import { readEndpointPolicy } from '../../../shared/endpoints/read-endpoint-policy.ts';

const read = (given: Record<string, string> = {}) =>
  readSettings({ ...DELIVERY_DEFAULTS, ...given }, readEndpointPolicy);

test('by default five failures, three days, dead letters, and no limits', () => {
  expect(read()).toEqual({
    downAfterFailures: 5,
    holdSeconds: 259_200,
    exhausted: 'dead_letter',
    maxInFlight: undefined,
    maxPerSecond: undefined,
  });
});

test('where nothing is held no endpoint is ever down', () => {
  expect(read({ WEBHOOK_ENDPOINT_HOLD_SECONDS: '0' }).downAfterFailures).toBe(0);
});

test.each([
  ['WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES', '0', '1000'],
  ['WEBHOOK_ENDPOINT_HOLD_SECONDS', '0', '2678400'],
  ['WEBHOOK_ENDPOINT_EXHAUSTED', 'hold', 'dead_letter'],
  ['WEBHOOK_ENDPOINT_MAX_IN_FLIGHT', '1', '99999'],
  ['WEBHOOK_ENDPOINT_MAX_PER_SECOND', '0.001', '99999.999'],
])('%s may be %s and %s', (name, least, most) => {
  expect(() => read({ [name]: least })).not.toThrow();
  expect(() => read({ [name]: most })).not.toThrow();
});

test.each([
  ['WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES', ['-1', '1001', '2.5', 'never']],
  ['WEBHOOK_ENDPOINT_HOLD_SECONDS', ['-1', '2678401', 'three days']],
  ['WEBHOOK_ENDPOINT_EXHAUSTED', ['held', 'HOLD', 'true']],
  ['WEBHOOK_ENDPOINT_MAX_IN_FLIGHT', ['0', '1.5', '100000', '-3', '1e3']],
  ['WEBHOOK_ENDPOINT_MAX_PER_SECOND', ['0', '0.000', '0.0001', '100000', '-3', '1/2']],
] as const)('%s may be nothing else', (name, values) => {
  for (const value of values) {
    expect([value, faultsOf({ [name]: value })]).toEqual([value, [expect.stringContaining(name)]]);
  }
});

function faultsOf(given: Record<string, string>): readonly string[] {
  try {
    read(given);
    return [];
  } catch (error) {
    if (error instanceof MalformedSettings) return error.faults;
    throw error;
  }
}
