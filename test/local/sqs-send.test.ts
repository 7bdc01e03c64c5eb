// Real: the SDK client, HTTP over loopback, the endpoint and its queues. Double: the clock, which stands still.
// Error names are asserted as the SDK gives them, for that is what callers branch on.
import {
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { startSqs } from './sqs-setup.ts';

const MIB = 1_048_576;

async function sender() {
  const sqs = await startSqs();
  const QueueUrl = sqs.url('delivery');
  return {
    ...sqs,
    send: (asked: Partial<SendMessageCommandInput>) =>
      sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hint', ...asked })),
    sendBatch: (Entries: SendMessageBatchRequestEntry[]) =>
      sqs.client.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    receive: async () => {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages;
    },
  };
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });

describe('a message', () => {
  test('comes back with body, digests and everything SQS knows of it', async () => {
    const { send, receive, timers } = await sender();
    const sent = await send({
      MessageBody: '{"text":"Grüße 🚀"}',
      MessageGroupId: 'organization-7',
      MessageAttributes: {
        ErrorType: text('InvalidRequest'),
        Raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
      MessageSystemAttributes: {
        AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
      },
    });
    await timers.advance(1500);

    const [message] = await receive();
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: '{"text":"Grüße 🚀"}',
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: {
        ErrorType: text('InvalidRequest'),
        Raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
      },
      Attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.parse('2026-11-23T12:00:00.000Z')),
        ApproximateFirstReceiveTimestamp: String(Date.parse('2026-11-23T12:00:01.500Z')),
        SenderId: 'AKIDENQUEUE',
        MessageGroupId: 'organization-7',
        AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      },
    });
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/);
  });

  test('keeps the trace that the SDK of a Lambda function sends as a header', async () => {
    const { call, receive, url } = await sender();
    const body = JSON.stringify({ QueueUrl: url('delivery'), MessageBody: 'hint' });
    await call('AmazonSQS.SendMessage', { body, headers: { 'X-Amzn-Trace-Id': 'Root=1-a-b;Lineage=1:c:16' } });
    expect((await receive())[0]?.Attributes).toMatchObject({ AWSTraceHeader: 'Root=1-a-b;Lineage=1:c:16' });
  });

  // Digests published for an independent implementation of the documented algorithm.
  const published = {
    string: { attribName1: text('attribValue 1') },
    number: {
      customNumberTypeAttrib: { DataType: 'Number.float', StringValue: '4563442423554324324264524243.32543234' },
    },
    binary: { binaryAttribute: { DataType: 'Binary', BinaryValue: Buffer.from('Hello binary world!') } },
  };
  test.each([
    ['a string', published.string, '19e27d4e946b072f3f58da80d94fd778'],
    ['a labelled number', published.number, '9fe1b90bbd9965bdf77bac517c7d2495'],
    ['bytes', published.binary, '31a92b15d92f8db860eda32aceb656c3'],
    ['several', { ...published.string, ...published.number, ...published.binary }, 'c932db14a896c663f83c260297d594ff'],
  ])('has the documented attribute digest for %s', async (_, MessageAttributes, digest) => {
    const { send } = await sender();
    expect((await send({ MessageAttributes })).MD5OfMessageAttributes).toBe(digest);
  });

  test('gives only the attributes asked for, with the digest of those', async () => {
    const { client, send, url } = await sender();
    const all = await send({ MessageAttributes: { 'trace.id': text('t'), 'trace.span': text('s'), other: text('o') } });
    const traceOnly = await send({ MessageAttributes: { 'trace.id': text('t'), 'trace.span': text('s') } });
    const QueueUrl = url('delivery');
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MessageAttributeNames: ['trace.*'],
        MessageSystemAttributeNames: ['SenderId'],
      }),
    );
    expect(Object.keys(Messages[0]?.MessageAttributes ?? {})).toEqual(['trace.id', 'trace.span']);
    expect(Messages[0]?.MD5OfMessageAttributes).toBe(traceOnly.MD5OfMessageAttributes);
    expect(Messages[0]?.MD5OfMessageAttributes).not.toBe(all.MD5OfMessageAttributes);
    expect(Messages[0]?.Attributes).toEqual({ SenderId: 'AKIDENQUEUE' });
  });
});

test('the older name of the system attributes is understood too', async () => {
  const { client, send, url } = await sender();
  await send({});
  const { Messages } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: url('delivery'), AttributeNames: ['All'] }),
  );
  expect(Messages?.[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', SenderId: 'AKIDENQUEUE' });
});

describe('SQS accepts', () => {
  test.each<[string, Partial<SendMessageCommandInput>]>([
    ['a delay of 900 seconds', { DelaySeconds: 900 }],
    ['a body of 1 MiB', { MessageBody: 'x'.repeat(MIB) }],
    [
      'every character up to the edges of what is allowed',
      { MessageBody: '\t\n\r \uD7FF\uE000\uFFFD\u{10000}\u{10FFFF}' },
    ],
    [
      'a body that just fits with its attributes',
      { MessageBody: 'x'.repeat(MIB - 8), MessageAttributes: { a: text('b') } },
    ],
    ['ten attributes', { MessageAttributes: attributes(10) }],
    ['a number with an exponent', { MessageAttributes: { n: { DataType: 'Number', StringValue: '-1.5e10' } } }],
    ['punctuation in a group id', { MessageGroupId: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~' }],
  ])('%s', async (_, asked) => {
    const { send } = await sender();
    expect((await send(asked)).MessageId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('SQS refuses', () => {
  test.each<[string, Partial<SendMessageCommandInput>, string]>([
    ['a delay of 901 seconds', { DelaySeconds: 901 }, 'InvalidParameterValue'],
    ['a negative delay', { DelaySeconds: -1 }, 'InvalidParameterValue'],
    ['an empty body', { MessageBody: '' }, 'MissingParameter'],
    ['a body of 1 MiB and a byte', { MessageBody: 'x'.repeat(MIB + 1) }, 'InvalidParameterValue'],
    [
      'a body that fits only without its attributes',
      { MessageBody: 'x'.repeat(MIB - 7), MessageAttributes: { a: text('b') } },
      'InvalidParameterValue',
    ],
    ['NUL in a body', { MessageBody: 'a\u0000b' }, 'InvalidMessageContents'],
    ['a lone surrogate in a body', { MessageBody: 'a\uD800b' }, 'InvalidMessageContents'],
    ['U+FFFE in a body', { MessageBody: '\uFFFE' }, 'InvalidMessageContents'],
    ['eleven attributes', { MessageAttributes: attributes(11) }, 'InvalidParameterValue'],
    [
      'an attribute of an unknown type',
      { MessageAttributes: { a: { DataType: 'Date', StringValue: 'x' } } },
      'InvalidParameterValue',
    ],
    [
      'an attribute without a value',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValue',
    ],
    [
      'a number that is none',
      { MessageAttributes: { a: { DataType: 'Number', StringValue: '12x' } } },
      'InvalidParameterValue',
    ],
    ['an attribute name with two periods', { MessageAttributes: { 'a..b': text('x') } }, 'InvalidParameterValue'],
    ['an attribute name of AWS', { MessageAttributes: { 'Aws.x': text('x') } }, 'InvalidParameterValue'],
    ['NUL in an attribute', { MessageAttributes: { a: text('\u0000') } }, 'InvalidParameterValue'],
    [
      'lists as attribute values',
      { MessageAttributes: { a: { DataType: 'String', StringListValues: ['x'] } } },
      'UnsupportedOperation',
    ],
    ['a group id with a space', { MessageGroupId: 'a b' }, 'InvalidParameterValue'],
    ['a group id of 129 characters', { MessageGroupId: 'g'.repeat(129) }, 'InvalidParameterValue'],
    ['deduplication on a standard queue', { MessageDeduplicationId: 'once' }, 'InvalidParameterValue'],
    ['a queue it does not know', { QueueUrl: 'http://127.0.0.1/000000000000/nowhere' }, 'QueueDoesNotExist'],
    ['a queue of another account', { QueueUrl: 'http://127.0.0.1/111111111111/delivery' }, 'QueueDoesNotExist'],
  ])('%s', async (_, asked, name) => {
    const { send, queues } = await sender();
    await expect(send(asked)).rejects.toMatchObject({ name });
    expect(queues.byName('delivery')?.depth().visible).toBe(0);
  });
});

describe('a batch', () => {
  const entry = (Id: string, more: Partial<SendMessageBatchRequestEntry> = {}) => ({ Id, MessageBody: Id, ...more });

  test('sends the good entries and names the bad ones', async () => {
    const { sendBatch, receive } = await sender();
    const result = await sendBatch([
      entry('good'),
      entry('late', { DelaySeconds: 901 }),
      entry('nul', { MessageBody: '\u0000' }),
    ]);
    expect(result.Successful).toMatchObject([{ Id: 'good' }]);
    expect(result.Failed).toMatchObject([
      { Id: 'late', SenderFault: true, Code: 'InvalidParameterValue' },
      { Id: 'nul', SenderFault: true, Code: 'InvalidMessageContents' },
    ]);
    expect((await receive()).map((message) => message.Body)).toEqual(['good']);
  });

  test('of ten entries and 1 MiB goes through, without a Failed list', async () => {
    const { sendBatch } = await sender();
    const nine = Array.from({ length: 9 }, (_, index) => entry(`entry-${index}`, { MessageBody: 'x' }));
    const result = await sendBatch([...nine, entry('large', { MessageBody: 'x'.repeat(MIB - 9) })]);
    expect(result.Successful).toHaveLength(10);
    expect(result.Failed).toBeUndefined();
  });

  test.each<[string, SendMessageBatchRequestEntry[], string]>([
    ['nothing', [], 'EmptyBatchRequest'],
    ['eleven entries', Array.from({ length: 11 }, (_, index) => entry(`e${index}`)), 'TooManyEntriesInBatchRequest'],
    ['the same id twice', [entry('a'), entry('a')], 'BatchEntryIdsNotDistinct'],
    ['an id with a period', [entry('a.b')], 'InvalidBatchEntryId'],
    ['an id of 81 characters', [entry('i'.repeat(81))], 'InvalidBatchEntryId'],
    ['more than 1 MiB in all', [entry('a', { MessageBody: 'x'.repeat(MIB) }), entry('b')], 'BatchRequestTooLong'],
  ])('of %s fails as a whole', async (_, entries, name) => {
    const { sendBatch, queues } = await sender();
    await expect(sendBatch(entries)).rejects.toMatchObject({ name });
    expect(queues.byName('delivery')?.depth().visible).toBe(0);
  });
});

function attributes(count: number): Record<string, MessageAttributeValue> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`attribute-${index}`, text('x')]));
}
