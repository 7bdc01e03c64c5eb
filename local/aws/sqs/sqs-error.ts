import { fieldReader } from '../aws-json.ts';

/**
 * An error in SQS's own terms. The endpoint writes `type` into `__type` and `code` into `x-amzn-query-error`: SQS still
 * answers the codes of its old query protocol there, and the SDKs prefer them when they name an error.
 */
export class SqsError extends Error {
  readonly type: string;
  readonly code: string;
  readonly status: number;

  constructor(error: { type: string; code: string; status: number; message: string }) {
    super(error.message);
    this.name = 'SqsError';
    this.type = error.type;
    this.code = error.code;
    this.status = error.status;
  }
}

/** Errors of the SQS model whose query code carries the old prefix. */
type PrefixedError =
  | 'BatchEntryIdsNotDistinct'
  | 'BatchRequestTooLong'
  | 'EmptyBatchRequest'
  | 'InvalidBatchEntryId'
  | 'TooManyEntriesInBatchRequest'
  | 'UnsupportedOperation';

/** Errors of the SQS model whose query code is their name, with the status the model gives them. */
const STATUS_OF_PLAIN_ERROR = {
  InvalidAttributeName: 400,
  InvalidAttributeValue: 400,
  InvalidMessageContents: 400,
  OverLimit: 403,
  ReceiptHandleIsInvalid: 404,
  ResourceNotFoundException: 404,
} as const;

export function prefixedError(name: PrefixedError, message: string): SqsError {
  return new SqsError({
    type: `com.amazonaws.sqs#${name}`,
    code: `AWS.SimpleQueueService.${name}`,
    status: 400,
    message,
  });
}

export function plainError(name: keyof typeof STATUS_OF_PLAIN_ERROR, message: string): SqsError {
  return new SqsError({
    type: `com.amazonaws.sqs#${name}`,
    code: name,
    status: STATUS_OF_PLAIN_ERROR[name],
    message,
  });
}

export function noSuchQueue(): SqsError {
  return new SqsError({
    type: 'com.amazonaws.sqs#QueueDoesNotExist',
    code: 'AWS.SimpleQueueService.NonExistentQueue',
    status: 400,
    message: 'The specified queue does not exist.',
  });
}

export function purgeInProgress(queueName: string): SqsError {
  return new SqsError({
    type: 'com.amazonaws.sqs#PurgeQueueInProgress',
    code: 'AWS.SimpleQueueService.PurgeQueueInProgress',
    status: 403,
    message: `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`,
  });
}

// The next three are not in the SQS model: they come from the service framework below it.
export function invalidParameter(message: string): SqsError {
  return frameworkError('InvalidParameterValueException', 'InvalidParameterValue', message);
}

export function missingParameter(name: string): SqsError {
  return frameworkError(
    'MissingRequiredParameterException',
    'MissingParameter',
    `The request must contain the parameter ${name}.`,
  );
}

export function malformedInput(message: string): SqsError {
  return frameworkError('SerializationException', 'MalformedInput', message);
}

export function unknownOperation(): SqsError {
  return frameworkError('UnknownOperationException', 'InvalidAction', 'The action or operation requested is invalid.');
}

function frameworkError(name: string, code: string, message: string): SqsError {
  return new SqsError({ type: `com.amazon.coral.service#${name}`, code, status: 400, message });
}

/** Fields of a request; SQS treats an empty text as a missing one. */
export const { optionalText, requiredText, optionalInteger, optionalTexts, object } = fieldReader((name, fault) => {
  switch (fault.kind) {
    case 'wrong type':
      return malformedInput(`${name} must be ${fault.wanted}.`);
    case 'missing':
    case 'empty':
      return missingParameter(name);
    case 'out of range':
      return invalidParameter(`Value ${fault.value} for parameter ${name} is invalid. Reason: ${fault.range.reason}`);
  }
});
