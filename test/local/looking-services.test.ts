// Real: the small services that only show the stack, in each protocol that clients speak to them. Doubles: the clock, and
// the stack that they show.
import { cbor } from '@smithy/core/cbor';
import { describe, expect, test } from 'vitest';
import type { AwsService } from '../../local/aws/aws-service.ts';
import { cloudFormationInQueryProtocol, createCloudFormation } from '../../local/aws/cloudformation/service.ts';
import { readFilterPattern } from '../../local/aws/logs/filter-pattern.ts';
import { LogStore } from '../../local/aws/logs/log-store.ts';
import { createLogs } from '../../local/aws/logs/service.ts';
import { alarmsInEveryProtocol, createAlarmsApi } from '../../local/aws/metrics/alarms-api.ts';
import type { AlarmReport } from '../../local/aws/metrics/stack-metrics.ts';
import { createSts, stsInQueryProtocol } from '../../local/aws/sts/service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

type Asked = { headers: Record<string, string>; path?: string; body: string | Uint8Array; accessKeyId?: string };

async function ask(service: AwsService, { headers, path = '/', body, accessKeyId = 'any' }: Asked) {
  const answer = await service({
    method: 'POST',
    path,
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(body),
    accessKeyId,
    signal: new AbortController().signal,
  });
  return { status: answer.status, body: Buffer.from(answer.body) };
}

async function xmlOf(service: AwsService, parameters: Record<string, string>, accessKeyId = 'any') {
  const { status, body } = await ask(service, {
    headers: FORM,
    body: new URLSearchParams(parameters).toString(),
    accessKeyId,
  });
  return { status, xml: body.toString() };
}

async function jsonOf(service: AwsService, target: string, input: object) {
  const { status, body } = await ask(service, { headers: { 'x-amz-target': target }, body: JSON.stringify(input) });
  return { status, answer: JSON.parse(body.toString()) as Record<string, unknown> };
}

describe('CloudFormation', () => {
  const service = cloudFormationInQueryProtocol(
    createCloudFormation({
      ...PLACE,
      stack: { stackName: 'WebhookDelivery' },
      outputs: () => ({ EnqueueFunctionName: 'enqueue-1', DatabaseName: 'surehook' }),
      createdAtMs: Date.UTC(2026, 10, 23, 12),
    }),
  );

  test.each([
    {},
    { StackName: 'WebhookDelivery' },
    { StackName: 'arn:aws:cloudformation:us-east-1:000000000000:stack/WebhookDelivery/local' },
  ])('describes its stack with the outputs, asked for as %j', async (asked) => {
    const { status, xml } = await xmlOf(service, { Action: 'DescribeStacks', ...asked });
    expect(status).toBe(200);
    expect(xml).toContain(
      '<StackName>WebhookDelivery</StackName><CreationTime>2026-11-23T12:00:00.000Z</CreationTime>',
    );
    expect(xml).toContain(
      '<Outputs><member><OutputKey>EnqueueFunctionName</OutputKey><OutputValue>enqueue-1</OutputValue></member>',
    );
  });

  test('knows no other stack, and says what else it does not know', async () => {
    expect(await xmlOf(service, { Action: 'DescribeStacks', StackName: 'Other' })).toMatchObject({
      status: 400,
      xml: expect.stringContaining('<Code>ValidationError</Code><Message>Stack with id Other does not exist</Message>'),
    });
    expect(await xmlOf(service, { Action: 'DeleteStack' })).toMatchObject({
      status: 400,
      xml: expect.stringContaining('does not know DeleteStack. It has: DescribeStacks.'),
    });
  });
});

test('STS says who asks: a function by its session, anybody else as the account itself', async () => {
  const service = stsInQueryProtocol(
    createSts({
      ...PLACE,
      sessionArn: (key) => (key === 'ASIAFUNCTION' ? 'arn:aws:sts::0:assumed-role/r/deliver' : undefined),
    }),
  );
  expect((await xmlOf(service, { Action: 'GetCallerIdentity' })).xml).toContain(
    '<Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>',
  );
  expect((await xmlOf(service, { Action: 'GetCallerIdentity' }, 'ASIAFUNCTION')).xml).toContain(
    '<Arn>arn:aws:sts::0:assumed-role/r/deliver</Arn>',
  );
});

describe('CloudWatch describes alarms', () => {
  const report = (name: string, state: AlarmReport['state']): AlarmReport => ({
    alarm: {
      logicalId: name,
      name,
      arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
      description: 'says & shows',
      watched: {
        kind: 'metric',
        id: undefined,
        stat: 'Sum',
        metric: { namespace: 'Surehook', name: 'DeadLetters', dimensions: { a: 'b' } },
      },
      queries: [],
      watches: 'DeadLetters',
      periodMs: 300_000,
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      datapointsToAlarm: 1,
      evaluationPeriods: 1,
      missingData: 'notBreaching',
    },
    state,
    since: new Date(Date.UTC(2026, 10, 23, 12)),
    because: state === 'NOT_EVALUATED' ? 'CPU is not measured on this machine' : undefined,
    value: 3,
  });
  const service = alarmsInEveryProtocol(
    createAlarmsApi(() => [report('Dead', 'ALARM'), report('Oldest', 'OK'), report('Cpu', 'NOT_EVALUATED')]),
  );
  const TARGET = 'GraniteServiceVersion20100801.DescribeAlarms';

  test('in the query protocol', async () => {
    const parameters = { Action: 'DescribeAlarms', 'AlarmNames.member.1': 'Dead', 'AlarmNames.member.2': 'Cpu' };
    const { xml } = await xmlOf(service, parameters);
    expect(xml.match(/<AlarmName>\w+/g)).toEqual(['<AlarmName>Dead', '<AlarmName>Cpu']);
    expect(xml).toContain('<StateUpdatedTimestamp>2026-11-23T12:00:00.000Z</StateUpdatedTimestamp>');
    expect(xml).toContain('<Dimensions><member><Name>a</Name><Value>b</Value></member></Dimensions>');
  });

  test('in AWS JSON', async () => {
    expect((await jsonOf(service, TARGET, { StateValue: 'ALARM' })).answer).toMatchObject({
      MetricAlarms: [
        {
          AlarmName: 'Dead',
          StateValue: 'ALARM',
          StateReason: 'DeadLetters is 3',
          Period: 300,
          Threshold: 0,
          Statistic: 'Sum',
        },
      ],
    });
    expect((await jsonOf(service, TARGET, { AlarmNamePrefix: 'C' })).answer).toMatchObject({
      MetricAlarms: [{ StateValue: 'INSUFFICIENT_DATA', StateReason: 'CPU is not measured on this machine' }],
    });
  });

  test('in CBOR, with times as times', async () => {
    const { body } = await ask(service, {
      path: '/service/GraniteServiceVersion20100801/operation/DescribeAlarms',
      headers: { 'smithy-protocol': 'rpc-v2-cbor' },
      body: cbor.serialize({ AlarmNames: ['Dead'] }),
    });
    const answer: unknown = cbor.deserialize(new Uint8Array(body));
    expect(answer).toMatchObject({
      MetricAlarms: [
        { AlarmName: 'Dead', StateUpdatedTimestamp: { tag: 1, value: Date.UTC(2026, 10, 23, 12) / 1000 } },
      ],
    });
  });

  test('in pages', async () => {
    const { answer } = await jsonOf(service, TARGET, { MaxRecords: 2 });
    expect(answer).toMatchObject({ MetricAlarms: [{}, {}], NextToken: '2' });
    const { answer: rest } = await jsonOf(service, TARGET, { MaxRecords: 2, NextToken: '2' });
    expect(rest).toMatchObject({ MetricAlarms: [{ AlarmName: 'Cpu' }] });
    expect(rest['NextToken']).toBeUndefined();
    expect(await jsonOf(service, TARGET, { MaxRecords: 0 })).toMatchObject({ status: 400 });
  });
});

describe('CloudWatch Logs', () => {
  function written() {
    const timers = new ManualTimers();
    const logs = createLogs({ ...PLACE, timers, functions: [{ name: 'deliver', logGroup: '/surehook/deliver' }] });
    const write = (text: string) =>
      logs.record({ functionName: 'deliver', processId: 'p1', requestId: undefined, stream: 'stdout', text });
    const filter = (input: object) =>
      jsonOf(logs.service, 'Logs_20140328.FilterLogEvents', { logGroupName: '/surehook/deliver', ...input });
    return { timers, write, filter };
  }

  test('shows what a function wrote since a time, in pages', async () => {
    const { timers, write, filter } = written();
    write('before');
    await timers.advance(1000);
    const startTime = timers.nowMs();
    for (const text of ['one', 'two', 'three']) write(text);
    const { answer } = await filter({ startTime, limit: 2 });
    expect(answer).toMatchObject({
      events: [
        {
          message: 'one',
          timestamp: startTime,
          logStreamName: '2026/11/23/[$LATEST]p1',
          eventId: expect.stringMatching(/^\d{56}$/),
        },
        { message: 'two' },
      ],
    });
    expect((await filter({ startTime, limit: 2, nextToken: answer['nextToken'] })).answer).toEqual({
      events: [expect.objectContaining({ message: 'three' })],
      searchedLogStreams: [],
    });
  });

  test('knows its groups by name and by ARN, and no others', async () => {
    const { write, filter } = written();
    write('one');
    const logGroupIdentifier = 'arn:aws:logs:us-east-1:000000000000:log-group:/surehook/deliver:*';
    expect((await filter({ logGroupName: undefined, logGroupIdentifier })).answer).toMatchObject({ events: [{}] });
    expect(await filter({ logGroupName: '/surehook/other' })).toMatchObject({
      status: 400,
      answer: { __type: 'ResourceNotFoundException' },
    });
  });

  test('refuses a pattern that it does not know', async () => {
    const { filter } = written();
    expect(await filter({ filterPattern: '[a, b]' })).toMatchObject({
      answer: { __type: 'InvalidParameterException' },
    });
  });

  const line = '{"level":"ERROR","attempt":3,"fault":{"name":"Timeout"},"retried":true,"note":null}';

  test.each([
    '',
    'ERROR',
    'ERROR Timeout',
    '"level":"ERROR"',
    '"\\"level\\":\\"ERROR\\""',
    '?INFO ?ERROR',
    'ERROR -INFO',
    '%T[a-z]+t%',
    '{ $.level = "ERROR" }',
    '{ $.level = ERR* }',
    '{ $.attempt > 2 && $.fault.name != "Dns" }',
    '{ $.attempt > 5 || $.retried IS TRUE }',
    '{ $.absent NOT EXISTS && $.note IS NULL }',
  ])('a line is found by %s', (pattern) => {
    expect(readFilterPattern(pattern)?.(line)).toBe(true);
  });

  test.each([
    'error',
    'ERROR Dns',
    '-ERROR',
    '?INFO ?WARN',
    '{ $.level = "INFO" }',
    '{ $.attempt <= 2 }',
    '{ $.absent != "x" }',
    '{ $.level = "ERROR" && $.attempt = 4 }',
  ])('a line is not found by %s', (pattern) => {
    expect(readFilterPattern(pattern)?.(line)).toBe(false);
  });

  test('keeps the newest lines within its bounds', () => {
    const store = new LogStore({ events: 100, bytes: 1_000 });
    for (let number = 1; number <= 1_000; number += 1)
      store.add({ group: 'g', stream: 's', atMs: number, message: 'ten bytes!' });
    const kept = store.after(0);
    expect(kept.length).toBeGreaterThan(80);
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.at(-1)?.number).toBe(1_000);
    expect(store.after(998).map(({ number }) => number)).toEqual([999, 1_000]);
  });
});
