import type { InvocationResult } from './invocation.ts';

/** What Lambda's own metrics are made from. `startedAtMs`: when the invocation was asked for, epoch milliseconds. */
export type ObservedInvocation = { functionName: string; startedAtMs: number } & (
  | { kind: 'throttled' }
  /** `atOnce`: invocations of the function under way, this one among them. */
  | { kind: 'started'; atOnce: number }
  /** `durationMs` without the wait for a process; undefined for one that no process ever took. */
  | {
      kind: 'ended';
      outcome: Exclude<InvocationResult['kind'], 'throttled' | 'stopped'>;
      durationMs: number | undefined;
    }
);
