// Real: the SDK client, HTTP over loopback, the endpoint and its queues. Double: the clock, turned by hand.
import {
  CancelMessageMoveTaskCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { queueArn, startSqs } from './sqs-setup.ts';

const SECOND = 1000;

async function redrive() {
  const sqs = await startSqs(
    {
      visibilityTimeoutSeconds: 30,
      retentionSeconds: 600,
      redrive: { deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 2 },
    },
    { name: 'dead', retentionSeconds: 900 },
    { name: 'elsewhere' },
  );
  const receive = async (name: string): Promise<Message[]> => {
    const command = new ReceiveMessageCommand({ QueueUrl: sqs.url(name), MessageSystemAttributeNames: ['All'] });
    return (await sqs.client.send(command)).Messages ?? [];
  };
  const send = (name: string, MessageBody = 'hint') =>
    sqs.client.send(new SendMessageCommand({ QueueUrl: sqs.url(name), MessageBody, MessageGroupId: 'organization-7' }));
  const exhaust = async (): Promise<void> => {
    for (let receives = 0; receives < 2; receives++) {
      await receive('delivery');
      await sqs.timers.advance(30 * SECOND);
    }
  };
  return { ...sqs, receive, send, exhaust, depth: (name: string) => sqs.queues.byName(name)?.depth() };
}

describe('a message received too often', () => {
  test('moves to the dead-letter queue at the next receive, not before, and keeps its identity', async () => {
    const { send, exhaust, receive, depth } = await redrive();
    const { MessageId } = await send('delivery');
    await exhaust();
    expect(depth('dead')).toMatchObject({ visible: 0 });

    expect(await receive('delivery')).toEqual([]);
    expect(await receive('dead')).toMatchObject([
      {
        MessageId,
        Body: 'hint',
        Attributes: {
          ApproximateReceiveCount: '3',
          SentTimestamp: String(Date.parse('2026-11-23T12:00:00.000Z')),
          MessageGroupId: 'organization-7',
          DeadLetterQueueSourceArn: queueArn('delivery'),
        },
      },
    ]);
  });

  test('does not hold up the next one in the same receive', async () => {
    const { send, exhaust, receive } = await redrive();
    await send('delivery', 'bad');
    await exhaust();
    await send('delivery', 'good');
    expect(await receive('delivery')).toMatchObject([{ Body: 'good' }]);
  });

  test('wakes a long poll on the dead-letter queue', async () => {
    const { queues, send, exhaust, receive } = await redrive();
    await send('delivery');
    await exhaust();
    const { signal } = new AbortController();
    const poll = queues.byName('dead')?.receive({ max: 1, waitMs: 20 * SECOND, signal });
    await receive('delivery');
    expect(await poll).toHaveLength(1);
  });

  test('is kept there only as long as since its first enqueue', async () => {
    const { send, exhaust, receive, timers, depth } = await redrive();
    await send('delivery');
    await exhaust();
    await receive('delivery');
    await timers.advance((900 - 60) * SECOND - 1);
    expect(depth('dead')).toMatchObject({ visible: 1 });
    await timers.advance(1);
    expect(depth('dead')).toMatchObject({ visible: 0 });
  });
});

describe('a redrive', () => {
  test('sends messages back to where they came from, as new ones', async () => {
    const { client, send, exhaust, receive, timers } = await redrive();
    const { MessageId } = await send('delivery');
    await exhaust();
    await receive('delivery');
    await timers.advance(SECOND);
    const SourceArn = queueArn('dead');
    await client.send(new StartMessageMoveTaskCommand({ SourceArn }));

    const [message] = await receive('delivery');
    expect(message?.MessageId).not.toBe(MessageId);
    expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', MessageGroupId: 'organization-7' });
    expect(message?.Attributes).not.toHaveProperty('DeadLetterQueueSourceArn');
    const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn }));
    expect(Results).toMatchObject([
      { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1, ApproximateNumberOfMessagesToMove: 1 },
    ]);
  });

  test('leaves what was sent to the dead-letter queue directly, unless it is told where to', async () => {
    const { client, send, depth } = await redrive();
    await send('dead');
    const SourceArn = queueArn('dead');
    await client.send(new StartMessageMoveTaskCommand({ SourceArn }));
    expect((await client.send(new ListMessageMoveTasksCommand({ SourceArn }))).Results).toMatchObject([
      { Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource', ApproximateNumberOfMessagesMoved: 0 },
    ]);
    expect(depth('dead')).toMatchObject({ visible: 1 });
    await client.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queueArn('elsewhere') }));
    expect([depth('dead'), depth('elsewhere')]).toMatchObject([{ visible: 0 }, { visible: 1 }]);
  });

  test('keeps to its rate, one at a time for a queue, and can be cancelled', async () => {
    const { client, send, depth, timers } = await redrive();
    for (let sent = 0; sent < 5; sent += 1) await send('dead');
    const SourceArn = queueArn('dead');
    const task = { SourceArn, DestinationArn: queueArn('elsewhere'), MaxNumberOfMessagesPerSecond: 2 };
    const start = () => client.send(new StartMessageMoveTaskCommand(task));
    const list = async () => (await client.send(new ListMessageMoveTasksCommand({ SourceArn }))).Results;
    const { TaskHandle } = await start();
    expect(depth('elsewhere')).toMatchObject({ visible: 2 });
    await timers.advance(SECOND);
    expect(depth('elsewhere')).toMatchObject({ visible: 4 });
    expect(await list()).toMatchObject([{ Status: 'RUNNING', TaskHandle, ApproximateNumberOfMessagesMoved: 4 }]);
    await expect(start()).rejects.toMatchObject({ name: 'InvalidParameterValue' });

    const cancel = () => client.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    expect(await cancel()).toMatchObject({ ApproximateNumberOfMessagesMoved: 4 });
    await timers.advance(10 * SECOND);
    expect(depth('dead')).toMatchObject({ visible: 1 });
    expect(await list()).toMatchObject([{ Status: 'CANCELLED' }]);
    await expect(cancel()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await start();
    expect(depth('dead')).toMatchObject({ visible: 0 });
  });

  test('is refused for a queue that is no dead-letter queue or does not exist', async () => {
    const { client } = await redrive();
    const start = (SourceArn: string) => client.send(new StartMessageMoveTaskCommand({ SourceArn }));
    await expect(start(queueArn('delivery'))).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(start(queueArn('nowhere'))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('a dead-letter queue names its sources', async () => {
  const { client, url } = await redrive();
  const { queueUrls } = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: url('dead') }));
  expect(queueUrls).toEqual(['http://127.0.0.1:4566/000000000000/delivery']);
});
