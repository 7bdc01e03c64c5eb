// Real: the Powertools adapters, which write to this process's own stdout and stderr. Double: those two streams, caught
// line by line, because the lines are what CloudWatch reads.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createPowertoolsLog } from '../../../shared/aws/powertools-log.ts';
import { createPowertoolsMetrics } from '../../../shared/aws/powertools-metrics.ts';
import { EVERY_SWEEP, MISTAKES } from '../../../shared/observe/metric-names.ts';
import { sweepDeliveries } from '../../../shared/sweep/sweep-deliveries.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';

let out: string[];
let err: string[];

beforeEach(() => {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'Acme/Webhooks');
  out = [];
  err = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => out.push(String(chunk)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => err.push(String(chunk)) > 0);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('a line is JSON with its event, level and fields', () => {
  createPowertoolsLog().info('attempt', {
    delivery_id: 42,
    headers: { a: '[REDACTED]' },
  });
  expect(lines(out)).toEqual([
    expect.objectContaining({
      level: 'INFO',
      message: 'attempt',
      service: 'Acme/Webhooks',
      delivery_id: 42,
      headers: { a: '[REDACTED]' },
    }),
  ]);
});

test("a level of Lambda's logging controls keeps lesser lines back", () => {
  vi.stubEnv('AWS_LAMBDA_LOG_LEVEL', 'WARN');
  const log = createPowertoolsLog();
  log.info('attempt', {});
  log.warn('message_unsent', {});
  log.error('fault', {});
  const events = [...lines(out), ...lines(err)].map(({ message }) => message);
  // The library's own warning, that information is lost, comes first.
  expect(events.slice(-2)).toEqual(['message_unsent', 'fault']);
  expect(events).not.toContain('attempt');
});

test('a whole line stays within 8,000 characters', () => {
  const log = createPowertoolsLog();
  log.info('attempt', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, 'x'.repeat(500)])));
  expect(out.join('').length).toBeLessThanOrEqual(8_000);
});

test('metrics are written at the flush only, once, and summed', () => {
  const metrics = createPowertoolsMetrics();
  metrics.count('DeliveriesAccepted');
  metrics.count('DeliveriesAccepted', 2);
  metrics.milliseconds('AttemptDuration', 120);
  metrics.seconds('OldestDueAge', 61);
  expect(out).toEqual([]);
  metrics.flush();
  metrics.flush();
  const written = lines(out);
  expect(written).toHaveLength(1);
  expect(written[0]).toMatchObject({
    service: 'Acme/Webhooks',
    DeliveriesAccepted: 3,
    AttemptDuration: 120,
    OldestDueAge: 61,
    _aws: { CloudWatchMetrics: [{ Namespace: 'Surehook', Dimensions: [['service']] }] },
  });
});

test('dead letters are counted in all and by reason', () => {
  const metrics = createPowertoolsMetrics();
  metrics.deadLetters('status');
  metrics.deadLetters('status');
  metrics.deadLetters('credential_invalid');
  metrics.flush();
  const written = lines(out);
  expect(written.map(({ reason, DeadLetters }) => [reason, DeadLetters])).toEqual([
    [undefined, 3],
    ['status', 2],
    ['credential_invalid', 1],
  ]);
  expect(written[1]?.['_aws']).toMatchObject({ CloudWatchMetrics: [{ Dimensions: [['service', 'reason']] }] });
});

test('what alarms subtract is reported by every flush that is asked for it, at zero too', () => {
  const metrics = createPowertoolsMetrics(['EnqueueMistakes', 'InspectMistakes']);
  metrics.count('InspectMistakes');
  metrics.flush();
  metrics.flush();
  expect(lines(out)).toMatchObject([
    { EnqueueMistakes: 0, InspectMistakes: 1 },
    { EnqueueMistakes: 0, InspectMistakes: 0 },
  ]);
});

test('every sweep reports what is billed for it, however little there is to sweep', async () => {
  const metrics = createPowertoolsMetrics(MISTAKES);
  const parts = { ...new SweepBench().parts(), metrics };
  await sweepDeliveries(parts, { mode: 'usual', stopAtMonotonicMs: Infinity });
  metrics.standing(0);
  metrics.flush();
  const reported = lines(out).flatMap((line) => Object.keys(line).filter((name) => /^[A-Z]/.test(name)));
  expect(reported.toSorted()).toEqual([...EVERY_SWEEP].toSorted());
});

test('an invocation that counted nothing writes nothing', () => {
  createPowertoolsMetrics().flush();
  expect([...out, ...err]).toEqual([]);
});

test('a figure that is none changes nothing', () => {
  const metrics = createPowertoolsMetrics();
  expect(() => metrics.milliseconds('AttemptDuration', Number.NaN)).not.toThrow();
});

function lines(written: string[]): Record<string, unknown>[] {
  return written
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
