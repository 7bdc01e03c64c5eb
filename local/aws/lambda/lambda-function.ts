import type { StackFunction } from '../../template/stack-description.ts';

/** What the local Lambda runs: of the template's function everything but its role. */
export type LambdaFunction = Omit<StackFunction, 'roleLogicalId'>;

/** One line that a function's process wrote, or that Lambda itself has to say about the process. */
export type FunctionLogLine = {
  functionName: string;
  processId: string;
  /** The invocation the process last took; undefined while it initialises. */
  requestId: string | undefined;
  stream: 'stdout' | 'stderr' | 'platform';
  text: string;
};
