// Real: the lines and the bound on them. Double: a log that records, or throws.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { attemptLine, safeLog, type AttemptFacts, type LogFields } from '../../../shared/observe/log.ts';

const FACTS: AttemptFacts = {
  deliveryId: 42,
  deliveryUuid: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
  organizationId: 7,
  workflowRunId: 5,
  trace: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=canary' },
  attempt: 2,
  maxAttempts: 5,
  method: 'POST',
  url: 'https://hooks.example.com/canary?token=canary',
  headers: [
    { key: 'Content-Type', value: 'application/json' },
    { key: 'Authorization', value: 'Bearer canary' },
  ],
  headerPrefix: 'X-Dograh',
  body: '{"status":"done","email":"canary"}',
  logPayload: 'values',
  outcome: 'failed',
  status: 503,
  errorClass: 'status',
  detail: 'status 503',
  durationMs: 123.4,
  nextDueInSeconds: 60,
};

test('the line of an attempt says which, what and when, and holds no secret', () => {
  const line = attemptLine(FACTS);
  expect(line).toEqual({
    delivery_id: 42,
    delivery_uuid: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
    organization_id: 7,
    workflow_run_id: 5,
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    attempt: 2,
    max_attempts: 5,
    method: 'POST',
    origin: 'https://hooks.example.com',
    outcome: 'failed',
    settled: undefined,
    status: 503,
    error_class: 'status',
    detail: 'status 503',
    duration_ms: 123,
    next_due_in_seconds: 60,
    headers: { 'Content-Type': 'application/json', Authorization: '[REDACTED]' },
    payload: { status: 'done', email: '[REDACTED]' },
  });
});

test('docs/privacy.md says everything that the line of an attempt leaves in the log', () => {
  const privacy = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| of an attempt \| \|\n\|---\|---\|\n((?:\|.*\|\n)+)/.exec(privacy) ?? [];
  const told = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(told.toSorted()).toEqual(Object.keys(attemptLine(FACTS)).toSorted());
});

test('of the payload the line shows what is set: its shape, its values, or nothing', () => {
  const shown = (logPayload: AttemptFacts['logPayload']) => attemptLine({ ...FACTS, logPayload }).payload;
  expect(shown('shape')).toEqual({ status: 'string 4', email: 'string' });
  expect(shown('values')).toEqual({ status: 'done', email: '[REDACTED]' });
  expect(shown('none')).toBeUndefined();
});

test('whatever was sent, the line of an attempt stays within 8,000 characters', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 3_000 }), (value, copies) => {
      const body = JSON.stringify(Array.from({ length: copies }, () => value));
      const headers = Array.from({ length: 50 }, (_, index) => ({ key: `X-${'h'.repeat(150)}${index}`, value: 'v' }));
      const url = `https://${'a.'.repeat(900)}example/`;
      const written = record((log) =>
        log.info('attempt', attemptLine({ ...FACTS, body, headers, url, detail: 'd'.repeat(9_000) })),
      );
      expect(JSON.stringify(written[0]?.fields).length).toBeLessThanOrEqual(7_000);
    }),
    { numRuns: 30 },
  );
});

test('of a line that is too long the largest fields are given up, and the rest stays', () => {
  const written = record((log) => log.warn('swept', { small: 1, large: 'x'.repeat(9_000), names: ['a'] }));
  expect(written).toEqual([
    { level: 'warn', event: 'swept', fields: { small: 1, large: '[TRUNCATED]', names: ['a'] } },
  ]);
});

test('a log that throws changes nothing', () => {
  const fail = () => {
    throw new Error('EPIPE');
  };
  const log = safeLog({ info: fail, warn: fail, error: fail });
  expect(() => log.error('attempt', { delivery_id: 1 })).not.toThrow();
});

test('fields that cannot be made change nothing', () => {
  const written = record((log) =>
    log.info('attempt', () => {
      throw new Error('a bug');
    }),
  );
  expect(written).toEqual([]);
});

function record(
  write: (log: ReturnType<typeof safeLog>) => void,
): { level: string; event: string; fields: LogFields }[] {
  const written: { level: string; event: string; fields: LogFields }[] = [];
  const to = (level: string) => (event: string, fields: LogFields) => void written.push({ level, event, fields });
  write(safeLog({ info: to('info'), warn: to('warn'), error: to('error') }));
  return written;
}
