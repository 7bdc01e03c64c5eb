// Real: the delivery queue's adapter, the local SQS, and the SDK on the other side. Double: both clocks, turned by hand.
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { createSqsDeliveryQueue } from '../../../shared/aws/sqs-delivery-queue.ts';
import { createSqsRejectedRequests } from '../../../shared/aws/sqs-rejected-requests.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import { startSqs } from '../../local/sqs-setup.ts';

async function startQueue() {
  const sqs = await startSqs({ name: 'delivery' }, { name: 'set-aside' });
  const clock = new TurnedClock();
  const urls = { deliveryQueueUrl: sqs.url('delivery'), deliveryDeadLetterQueueUrl: sqs.url('set-aside') };
  return {
    ...sqs,
    clock,
    queue: createSqsDeliveryQueue(sqs.calls, urls, clock),
    withoutDeadLetters: createSqsDeliveryQueue(sqs.calls, { deliveryQueueUrl: sqs.url('delivery') }, clock),
    rejected: createSqsRejectedRequests(sqs.calls, sqs.url('set-aside'), clock),
    async receive(name: string) {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({
          QueueUrl: sqs.url(name),
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages;
    },
  };
}

const NOW = { deliveryId: 42, attempt: 1, delaySeconds: 0, messageGroup: 'organization-7' };

test('a message that is due now can be received at once, in the group of its organization', async () => {
  const { queue, receive } = await startQueue();
  expect(await queue.send([NOW])).toEqual({ unsent: [] });
  const [message, ...others] = await receive('delivery');
  expect(message?.Body).toBe('{"v":1,"delivery_id":42,"attempt":1,"remaining_seconds":0}');
  expect(message?.Attributes).toMatchObject({ MessageGroupId: 'organization-7' });
  expect(others).toEqual([]);
});

test('a message without a group is sent without one', async () => {
  const { queue, receive } = await startQueue();
  await queue.send([{ ...NOW, messageGroup: undefined }]);
  expect((await receive('delivery'))[0]?.Attributes).not.toHaveProperty('MessageGroupId');
});

test('a delay of 40 minutes is a hop of 15, and the rest travels with the message', async () => {
  const { queue, receive, timers } = await startQueue();
  await queue.send([{ ...NOW, delaySeconds: 2400 }]);
  await timers.advance(899_000);
  expect(await receive('delivery')).toEqual([]);
  await timers.advance(1_000);
  expect((await receive('delivery'))[0]?.Body).toContain('"remaining_seconds":1500');
});

test('a fraction of a second is waited for whole', async () => {
  const { queue, receive, timers } = await startQueue();
  await queue.send([{ ...NOW, delaySeconds: 30.2 }]);
  await timers.advance(30_000);
  expect(await receive('delivery')).toEqual([]);
  await timers.advance(1_000);
  expect(await receive('delivery')).toHaveLength(1);
});

test('what nobody understands is set aside unchanged, with the reason', async () => {
  const { queue, receive } = await startQueue();
  const body = 'not a message \u00e9 👋 {"v":9}';
  expect(await queue.setAside([{ messageId: 'm-1', body, reason: 'of version 9' }])).toEqual({ unsent: [] });
  const [message] = await receive('set-aside');
  expect(message?.Body).toBe(body);
  expect(message?.MessageAttributes?.['ErrorMessage']?.StringValue).toBe('of version 9');
});

test('whoever has no dead-letter queue is told that nothing was set aside', async () => {
  const { withoutDeadLetters } = await startQueue();
  const message = { messageId: 'm-1', body: 'x', reason: 'y' };
  expect(await withoutDeadLetters.setAside([message])).toEqual({ unsent: [message] });
});

test('a request that can never succeed ends with its reason in attributes, its body unchanged', async () => {
  const { rejected, receive } = await startQueue();
  const body = '{ "workflow_run_id": 1.0 }';
  const errorMessage = `organization_id: is required\n${'x'.repeat(5000)}`;
  expect(await rejected.put([{ messageId: 'm-1', body, errorType: 'InvalidRequest', errorMessage }])).toEqual({
    unsent: [],
  });
  const [message] = await receive('set-aside');
  expect(message?.Body).toBe(body);
  expect(message?.MessageAttributes?.['ErrorType']?.StringValue).toBe('InvalidRequest');
  const text = message?.MessageAttributes?.['ErrorMessage']?.StringValue ?? '';
  expect(text).toMatch(/^organization_id: is required x+$/);
  expect(text).toHaveLength(1024);
});

test.each([
  ['leaves no room for a reason moves without one', 0, undefined, undefined],
  ['leaves room for its name moves with that', 29, 'InvalidRequest', undefined],
  ['leaves little room for its reason moves with a part of it', 29 + 18 + 5, 'InvalidRequest', 'xxxxx'],
])('a request that can never succeed and %s', async (_case, room, errorType, errorMessage) => {
  const { rejected, receive } = await startQueue();
  const body = 'x'.repeat(1024 * 1024 - room);
  const reason = { errorType: 'InvalidRequest' as const, errorMessage: 'x'.repeat(300) };
  const refused = { messageId: 'm-1', body, ...reason };
  expect(await rejected.put([refused])).toEqual({ unsent: [] });
  const [message] = await receive('set-aside');
  expect(message?.Body).toBe(body);
  expect(message?.MessageAttributes?.['ErrorType']?.StringValue).toBe(errorType);
  expect(message?.MessageAttributes?.['ErrorMessage']?.StringValue).toBe(errorMessage);
});

test('a queue that is gone leaves every message unsent, and sending never rejects', async () => {
  const { calls, clock } = await startQueue();
  const gone = createSqsDeliveryQueue(
    calls,
    { deliveryQueueUrl: 'http://127.0.0.1:1/000000000000/gone', deliveryDeadLetterQueueUrl: 'http://127.0.0.1:1/x/y' },
    clock,
  );
  expect(await gone.send([NOW])).toEqual({ unsent: [NOW] });
});
