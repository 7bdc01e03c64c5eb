// Real: the schedule. Double: the clock, and the function it invokes.
import { expect, test } from 'vitest';
import { startSchedule } from '../../local/aws/lambda/schedule.ts';
import type { StackSchedule } from '../../local/template/stack-description.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const EVERY_FIVE_MINUTES: StackSchedule = {
  logicalId: 'Every',
  ruleName: 'every',
  ruleArn: 'arn:aws:events:us-east-1:000000000000:rule/every',
  everyMs: 300_000,
  enabled: true,
  targets: [{ functionName: 'sweep', input: undefined }],
};

function start(schedule: StackSchedule) {
  const timers = new ManualTimers();
  const invoked: { functionName: string; payload: string; atMs: number }[] = [];
  const startedAtMs = timers.nowMs();
  const stop = startSchedule({
    schedule,
    timers,
    invokeEvent: (functionName, payload) =>
      void invoked.push({ functionName, payload, atMs: timers.nowMs() - startedAtMs }),
  });
  return { timers, invoked, stop };
}

test('invokes its target at every interval with the event of EventBridge', async () => {
  const { timers, invoked, stop } = start(EVERY_FIVE_MINUTES);
  await timers.advance(600_000);
  stop();
  await timers.advance(600_000);
  expect(invoked.map(({ functionName, atMs }) => [functionName, atMs])).toEqual([
    ['sweep', 300_000],
    ['sweep', 600_000],
  ]);
  expect(JSON.parse(invoked[0]?.payload ?? '')).toEqual({
    version: '0',
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-11-23T12:05:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/every'],
    detail: {},
  });
});

test("gives a target its own input instead, and leaves a disabled rule's targets alone", async () => {
  const targets = [{ functionName: 'sweep', input: '{"full":true}' }];
  const enabled = start({ ...EVERY_FIVE_MINUTES, targets });
  const disabled = start({ ...EVERY_FIVE_MINUTES, enabled: false });
  await enabled.timers.advance(300_000);
  await disabled.timers.advance(300_000);
  expect(enabled.invoked.map(({ payload }) => payload)).toEqual(['{"full":true}']);
  expect(disabled.invoked).toEqual([]);
});
