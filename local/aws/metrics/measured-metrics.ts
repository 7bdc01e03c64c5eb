import type { MetricIdentity } from '../../template/stack-description.ts';

/** The AWS metrics that the twin measures itself. Other `AWS/…` metrics are about machines that do not exist here. */
const MEASURED: Readonly<Record<string, ReadonlySet<string>>> = {
  'AWS/Lambda': new Set(['Invocations', 'Errors', 'Throttles', 'Duration', 'ConcurrentExecutions']),
  'AWS/SQS': new Set([
    'ApproximateNumberOfMessagesVisible',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
    'ApproximateAgeOfOldestMessage',
    'NumberOfMessagesSent',
    'NumberOfMessagesReceived',
    'NumberOfMessagesDeleted',
  ]),
};

/** Whether values of the metric can occur on this machine. */
export function isMeasuredHere({ namespace, name }: MetricIdentity): boolean {
  return !namespace.startsWith('AWS/') || MEASURED[namespace]?.has(name) === true;
}
