import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

export function describeIntake(stackOf: () => RunningStack): void {
  describe('the intake queue', () => {
    it('takes the same requests as an invoke', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const request = aDelivery({ endpoint_url: receiver.url(), payload: { by: 'queue' } });

      await sendToIntake(stack, [JSON.stringify(request)]);
      await receiver.until(({ received }) => received.length === 1);

      const [received] = receiver.received;
      expect(received?.body.toString()).toBe('{"by":"queue"}');
      expect(received?.headers['x-dograh-workflow-run-id']).toBe(String(request['workflow_run_id']));
      const repeated = await stack.enqueue(request);
      expect(repeated).toMatchObject({ created: false, delivery_uuid: received?.deliveryId });
    });

    it('moves what can never succeed to its dead-letter queue, body unchanged, and delivers the neighbours', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const sound = () => JSON.stringify(aDelivery({ endpoint_url: receiver.url() }));
      const broken = '{"workflow_run_id": 1, "größe": ';
      const invalid = JSON.stringify({ ...aDelivery({ endpoint_url: receiver.url() }), http_method: 'BREW' });

      await sendToIntake(stack, [sound(), broken, sound(), invalid, sound()]);
      const [first, second] = await takeFromIntakeDeadLetters(stack, 2);
      await receiver.until(({ received }) => received.length === 3);

      const dead = new Map([first, second].map((message) => [message?.Body, message?.MessageAttributes]));
      expect([...dead.keys()].toSorted()).toEqual([broken, invalid].toSorted());
      expect(dead.get(broken)).toMatchObject({
        ErrorType: { DataType: 'String', StringValue: 'InvalidRequest' },
        ErrorMessage: { DataType: 'String', StringValue: expect.stringContaining('JSON') as string },
      });
      expect(dead.get(invalid)).toMatchObject({
        ErrorType: { DataType: 'String', StringValue: 'InvalidRequest' },
        ErrorMessage: { DataType: 'String', StringValue: expect.stringContaining('http_method') as string },
      });
    });

    it('accepts the good items of a batch request and sets the refused ones aside in one message', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const sound = () => aDelivery({ endpoint_url: receiver.url() });
      const refused = [
        { ...sound(), webhook_node_id: '' },
        { ...sound(), organization_id: 0 },
      ];

      await sendToIntake(stack, [JSON.stringify({ deliveries: [sound(), refused[0], sound(), refused[1]] })]);
      const [dead] = await takeFromIntakeDeadLetters(stack, 1);
      await receiver.until(({ received }) => received.length === 2);

      expect(JSON.parse(dead?.Body ?? '')).toEqual({ deliveries: refused });
      const words = dead?.MessageAttributes?.['ErrorMessage']?.StringValue;
      expect(words).toContain('deliveries[1].webhook_node_id');
      expect(words).toContain('deliveries[3].organization_id');
    });
  });
}

export async function sendToIntake(stack: RunningStack, bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  const { Failed } = await stack.sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.queueUrl('intake'), Entries }));
  expect(Failed ?? []).toEqual([]);
}

async function takeFromIntakeDeadLetters(stack: RunningStack, count: number): Promise<Message[]> {
  const QueueUrl = stack.queueUrl('intakeDeadLetters');
  const taken: Message[] = [];
  while (taken.length < count) {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'] }),
    );
    for (const message of Messages) {
      taken.push(message);
      await stack.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }
  return taken;
}
