import type { StackFunction } from '../../template/stack-description.ts';

/** What the local Lambda runs: everything of the template's function except its role. */
export type LambdaFunction = Omit<StackFunction, 'roleLogicalId'>;

/** One line that a function's process wrote, or that Lambda itself writes about the process. */
export type FunctionLogLine = {
  functionName: string;
  processId: string;
  /** The invocation the process last took; undefined while it initialises. */
  requestId: string | undefined;
  stream: 'stdout' | 'stderr' | 'platform';
  text: string;
};
