// Real: the SDK client, HTTP over loopback, the endpoint and its queues. Double: the clock, turned by hand.
// The order of messages is not asserted where SQS promises none.
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { QueueDefinition } from '../../local/aws/sqs/queues.ts';
import { startSqs } from './sqs-setup.ts';

const SECOND = 1000;

async function consumer(definition: Partial<QueueDefinition> = {}) {
  const sqs = await startSqs(definition);
  const QueueUrl = sqs.url('delivery');
  const receive = async (
    asked: Partial<ReceiveMessageCommandInput> = {},
    abortSignal?: AbortSignal,
  ): Promise<Message[]> => {
    const command = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'], ...asked });
    return (await sqs.client.send(command, abortSignal && { abortSignal })).Messages ?? [];
  };
  return {
    ...sqs,
    QueueUrl,
    receive,
    receiveOne: async (): Promise<{ ReceiptHandle: string }> => {
      const ReceiptHandle = (await receive())[0]?.ReceiptHandle;
      if (ReceiptHandle === undefined) throw new Error('expected a message');
      return { ReceiptHandle };
    },
    send: (MessageBody: string, DelaySeconds?: number) =>
      sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds })),
    remove: (ReceiptHandle: string) => sqs.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
    keep: (ReceiptHandle: string, VisibilityTimeout: number) =>
      sqs.client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
    depth: () => sqs.queues.byName('delivery')?.depth(),
  };
}

describe('a received message', () => {
  test('stays hidden for its visibility timeout and comes again with its count', async () => {
    const { send, receive, timers, depth } = await consumer({ visibilityTimeoutSeconds: 30 });
    await send('hint');
    await receive();
    await timers.advance(30 * SECOND - 1);
    expect(await receive()).toEqual([]);
    expect(depth()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await timers.advance(1);
    expect((await receive())[0]?.Attributes?.['ApproximateReceiveCount']).toBe('2');
  });

  test('takes the visibility timeout its receiver names', async () => {
    const { send, receive, timers } = await consumer();
    await send('hint');
    await receive({ VisibilityTimeout: 300 });
    await timers.advance(299 * SECOND);
    expect(await receive()).toEqual([]);
    await timers.advance(SECOND);
    expect(await receive()).toHaveLength(1);
  });

  test('never comes again once deleted', async () => {
    const { send, receiveOne, receive, remove, timers, depth } = await consumer();
    await send('hint');
    await remove((await receiveOne()).ReceiptHandle);
    await timers.advance(3600 * SECOND);
    expect(await receive()).toEqual([]);
    expect(depth()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('can still be deleted after its timeout while nobody else has received it', async () => {
    const { send, receiveOne, remove, timers, depth } = await consumer();
    await send('hint');
    const { ReceiptHandle } = await receiveOne();
    await timers.advance(31 * SECOND);
    await remove(ReceiptHandle);
    expect(depth()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('is not deleted by the handle of an earlier receive, though the call succeeds', async () => {
    const { send, receiveOne, remove, timers, depth } = await consumer();
    await send('hint');
    const first = await receiveOne();
    await timers.advance(30 * SECOND);
    await receiveOne();
    await remove(first.ReceiptHandle);
    expect(depth()).toMatchObject({ inFlight: 1 });
  });

  test('is deleted twice without an error', async () => {
    const { send, receiveOne, remove } = await consumer();
    await send('hint');
    const { ReceiptHandle } = await receiveOne();
    await remove(ReceiptHandle);
    await expect(remove(ReceiptHandle)).resolves.toBeDefined();
  });

  test('comes at once when its timeout is changed to zero, and later when it is extended', async () => {
    const { send, receiveOne, receive, keep, timers } = await consumer();
    await send('hint');
    await keep((await receiveOne()).ReceiptHandle, 0);
    const { ReceiptHandle } = await receiveOne();
    await timers.advance(20 * SECOND);
    await keep(ReceiptHandle, 60);
    await timers.advance(59 * SECOND);
    expect(await receive()).toEqual([]);
    await timers.advance(SECOND);
    expect(await receive()).toHaveLength(1);
  });

  test('cannot be kept for more than 12 hours in all', async () => {
    const { send, receiveOne, keep, timers } = await consumer();
    await send('hint');
    const { ReceiptHandle } = await receiveOne();
    await timers.advance(SECOND);
    await keep(ReceiptHandle, 43_199);
    await expect(keep(ReceiptHandle, 43_200)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('Total VisibilityTimeout'),
    });
  });

  test('takes a new timeout after the old one ran out: it is in flight again', async () => {
    const { send, receiveOne, keep, queues, timers } = await consumer();
    await send('hint');
    const { ReceiptHandle } = await receiveOne();
    await timers.advance(30 * SECOND);
    expect(queues.byName('delivery')?.depth()).toMatchObject({ visible: 1, inFlight: 0 });
    await keep(ReceiptHandle, 10);
    expect(queues.byName('delivery')?.depth()).toMatchObject({ visible: 0, inFlight: 1 });
    await timers.advance(10 * SECOND);
    await receiveOne();
    await expect(keep(ReceiptHandle, 10)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('refuses a new timeout when it is deleted or never was', async () => {
    const { send, receiveOne, keep, remove } = await consumer();
    await send('deleted');
    const { ReceiptHandle } = await receiveOne();
    await remove(ReceiptHandle);
    await expect(keep(ReceiptHandle, 10)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(keep('nonsense', 10)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    await expect(remove('nonsense')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
  });
});

describe('batches of handles', () => {
  test('delete and keep what they can and name the rest', async () => {
    const { client, send, receive, QueueUrl, depth } = await consumer();
    await send('one');
    await send('two');
    const [one, two] = await receive({ MaxNumberOfMessages: 2 });
    const bad = { Id: 'bad', ReceiptHandle: 'nonsense' };
    const kept = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'one', ReceiptHandle: one?.ReceiptHandle, VisibilityTimeout: 0 },
          { ...bad, VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(kept).toMatchObject({
      Successful: [{ Id: 'one' }],
      Failed: [{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }],
    });
    const deleted = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'two', ReceiptHandle: two?.ReceiptHandle }, bad] }),
    );
    expect(deleted).toMatchObject({ Successful: [{ Id: 'two' }], Failed: [{ Id: 'bad', SenderFault: true }] });
    expect(depth()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });
});

describe('a delayed message', () => {
  test('is counted as delayed and cannot be received before its time', async () => {
    const { send, receive, timers, depth } = await consumer();
    await send('later', 900);
    expect(depth()).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
    await timers.advance(900 * SECOND - 1);
    expect(await receive()).toEqual([]);
    await timers.advance(1);
    expect(await receive()).toHaveLength(1);
  });

  test("takes the queue's delay unless it names its own, zero included", async () => {
    const { send, receive, timers } = await consumer({ delaySeconds: 60 });
    await send('queue');
    await send('own', 0);
    expect((await receive({ MaxNumberOfMessages: 10 })).map((message) => message.Body)).toEqual(['own']);
    await timers.advance(60 * SECOND);
    expect((await receive({ MaxNumberOfMessages: 10 })).map((message) => message.Body)).toContain('queue');
  });
});

describe('a long poll', () => {
  test('ends at once with the message that is sent, without the clock moving', async () => {
    const { send, receive, nextRequest } = await consumer();
    const waiting = nextRequest();
    const poll = receive({ WaitTimeSeconds: 20 });
    await waiting;
    await send('hint');
    expect(await poll).toMatchObject([{ Body: 'hint' }]);
  });

  test('takes a whole batch that is sent together', async () => {
    const { client, receive, nextRequest, QueueUrl } = await consumer();
    const waiting = nextRequest();
    const poll = receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 10 });
    await waiting;
    const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(await poll).toHaveLength(3);
  });

  test('wakes when a delay ends, when a timeout ends and when a message is given back', async () => {
    const { send, receive, keep, nextRequest, timers } = await consumer({ visibilityTimeoutSeconds: 10 });
    const poll = async (): Promise<Promise<Message[]>[]> => {
      const waiting = nextRequest();
      const answer = receive({ WaitTimeSeconds: 20 });
      await waiting;
      return [answer];
    };
    await send('hint', 5);
    const [delayed] = await poll();
    await timers.advance(5 * SECOND);
    expect(await delayed).toHaveLength(1);

    const [timedOut] = await poll();
    await timers.advance(10 * SECOND);
    const [message] = (await timedOut) ?? [];
    expect(message?.Attributes?.['ApproximateReceiveCount']).toBe('2');

    const [givenBack] = await poll();
    await keep(message?.ReceiptHandle ?? '', 0);
    expect(await givenBack).toHaveLength(1);
  });

  test('ends empty when its time is up', async () => {
    const { receive, nextRequest, timers } = await consumer();
    const waiting = nextRequest();
    const poll = receive({ WaitTimeSeconds: 20 });
    await waiting;
    await timers.advance(20 * SECOND);
    expect(await poll).toEqual([]);
  });

  test('waits as long as the queue says where it says nothing itself', async () => {
    const { receive, send, nextRequest } = await consumer({ receiveWaitSeconds: 20 });
    const waiting = nextRequest();
    const poll = receive();
    await waiting;
    await send('hint');
    expect(await poll).toHaveLength(1);
  });

  test('of a client that has gone takes no message with it', async () => {
    const { queues, send, receive } = await consumer();
    const queue = queues.byName('delivery');
    const leave = new AbortController();
    const left = queue?.receive({ max: 1, waitMs: 20 * SECOND, signal: leave.signal });
    leave.abort();
    expect(await left).toEqual([]);
    await send('hint');
    expect(await receive()).toHaveLength(1);
  });

  test('serves those who wait longest first', async () => {
    const { queues, send } = await consumer();
    const queue = queues.byName('delivery');
    const { signal } = new AbortController();
    const order: string[] = [];
    const polls = ['first', 'second'].map(async (who) => {
      await queue?.receive({ max: 1, waitMs: 20 * SECOND, signal });
      order.push(who);
    });
    await send('one');
    await polls[0];
    expect(order).toEqual(['first']);
    await send('two');
    await Promise.all(polls);
    expect(order).toEqual(['first', 'second']);
  });
});

describe('a receive', () => {
  test('takes one message unless it asks for more, and at most ten', async () => {
    const { send, receive } = await consumer();
    for (let count = 0; count < 12; count++) await send('hint');
    expect(await receive()).toHaveLength(1);
    expect(await receive({ MaxNumberOfMessages: 10 })).toHaveLength(10);
  });

  test.each<[string, Partial<ReceiveMessageCommandInput>, string]>([
    ['0 messages', { MaxNumberOfMessages: 0 }, 'InvalidParameterValue'],
    ['11 messages', { MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
    ['a wait of 21 seconds', { WaitTimeSeconds: 21 }, 'InvalidParameterValue'],
    ['a timeout of 43201 seconds', { VisibilityTimeout: 43_201 }, 'InvalidParameterValue'],
    ['an attribute nobody knows', { MessageSystemAttributeNames: ['Age' as 'All'] }, 'InvalidAttributeName'],
    ['a queue nobody knows', { QueueUrl: 'http://127.0.0.1/000000000000/nowhere' }, 'QueueDoesNotExist'],
  ])('is refused that asks for %s', async (_, asked, name) => {
    const { receive } = await consumer();
    await expect(receive(asked)).rejects.toMatchObject({ name });
  });
});

describe('retention', () => {
  test('drops a message its full time after it was sent, in whatever state it is', async () => {
    const { send, receive, timers, depth } = await consumer({ retentionSeconds: 60 });
    await send('visible');
    await send('delayed', 900);
    await receive({ VisibilityTimeout: 600 });
    await timers.advance(60 * SECOND - 1);
    expect(depth()).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
    await timers.advance(1);
    expect(depth()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});
