// Real: EventBridge's rules, patterns and inputs. Doubles: the clock, and the targets, which keep what they get.
import { describe, expect, test } from 'vitest';
import { matchesPattern, whyNotAPattern } from '../../local/aws/events/event-pattern.ts';
import { createEventBridge } from '../../local/aws/events/service.ts';
import { targetText } from '../../local/aws/events/target-input.ts';
import type { StackRule, StackRuleTarget } from '../../local/template/stack-description.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const TARGET: StackRuleTarget = {
  id: 'T',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:sweep',
  to: { kind: 'function', functionName: 'sweep' },
  input: { kind: 'event' },
};
const RULE: StackRule = {
  logicalId: 'Every',
  ruleName: 'every',
  ruleArn: 'arn:aws:events:us-east-1:000000000000:rule/every',
  busName: 'default',
  everyMs: undefined,
  pattern: undefined,
  enabled: true,
  targets: [TARGET],
};

function bridge(...rules: Partial<StackRule>[]) {
  const timers = new ManualTimers();
  const told: { id: string; text: string; atMs: number }[] = [];
  const startedAtMs = timers.nowMs();
  const events = createEventBridge({
    ...PLACE,
    timers,
    rules: rules.map((rule) => ({ ...RULE, ...rule })),
    buses: [
      { name: 'default', arn: 'arn:aws:events:us-east-1:000000000000:event-bus/default' },
      { name: 'outcomes', arn: 'arn:aws:events:us-east-1:000000000000:event-bus/outcomes' },
    ],
    deliver: ({ id }, text) => void told.push({ id, text, atMs: timers.nowMs() - startedAtMs }),
  });
  const ask = async (operation: string, input: object) => {
    const { status, body } = await events.service({
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': `AWSEvents.${operation}`, 'content-type': 'application/x-amz-json-1.1' },
      body: Buffer.from(JSON.stringify(input)),
      accessKeyId: 'AKID',
      signal: new AbortController().signal,
    });
    return { status, answer: JSON.parse(body.toString()) as Record<string, unknown> };
  };
  return { events, timers, told, ask, put: (...Entries: object[]) => ask('PutEvents', { Entries }) };
}

const entry = (fields: object = {}) => ({
  Source: 'surehook',
  DetailType: 'Webhook Delivered',
  Detail: '{"id":1}',
  ...fields,
});

describe('a rule with a rate', () => {
  test('tells its target at every interval, with the event of EventBridge', async () => {
    const { events, timers, told } = bridge({ everyMs: 300_000 });
    events.begin();
    await timers.advance(600_000);
    events.stop();
    await timers.advance(600_000);
    expect(told.map(({ atMs }) => atMs)).toEqual([300_000, 600_000]);
    expect(JSON.parse(told[0]?.text ?? '')).toEqual({
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
    const targets: StackRuleTarget[] = [{ ...TARGET, input: { kind: 'constant', json: '{"full":true}' } }];
    const { events, timers, told } = bridge({ everyMs: 300_000, targets }, { everyMs: 300_000, enabled: false });
    events.begin();
    await timers.advance(300_000);
    expect(told.map(({ text }) => text)).toEqual(['{"full":true}']);
  });
});

describe('PutEvents', () => {
  test('tells the targets of the rules that match, on their bus alone, and keeps the event', async () => {
    const pattern = { source: ['surehook'], detail: { id: [{ numeric: ['<', 10] }] } };
    const target = (id: string): StackRuleTarget[] => [{ ...TARGET, id }];
    const { put, told, events } = bridge(
      { pattern, targets: target('matches') },
      { pattern: { source: ['other'] }, targets: target('other source') },
      { pattern, busName: 'outcomes', targets: target('other bus') },
      { pattern, enabled: false, targets: target('disabled') },
    );
    const { answer } = await put(entry(), entry({ Detail: '{"id":11}' }));
    expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }, {}] });
    expect(told.map(({ id }) => id)).toEqual(['matches']);
    expect(JSON.parse(told[0]?.text ?? '')).toMatchObject({
      source: 'surehook',
      'detail-type': 'Webhook Delivered',
      time: '2026-11-23T12:00:00Z',
      detail: { id: 1 },
    });
    expect(events.events()).toEqual([
      { time: '2026-11-23T12:00:00Z', source: 'surehook', detail_type: 'Webhook Delivered', detail: { id: 11 } },
      { time: '2026-11-23T12:00:00Z', source: 'surehook', detail_type: 'Webhook Delivered', detail: { id: 1 } },
    ]);
  });

  test.each([
    [{ Source: undefined }, 'InvalidArgument'],
    [{ DetailType: '' }, 'InvalidArgument'],
    [{ Detail: undefined }, 'InvalidArgument'],
    [{ Detail: '[]' }, 'MalformedDetail'],
    [{ Detail: '{' }, 'MalformedDetail'],
    [{ Source: 'aws.s3' }, 'NotAuthorizedForSourceException'],
    [{ EventBusName: 'absent' }, 'ResourceNotFoundException'],
  ])('refuses the entry %j alone', async (fields, ErrorCode) => {
    const { put, events } = bridge();
    const { status, answer } = await put(entry(fields), entry());
    expect(status).toBe(200);
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode }, { EventId: expect.any(String) }] });
    expect(events.events()).toHaveLength(1);
  });

  test('refuses no entries, and more than ten', async () => {
    const { put } = bridge();
    expect(await put()).toMatchObject({ status: 400, answer: { __type: 'ValidationException' } });
    expect(await put(...Array.from({ length: 11 }, () => entry()))).toMatchObject({ status: 400 });
  });

  test('refuses a call whose entries have a megabyte together, as EventBridge counts them', async () => {
    const { put } = bridge();
    const own = 'surehook'.length + 'Webhook Delivered'.length + 14;
    const of = (bytes: number) =>
      entry({
        Time: 1,
        Detail: JSON.stringify('é'.repeat((bytes - own - 2 - 6) / 2)).replace(/^.*$/, (text) => `{"a":${text}}`),
      });
    const half = 512 * 1024 - 1;
    expect(await put(of(half), of(half))).toMatchObject({ status: 200 });
    expect(await put(of(half), of(half + 2))).toMatchObject({ status: 400, answer: { __type: 'ValidationException' } });
  });

  test('keeps the last thousand events', async () => {
    const { put, events } = bridge();
    for (let batch = 0; batch < 101; batch += 1) {
      await put(
        ...Array.from({ length: 10 }, (_, index) => entry({ Detail: JSON.stringify({ id: batch * 10 + index }) })),
      );
    }
    expect(events.events()).toHaveLength(1000);
    expect(events.events()[0]).toMatchObject({ detail: { id: 1009 } });
  });
});

test('rules are listed with their schedule, pattern and targets; another operation is refused by name', async () => {
  const { ask } = bridge(
    { everyMs: 300_000 },
    { ruleName: 'outcome', busName: 'outcomes', pattern: { source: ['a'] } },
  );
  expect((await ask('ListRules', {})).answer).toMatchObject({
    Rules: [{ Name: 'every', State: 'ENABLED', ScheduleExpression: 'rate(5 minutes)' }],
  });
  expect((await ask('ListRules', { EventBusName: 'outcomes' })).answer).toMatchObject({
    Rules: [{ Name: 'outcome', EventPattern: '{"source":["a"]}' }],
  });
  expect((await ask('ListTargetsByRule', { Rule: 'every' })).answer).toEqual({
    Targets: [{ Id: 'T', Arn: TARGET.arn }],
  });
  expect(await ask('PutRule', {})).toMatchObject({
    status: 400,
    answer: { message: expect.stringContaining('does not know PutRule. It has: PutEvents') },
  });
});

describe('a pattern', () => {
  const event = {
    source: 'surehook',
    detail: {
      status: 'dead_letter',
      attempts: 5,
      host: '10.1.2.3',
      tags: ['a', 'b'],
      note: null,
      items: [{ id: 1 }, { id: 2 }],
    },
  };
  const detail = (rules: object) => ({ detail: rules });

  test.each([
    { source: ['other', 'surehook'] },
    detail({ status: [{ prefix: 'dead' }] }),
    detail({ status: [{ prefix: { 'equals-ignore-case': 'DEAD' } }] }),
    detail({ status: [{ suffix: 'letter' }] }),
    detail({ status: [{ 'equals-ignore-case': 'Dead_Letter' }] }),
    detail({ status: [{ wildcard: 'd*_l*r' }] }),
    detail({ status: [{ 'anything-but': ['succeeded', 'pending'] }] }),
    detail({ status: [{ 'anything-but': { prefix: ['succ', 'pend'] } }] }),
    detail({ attempts: [{ numeric: ['>', 0, '<=', 5] }] }),
    detail({ host: [{ cidr: '10.0.0.0/8' }] }),
    detail({ tags: ['b'] }),
    detail({ note: [null] }),
    detail({ absent: [{ exists: false }], status: [{ exists: true }] }),
    detail({ items: { id: [2] } }),
    { $or: [{ source: ['other'] }, detail({ attempts: [5] })] },
  ])('matches: %j', (pattern) => {
    expect(whyNotAPattern(pattern)).toBeUndefined();
    expect(matchesPattern(pattern, event)).toBe(true);
  });

  test.each([
    { source: ['Surehook'] },
    detail({ status: [{ prefix: 'letter' }] }),
    detail({ status: [{ wildcard: 'd*x' }] }),
    detail({ status: [{ 'anything-but': 'dead_letter' }] }),
    detail({ attempts: ['5'] }),
    detail({ attempts: [{ numeric: ['>', 5] }] }),
    detail({ host: [{ cidr: '192.168.0.0/16' }] }),
    detail({ absent: [{ 'anything-but': 'x' }] }),
    detail({ status: [{ exists: false }] }),
    { source: ['surehook'], detail: { attempts: [4] } },
  ])('does not match: %j', (pattern) => {
    expect(matchesPattern(pattern, event)).toBe(false);
  });

  test.each([{ source: 'surehook' }, { source: [] }, detail({ status: [{ like: 'x' }] }), { $or: [1] }])(
    'that EventBridge would refuse stops the start: %j',
    (pattern) => {
      expect(() => bridge({ pattern })).toThrow('Every.EventPattern: ');
    },
  );
});

describe('the input of a target', () => {
  const event = { source: 'surehook', detail: { id: 7, name: 'a "b"', list: [{ x: 'y' }] } };
  const rule = { ruleArn: 'arn:rule', ruleName: 'outcome', ingestedAtMs: Date.UTC(2026, 10, 23) };

  test('is a part of the event by its path', () => {
    expect(targetText({ kind: 'path', path: '$.detail.list[0].x' }, event, rule)).toBe('"y"');
    expect(targetText({ kind: 'path', path: '$.absent' }, event, rule)).toBe('null');
  });

  test.each([
    ['"delivery <id> of <name>"', '"delivery 7 of a \\"b\\""'],
    ['{"id":<id>,"name":<name>,"list":<list>}', '{"id":7,"name":"a \\"b\\"","list":[{"x":"y"}]}'],
    ['{"name":"<name>!","none":"<none>"}', '{"name":"a \\"b\\"!","none":""}'],
    [
      '{"rule":<aws.events.rule-name>,"all":<aws.events.event.json>}',
      `{"rule":"outcome","all":${JSON.stringify(event)}}`,
    ],
    ['"<unknown> stays"', '"<unknown> stays"'],
  ])('is the template %s filled', (template, text) => {
    const paths = { id: '$.detail.id', name: "$.detail['name']", list: '$.detail.list', none: '$.detail.none' };
    expect(targetText({ kind: 'template', paths, template }, event, rule)).toBe(text);
    JSON.parse(text);
  });
});
