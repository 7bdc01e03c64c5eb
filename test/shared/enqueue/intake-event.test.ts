// Pure, nothing is a double. The record is the one that Lambda's manual shows.
import { expect, it } from 'vitest';
import { intakeMessagesOf } from '../../../shared/enqueue/intake-event.ts';

const record = {
  messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...',
  body: 'Test message.',
  attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1545082649183' },
  messageAttributes: {},
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:my-queue',
  awsRegion: 'us-east-2',
};

it('messages of the queue are read from the event of their source', () => {
  expect(intakeMessagesOf({ Records: [record, { ...record, messageId: 'other' }] })).toEqual(
    [record.messageId, 'other'].map((messageId) => ({
      messageId,
      receiptHandle: record.receiptHandle,
      body: 'Test message.',
      sentAtMs: 1_545_082_649_183,
      receives: 1,
    })),
  );
});

it.each([
  ['a request', { workflow_run_id: 1 }],
  ['no object', [record]],
  ['no records', { Records: [] }],
  ['a record of another service', { Records: [{ ...record, eventSource: 'aws:s3' }] }],
  ['a record without a body', { Records: [record, { ...record, body: undefined }] }],
  ['a record without a handle', { Records: [{ ...record, receiptHandle: 5 }] }],
  ['a record without attributes', { Records: [{ ...record, attributes: undefined }] }],
  ['a record that was never sent', { Records: [{ ...record, attributes: { ApproximateReceiveCount: '1' } }] }],
  ['a record that was never received', { Records: [{ ...record, attributes: { SentTimestamp: '1545082649183' } }] }],
])('%s is none, and is judged as a request', (_what, event) => {
  expect(intakeMessagesOf(event)).toBeUndefined();
});
