import type { EndpointPolicy } from './endpoint-policy.ts';

/** What reads settings, and collects their faults. */
type Reader = {
  readonly faults: string[];
  integer(name: string, range: { min: number; max: number }): number;
  text(name: string, form: { wanted: string; is: (text: string) => boolean }): string;
  maybeEmpty(name: string): string;
};

/** A month, seconds. */
const MAX_HOLD_SECONDS = 31 * 86_400;

/** With nothing to hold for, no endpoint is ever down. */
export function readEndpointPolicy(reader: Reader): EndpointPolicy {
  const downAfterFailures = reader.integer('WEBHOOK_ENDPOINT_DOWN_AFTER_FAILURES', { min: 0, max: 1000 });
  const holdSeconds = reader.integer('WEBHOOK_ENDPOINT_HOLD_SECONDS', { min: 0, max: MAX_HOLD_SECONDS });
  const is = (text: string) => text === 'dead_letter' || text === 'hold';
  const exhausted = reader.text('WEBHOOK_ENDPOINT_EXHAUSTED', { wanted: 'dead_letter or hold', is });
  return {
    downAfterFailures: holdSeconds === 0 ? 0 : downAfterFailures,
    holdSeconds,
    exhausted: exhausted === 'hold' ? 'hold' : 'dead_letter',
    maxInFlight: readLimit(reader, 'WEBHOOK_ENDPOINT_MAX_IN_FLIGHT', /^\d{1,5}$/),
    maxPerSecond: readLimit(reader, 'WEBHOOK_ENDPOINT_MAX_PER_SECOND', /^\d{1,5}(?:\.\d{1,3})?$/),
  };
}

/** Empty: there is none. */
function readLimit(reader: Reader, name: string, form: RegExp): number | undefined {
  const text = reader.maybeEmpty(name);
  const isNumber = form.test(text) && Number(text) > 0;
  if (text !== '' && !isNumber) reader.faults.push(`${name} must be a number above 0 and below 100000`);
  return isNumber ? Number(text) : undefined;
}
