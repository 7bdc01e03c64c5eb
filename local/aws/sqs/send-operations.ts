import type { JsonObject } from '../../json-object.ts';
import { md5OfAttributes } from './attribute-digest.ts';
import { answerBatch, readBatch } from './batch.ts';
import { readSend, sendBytes } from './message-rules.ts';
import type { Operation, OperationCall } from './operation.ts';
import { prefixedError } from './sqs-error.ts';

/** "The maximum … total payload size … are both 1 MiB 1,048,576 bytes." (SendMessageBatch) */
const MAX_BATCH_BYTES = 1_048_576;

export const sendOperations: Readonly<Record<string, Operation>> = {
  SendMessage: (call) => send(call, call.input),

  SendMessageBatch(call) {
    call.queue();
    const entries = readBatch(call.input, 'SendMessageBatchRequestEntry');
    const bytes = entries.reduce((sum, entry) => sum + sendBytes(entry.fields), 0);
    if (bytes > MAX_BATCH_BYTES) {
      throw prefixedError(
        'BatchRequestTooLong',
        `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
      );
    }
    return answerBatch(entries, (fields) => send(call, fields));
  },
};

function send(call: OperationCall, fields: JsonObject): JsonObject {
  const queue = call.queue();
  const message = readSend(fields, queue.settings.maximumMessageBytes);
  const sent = queue.send({
    ...message,
    // The SDK inside a function sends its trace as a header; SQS keeps it if the message has no trace of its own.
    traceHeader: message.traceHeader ?? call.request.headers['x-amzn-trace-id'],
    senderId: call.request.accessKeyId ?? call.accountId,
  });
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: sent.md5OfBody,
    MD5OfMessageAttributes: sent.md5OfAttributes,
    MD5OfMessageSystemAttributes: md5OfTraceHeader(message.traceHeader),
  };
}

function md5OfTraceHeader(value: string | undefined): string | undefined {
  return value === undefined
    ? undefined
    : md5OfAttributes(new Map([['AWSTraceHeader', { dataType: 'String', value }]]));
}
