// Real: the endpoint and its queues, HTTP over loopback, requests as AWS CLI 2.9, boto3 1.26 and the Java SDK 1.x write
// them. Double: the clock, which stands still. Request ids are never asserted.
import { describe, expect, test } from 'vitest';
import { inQueryProtocolToo } from '../../local/aws/query-protocol.ts';
import { createSqs, sqsQueryApi } from '../../local/aws/sqs/service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { ACCOUNT, queueArn } from './sqs-setup.ts';

const QUEUE = {
  delaySeconds: 0,
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 345_600,
  maximumMessageBytes: 1_048_576,
};
const BASE = 'http://127.0.0.1:4566';
const URL_OF_QUEUE = `${BASE}/${ACCOUNT}/delivery`;
const NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';

type Asked = { method?: string; path?: string; form?: Record<string, string> };

function oldClient() {
  const { service, queues } = createSqs({
    timers: new ManualTimers(),
    accountId: ACCOUNT,
    region: 'us-east-1',
    baseUrl: BASE,
  });
  queues.add({ ...QUEUE, name: 'dead' });
  queues.add({ ...QUEUE, name: 'delivery', redrive: { deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 3 } });
  const serve = inQueryProtocolToo(service, sqsQueryApi);
  const ask = async (action: string, { method = 'POST', path = '/', form = {} }: Asked = {}) => {
    const body = new URLSearchParams({ Action: action, Version: '2012-11-05', ...form }).toString();
    const answer = await serve({
      method,
      path,
      query: new URLSearchParams(method === 'GET' ? body : ''),
      headers: method === 'GET' ? {} : { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(method === 'GET' ? '' : body),
      accessKeyId: 'AKIDOLD',
      signal: new AbortController().signal,
    });
    const xml = answer.body.toString();
    return { ...answer, xml, texts: (element: string) => textsOf(xml, element) };
  };
  const receive = (form: Record<string, string> = {}) =>
    ask('ReceiveMessage', {
      form: { QueueUrl: URL_OF_QUEUE, MaxNumberOfMessages: '10', 'AttributeName.1': 'All', ...form },
    });
  return { ask, receive, queues };
}

function textsOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))].map(([, text]) => text ?? '');
}

describe('the query protocol', () => {
  test('sends and receives a message with its attributes, in a form and in XML', async () => {
    const { ask, receive } = oldClient();
    const sent = await ask('SendMessage', {
      form: {
        QueueUrl: URL_OF_QUEUE,
        MessageBody: '<a b="c">&amp;\r\nGrüße 🚀',
        'MessageAttribute.2.Name': 'Raw',
        'MessageAttribute.2.Value.DataType': 'Binary',
        'MessageAttribute.2.Value.BinaryValue': 'AP8=',
        'MessageAttribute.1.Name': 'ErrorType',
        'MessageAttribute.1.Value.DataType': 'String',
        'MessageAttribute.1.Value.StringValue': 'InvalidRequest',
      },
    });
    expect(sent.headers['content-type']).toBe('text/xml');
    expect(sent.xml).toMatch(new RegExp(`^<\\?xml version="1.0"\\?>\\n<SendMessageResponse xmlns="${NAMESPACE}">`));
    const [messageId] = sent.texts('MessageId');

    const received = await receive({ 'MessageAttributeName.1': 'All' });
    expect(received.texts('MessageId')).toEqual([messageId]);
    expect(received.texts('Body')).toEqual(['&lt;a b=&quot;c&quot;&gt;&amp;amp;&#xD;\nGrüße 🚀']);
    expect(received.texts('MD5OfMessageAttributes')).toEqual(sent.texts('MD5OfMessageAttributes'));
    expect(received.texts('Attribute')).toContain('<Name>ApproximateReceiveCount</Name><Value>1</Value>');
    expect(received.texts('MessageAttribute')).toEqual([
      '<Name>ErrorType</Name><Value><DataType>String</DataType><StringValue>InvalidRequest</StringValue></Value>',
      '<Name>Raw</Name><Value><DataType>Binary</DataType><BinaryValue>AP8=</BinaryValue></Value>',
    ]);
  });

  test('sends a batch and says which entry failed, and why', async () => {
    const { ask } = oldClient();
    const answer = await ask('SendMessageBatch', {
      form: {
        QueueUrl: URL_OF_QUEUE,
        'SendMessageBatchRequestEntry.1.Id': 'good',
        'SendMessageBatchRequestEntry.1.MessageBody': 'hint',
        'SendMessageBatchRequestEntry.2.Id': 'late',
        'SendMessageBatchRequestEntry.2.MessageBody': 'hint',
        'SendMessageBatchRequestEntry.2.DelaySeconds': '901',
      },
    });
    expect(answer.texts('SendMessageBatchResultEntry')).toEqual([expect.stringContaining('<Id>good</Id>')]);
    expect(answer.texts('BatchResultErrorEntry')).toEqual([
      expect.stringMatching(/^<Id>late<\/Id><SenderFault>true<\/SenderFault><Code>InvalidParameterValue<\/Code>/),
    ]);
  });

  test('changes visibility and deletes, one by one and in a batch', async () => {
    const { ask, receive, queues } = oldClient();
    for (const body of ['1', '2', '3'])
      await ask('SendMessage', { form: { QueueUrl: URL_OF_QUEUE, MessageBody: body } });
    const [first = '', second = '', third = ''] = (await receive()).texts('ReceiptHandle');
    const again = { QueueUrl: URL_OF_QUEUE, ReceiptHandle: first, VisibilityTimeout: '0' };
    expect((await ask('ChangeMessageVisibility', { form: again })).status).toBe(200);
    expect(queues.byName('delivery')?.depth()).toMatchObject({ visible: 1, inFlight: 2 });
    expect((await ask('DeleteMessage', { form: { QueueUrl: URL_OF_QUEUE, ReceiptHandle: second } })).status).toBe(200);
    const batch = await ask('DeleteMessageBatch', {
      form: {
        QueueUrl: URL_OF_QUEUE,
        'DeleteMessageBatchRequestEntry.1.Id': 'a',
        'DeleteMessageBatchRequestEntry.1.ReceiptHandle': third,
      },
    });
    expect(batch.texts('DeleteMessageBatchResultEntry')).toEqual(['<Id>a</Id>']);
    expect(queues.byName('delivery')?.depth()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  test('reads and sets attributes', async () => {
    const { ask, queues } = oldClient();
    const form = { QueueUrl: URL_OF_QUEUE, 'Attribute.1.Name': 'VisibilityTimeout', 'Attribute.1.Value': '77' };
    expect((await ask('SetQueueAttributes', { form })).status).toBe(200);
    expect(queues.byName('delivery')?.settings.visibilityTimeoutSeconds).toBe(77);
    const read = await ask('GetQueueAttributes', {
      form: { QueueUrl: URL_OF_QUEUE, 'AttributeName.1': 'QueueArn', 'AttributeName.2': 'VisibilityTimeout' },
    });
    expect(read.texts('Attribute')).toEqual([
      `<Name>QueueArn</Name><Value>${queueArn('delivery')}</Value>`,
      '<Name>VisibilityTimeout</Name><Value>77</Value>',
    ]);
  });

  test('finds queues by name, by prefix and by what they take the dead letters of', async () => {
    const { ask } = oldClient();
    expect((await ask('GetQueueUrl', { form: { QueueName: 'delivery' } })).texts('QueueUrl')).toEqual([URL_OF_QUEUE]);
    expect((await ask('ListQueues')).texts('QueueUrl')).toHaveLength(2);
    const sources = await ask('ListDeadLetterSourceQueues', { form: { QueueUrl: `${BASE}/${ACCOUNT}/dead` } });
    expect(sources.texts('QueueUrl')).toEqual([URL_OF_QUEUE]);
  });

  test("takes the queue from the request's path where no parameter names it, and a GET", async () => {
    const { ask, queues } = oldClient();
    await ask('SendMessage', { path: `/${ACCOUNT}/delivery`, form: { MessageBody: 'by path' } });
    await ask('SendMessage', { method: 'GET', form: { QueueUrl: URL_OF_QUEUE, MessageBody: 'by GET' } });
    expect(
      queues
        .byName('delivery')
        ?.peek(2)
        .map(({ body }) => body),
    ).toEqual(['by path', 'by GET']);
  });

  test('answers an empty receive with an empty result', async () => {
    const { receive } = oldClient();
    expect((await receive()).texts('ReceiveMessageResult')).toEqual(['']);
  });

  test.each([
    {
      what: 'a queue that is not there',
      action: 'GetQueueUrl',
      form: { QueueName: 'absent' },
      code: 'AWS.SimpleQueueService.NonExistentQueue',
    },
    {
      what: 'a value out of range',
      action: 'ReceiveMessage',
      form: { QueueUrl: URL_OF_QUEUE, WaitTimeSeconds: '21' },
      code: 'InvalidParameterValue',
    },
    {
      what: 'a number that is none',
      action: 'ReceiveMessage',
      form: { QueueUrl: URL_OF_QUEUE, WaitTimeSeconds: 'x' },
      code: 'MalformedInput',
    },
    {
      what: 'a parameter that is missing',
      action: 'DeleteMessage',
      form: { QueueUrl: URL_OF_QUEUE },
      code: 'MissingParameter',
    },
    {
      what: 'what the template decides',
      action: 'CreateQueue',
      form: { QueueName: 'mine' },
      code: 'AWS.SimpleQueueService.UnsupportedOperation',
    },
    { what: 'an unknown action', action: 'Fly', form: {}, code: 'InvalidAction' },
  ])('refuses $what in XML', async ({ action, form, code }) => {
    const { ask } = oldClient();
    const answer = await ask(action, { form: { ...form } });
    expect(answer.status).toBe(400);
    expect(answer.texts('Code')).toEqual([code]);
    expect(answer.texts('Message')[0]).not.toBe('');
  });
});
