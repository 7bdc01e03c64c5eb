// Real: the SDK client, HTTP over loopback, the endpoint and its queues. Double: the clock, turned by hand.
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type QueueAttributeName,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { ACCOUNT, queueArn, startSqs } from './sqs-setup.ts';

describe('queues', () => {
  test('are found by name, by ARN and by any URL with their path', async () => {
    const { client, queues } = await startSqs();
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'delivery' }));
    expect(QueueUrl).toBe(`http://127.0.0.1:4566/${ACCOUNT}/delivery`);
    const elsewhere = `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/delivery`;
    await client.send(new SendMessageCommand({ QueueUrl: elsewhere, MessageBody: 'hint' }));
    expect(queues.byArn(queueArn('delivery'))?.depth().visible).toBe(1);
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'nowhere' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('are listed by prefix and in pages', async () => {
    const { client } = await startSqs({ name: 'intake' }, { name: 'intake-dead' }, { name: 'delivery' });
    const list = (asked: object) => client.send(new ListQueuesCommand(asked));
    expect((await list({})).QueueUrls).toHaveLength(3);
    const first = await list({ QueueNamePrefix: 'intake', MaxResults: 1 });
    const second = await list({ QueueNamePrefix: 'intake', MaxResults: 1, NextToken: first.NextToken });
    expect([first, second].map((page) => page.QueueUrls?.[0]?.split('/').at(-1))).toEqual(['intake', 'intake-dead']);
    expect(second.NextToken).toBeUndefined();
    expect((await list({ QueueNamePrefix: 'none' })).QueueUrls).toBeUndefined();
  });

  test('are not made by a caller: the template makes them', async () => {
    const { client } = await startSqs();
    await expect(client.send(new CreateQueueCommand({ QueueName: 'new' }))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });
});

describe('the attributes of a queue', () => {
  async function attributes(...definition: Parameters<typeof startSqs>) {
    const sqs = await startSqs(...definition);
    const QueueUrl = sqs.url('delivery');
    return {
      ...sqs,
      QueueUrl,
      get: async (...AttributeNames: QueueAttributeName[]) =>
        (await sqs.client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes,
      set: (Attributes: Record<string, string>) =>
        sqs.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes })),
    };
  }

  test('tell its settings and how many messages it holds', async () => {
    const redrive = { deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 3 };
    const { get, client, QueueUrl } = await attributes({ redrive, receiveWaitSeconds: 5 });
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'now' }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 60 }));
    expect(await get('All')).toEqual({
      QueueArn: queueArn('delivery'),
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '1',
      CreatedTimestamp: String(Date.parse('2026-11-23T12:00:00Z') / 1000),
      LastModifiedTimestamp: String(Date.parse('2026-11-23T12:00:00Z') / 1000),
      DelaySeconds: '0',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      ReceiveMessageWaitTimeSeconds: '5',
      VisibilityTimeout: '30',
      SqsManagedSseEnabled: 'true',
      RedrivePolicy: JSON.stringify(redrive),
    });
    expect(await get('QueueArn')).toEqual({ QueueArn: queueArn('delivery') });
    expect(await get()).toBeUndefined();
    await expect(get('Age' as 'All')).rejects.toMatchObject({ name: 'InvalidAttributeName' });
  });

  test('about access and encryption come back as they were set', async () => {
    const { get, set } = await attributes();
    const Policy = '{"Version":"2012-10-17","Statement":[]}';
    await set({ Policy, KmsMasterKeyId: 'alias/aws/sqs', RedriveAllowPolicy: '{"redrivePermission":"allowAll"}' });
    expect(await get('All')).toMatchObject({
      Policy,
      KmsMasterKeyId: 'alias/aws/sqs',
      KmsDataKeyReusePeriodSeconds: '300',
      RedriveAllowPolicy: '{"redrivePermission":"allowAll"}',
      SqsManagedSseEnabled: 'false',
    });
    await set({ Policy: '', KmsMasterKeyId: '' });
    expect(await get('Policy')).toBeUndefined();
    expect(await get('SqsManagedSseEnabled')).toEqual({ SqsManagedSseEnabled: 'true' });
  });

  test('can be changed and are in force from then on', async () => {
    const { get, set, client, QueueUrl } = await attributes({}, { name: 'dead' });
    await set({
      MaximumMessageSize: '1024',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: '4' }),
    });
    await expect(
      client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(1025) })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    expect(await get('RedrivePolicy')).toEqual({
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 4 }),
    });
    await set({ RedrivePolicy: '' });
    expect(await get('RedrivePolicy')).toBeUndefined();
  });

  test.each([
    ['VisibilityTimeout', '43201', 'InvalidAttributeValue'],
    ['MessageRetentionPeriod', '59', 'InvalidAttributeValue'],
    ['DelaySeconds', 'soon', 'InvalidAttributeValue'],
    ['RedrivePolicy', '{"maxReceiveCount":3}', 'InvalidAttributeValue'],
    ['RedrivePolicy', `{"deadLetterTargetArn":"${queueArn('absent')}","maxReceiveCount":3}`, 'InvalidParameterValue'],
    ['Policy', 'everybody', 'InvalidAttributeValue'],
    ['FifoQueue', 'true', 'InvalidAttributeName'],
  ])('cannot be set to %s=%s', async (attribute, value, name) => {
    const { set } = await attributes();
    await expect(set({ DelaySeconds: '5', [attribute]: value })).rejects.toMatchObject({ name });
  });
});

test('a purge drops everything, and is taken once a minute', async () => {
  const { client, queues, timers, url } = await startSqs();
  const QueueUrl = url('delivery');
  for (const DelaySeconds of [0, 0, 60]) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hint', DelaySeconds }));
  }
  const queue = queues.byName('delivery');
  await queue?.receive({ max: 1, waitMs: 0, signal: new AbortController().signal });
  await client.send(new PurgeQueueCommand({ QueueUrl }));
  expect(queue?.depth()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  await expect(client.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({
    name: 'PurgeQueueInProgress',
  });
  await timers.advance(60_000);
  await client.send(new PurgeQueueCommand({ QueueUrl }));
});

describe('on the wire', () => {
  test('an error carries the type of the JSON protocol and the code of the query protocol', async () => {
    const { call } = await startSqs();
    const unknownQueue = await call('AmazonSQS.PurgeQueue', { body: '{"QueueUrl":"http://sqs/1/nowhere"}' });
    expect(unknownQueue.status).toBe(400);
    expect(unknownQueue.headers.get('content-type')).toBe('application/x-amz-json-1.0');
    expect(unknownQueue.headers.get('x-amzn-query-error')).toBe('AWS.SimpleQueueService.NonExistentQueue;Sender');
    expect(await unknownQueue.json()).toEqual({
      __type: 'com.amazonaws.sqs#QueueDoesNotExist',
      message: 'The specified queue does not exist.',
    });
  });

  test.each([
    ['no JSON', 'AmazonSQS.ListQueues', '{"QueueUrl"', 'SerializationException'],
    ['no object', 'AmazonSQS.ListQueues', '[]', 'SerializationException'],
    ['a number for a name', 'AmazonSQS.GetQueueUrl', '{"QueueName":7}', 'SerializationException'],
    ['no such operation', 'AmazonSQS.Frobnicate', '{}', 'UnknownOperationException'],
    ['another service', 'DynamoDB_20120810.GetItem', '{}', 'UnknownOperationException'],
  ])('%s is the fault of the caller', async (_, target, body, type) => {
    const { call } = await startSqs();
    const response = await call(target, { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: `com.amazon.coral.service#${type}` });
  });
});
