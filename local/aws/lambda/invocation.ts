import { parsedJsonObject } from '../../json-object.ts';

/** The outcome of one invocation of a function. */
export type InvocationResult =
  | { kind: 'returned'; requestId: string; payload: Buffer }
  /** `payload` is Lambda's error document; `errorType` and `errorMessage` are read from it. */
  | { kind: 'failed'; requestId: string; errorType: string; errorMessage: string; payload: Buffer }
  /** Never started. */
  | { kind: 'throttled'; reason: ThrottleReason }
  /** The local Lambda was stopped; it is unknown how far the function got. */
  | { kind: 'stopped' };

export type ThrottleReason = 'ConcurrentInvocationLimitExceeded' | 'ReservedFunctionConcurrentInvocationLimitExceeded';

export type FunctionFault = { errorType: string; errorMessage: string };

/** One event on its way to a process. */
export type Invocation = {
  requestId: string;
  payload: Buffer | string;
  functionArn: string;
  /** Value of X-Amzn-Trace-Id; the SDK inside the function passes it on. */
  traceId: string;
  /** When a process took it; undefined before. */
  takenAtMs?: number;
  settle: (result: InvocationResult) => void;
};

/** The result of an invocation that failed outside the handler's own code. */
export function faultResult(requestId: string, fault: FunctionFault): InvocationResult {
  return { kind: 'failed', requestId, ...fault, payload: Buffer.from(JSON.stringify(fault)) };
}

/** The result of an invocation whose runtime posted an error document. */
export function errorResult(requestId: string, document: Buffer): InvocationResult {
  return { kind: 'failed', requestId, ...readFault(document), payload: document };
}

/** Reads errorType and errorMessage from what a runtime posted, which may be anything. */
export function readFault(document: Buffer): FunctionFault {
  const fields = parsedJsonObject(document.toString()) ?? {};
  const text = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback);
  return { errorType: text(fields['errorType'], 'Unknown'), errorMessage: text(fields['errorMessage'], '') };
}
