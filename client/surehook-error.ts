import type { SurehookErrorType } from './enqueue-request.ts';

const ANSWERED = new Set<string>([
  'InvalidRequest',
  'PayloadTooLarge',
  'WorkflowRunNotFound',
  'WorkflowRunHasNoOrganization',
  'OrganizationMismatch',
  'TemporaryFailure',
  'DatabaseRefused',
] satisfies SurehookErrorType[]);

/** A request that was not taken. `errorType` says why; the message repeats nothing of the request's values. */
export class SurehookError extends Error {
  override readonly name = 'SurehookError';
  /** Stable: programs may switch on it. */
  readonly errorType: SurehookErrorType;

  constructor(errorType: SurehookErrorType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorType = errorType;
  }

  /** Whether the same request may be taken later. A repeated request never makes a second delivery. */
  get retryable(): boolean {
    return isRetryable(this.errorType);
  }
}

export function isRetryable(errorType: SurehookErrorType): boolean {
  return errorType === 'TemporaryFailure' || errorType === 'CallFailed';
}

/** Of a function's error. Whatever is none of Surehook's own, such as `Sandbox.Timedout`, says that the call failed. */
export function errorOf(functionError: { errorType: string; errorMessage: string }): SurehookError {
  const { errorType, errorMessage } = functionError;
  if (isSurehookErrorType(errorType)) return new SurehookError(errorType, errorMessage);
  return new SurehookError('CallFailed', `the function ended with ${errorType}: ${errorMessage}`);
}

function isSurehookErrorType(name: string): name is SurehookErrorType {
  return ANSWERED.has(name);
}
