import type { OutgoingMessage } from '../sqs/service.ts';
import type { GivenUp } from './async-events.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** Lambda cuts the attribute ErrorMessage to 1 KB. */
const MAX_ERROR_MESSAGE_BYTES = 1024;

/** What the dead-letter queue of a function receives: the event itself, and the reason for giving it up as attributes. */
export function deadLetter({ event, last }: GivenUp): OutgoingMessage {
  const errorMessage = cut(last?.kind === 'failed' ? last.errorMessage : 'Rate Exceeded.');
  return {
    body: event.payload.toString(),
    attributes: new Map([
      ['RequestID', { dataType: 'String', value: event.requestId }],
      // The HTTP status of the last invoke: a function error is a 200.
      ['ErrorCode', { dataType: 'Number', value: last?.kind === 'throttled' ? '429' : '200' }],
      // SQS refuses an attribute without a value.
      ...(errorMessage === '' ? [] : [['ErrorMessage', { dataType: 'String', value: errorMessage }] as const]),
    ]),
  };
}

/** What an on-failure destination receives: the record of the invocation, wrapped around event and answer. */
export function failureRecord(given: GivenUp, lambdaFunction: LambdaFunction, nowMs: number): OutgoingMessage {
  const { event, condition, attempts, last } = given;
  const record = {
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${lambdaFunction.arn}:$LATEST`,
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(event.payload.toString()) as unknown,
    ...(last?.kind === 'failed'
      ? {
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: parsedOrText(last.payload),
        }
      : {}),
  };
  return { body: JSON.stringify(record) };
}

function parsedOrText(document: Buffer): unknown {
  try {
    return JSON.parse(document.toString()) as unknown;
  } catch {
    return document.toString();
  }
}

/** At most 1 KB of UTF-8, whole characters, and only those that SQS takes. */
function cut(message: string): string {
  const takeable = message.replaceAll(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ' ');
  const bytes = Buffer.from(takeable);
  if (bytes.length <= MAX_ERROR_MESSAGE_BYTES) return takeable;
  // A character cut in two decodes as a replacement character at the end.
  return bytes
    .subarray(0, MAX_ERROR_MESSAGE_BYTES)
    .toString()
    .replace(/\uFFFD$/u, '');
}
