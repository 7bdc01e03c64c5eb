// Real: the intake queue's adapter, the local SQS, and the SDK on the other side. Double: both clocks, turned by hand.
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { createSqsIntakeQueue } from '../../../shared/aws/sqs-intake-queue.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import { startSqs } from '../../local/sqs-setup.ts';

async function startIntake() {
  const sqs = await startSqs({ name: 'intake', visibilityTimeoutSeconds: 360 });
  const QueueUrl = sqs.url('intake');
  return {
    ...sqs,
    intake: createSqsIntakeQueue(sqs.calls, QueueUrl, new TurnedClock()),
    async send(count: number) {
      for (let sent = 0; sent < count; sent++) {
        await sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: `body ${sent}` }));
      }
    },
    async receive() {
      const { Messages = [] } = await sqs.client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      return Messages.map(({ MessageId = '', ReceiptHandle: receiptHandle = '', Body }) => ({
        messageId: MessageId,
        receiptHandle,
        body: Body,
      }));
    },
  };
}

test('a message that is put off comes again after so many seconds, and not before; the others keep their time', async () => {
  const { intake, send, receive, timers } = await startIntake();
  await send(3);
  const [first, second] = await receive();
  if (first === undefined || second === undefined) throw new Error('the queue is empty');
  expect(
    await intake.postpone([
      { ...first, seconds: 2 },
      { ...second, seconds: 5 },
    ]),
  ).toEqual({ untold: [] });
  await timers.advance(1_999);
  expect(await receive()).toEqual([]);
  await timers.advance(1);
  expect((await receive()).map(({ body }) => body)).toEqual([first.body]);
  await timers.advance(3_000);
  expect((await receive()).map(({ body }) => body)).toEqual([second.body]);
});

test('a message that is gone is told, and the others of its batch are put off', async () => {
  const { intake, send, receive, timers } = await startIntake();
  await send(12);
  const held = [...(await receive()), ...(await receive())];
  const gone = { messageId: 'gone', receiptHandle: 'no handle', seconds: 1 };
  const others = held.map((message) => ({ ...message, seconds: 1 }));
  expect(await intake.postpone([gone, ...others])).toEqual({ untold: [gone] });
  await timers.advance(1_000);
  expect([...(await receive()), ...(await receive())]).toHaveLength(12);
});

test('a queue that is gone leaves every message untold, and putting off never rejects', async () => {
  const { calls } = await startIntake();
  const intake = createSqsIntakeQueue(calls, 'http://127.0.0.1:1/000000000000/gone', new TurnedClock());
  const message = { messageId: 'm-1', receiptHandle: 'handle', seconds: 1 };
  expect(await intake.postpone([message])).toEqual({ untold: [message] });
});
