import type { ReceivedMessage } from '../sqs/service.ts';

const PREFIX = '{"Records":[';
const SUFFIX = ']}';

/** Messages that go to a function in one invocation, and the event it gets for them. */
export type SqsBatch = { messages: ReceivedMessage[]; event: string };

/** Makes events for messages, in order, as many as needed to keep each within the size limit of an invocation. */
export function sqsBatches(messages: readonly ReceivedMessage[], queueArn: string, maxEventBytes: number): SqsBatch[] {
  const batches: { messages: ReceivedMessage[]; records: string[]; bytes: number }[] = [];
  for (const message of messages) {
    const record = JSON.stringify(sqsRecord(message, queueArn));
    const bytes = Buffer.byteLength(record) + 1;
    const last = batches.at(-1);
    if (last !== undefined && last.bytes + bytes <= maxEventBytes) {
      last.messages.push(message);
      last.records.push(record);
      last.bytes += bytes;
    } else {
      const envelopeBytes = PREFIX.length + SUFFIX.length;
      batches.push({ messages: [message], records: [record], bytes: envelopeBytes + bytes });
    }
  }
  return batches.map(({ messages, records }) => ({ messages, event: PREFIX + records.join(',') + SUFFIX }));
}

/** One record of the event that Lambda makes of a message, names and order as on AWS. */
function sqsRecord(message: ReceivedMessage, queueArn: string): object {
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.systemAttributes,
    messageAttributes: Object.fromEntries([...message.attributes].map(([name, value]) => [name, attribute(value)])),
    // JSON leaves it out if it is undefined, as it is without attributes.
    md5OfMessageAttributes: message.md5OfAttributes,
    md5OfBody: message.md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3],
  };
}

function attribute({ dataType, value }: { dataType: string; value: string | Buffer }): object {
  const given = typeof value === 'string' ? { stringValue: value } : { binaryValue: value.toString('base64') };
  return { ...given, stringListValues: [], binaryListValues: [], dataType };
}
