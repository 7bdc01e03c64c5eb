import type { MetricIdentity } from '../../template/stack-description.ts';

/** What the twin measures in AWS's stead. Other `AWS/…` metrics are about machines that are not here. */
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

/** Whether values of the metric can come up on this machine. */
export function isMeasuredHere({ namespace, name }: MetricIdentity): boolean {
  return !namespace.startsWith('AWS/') || MEASURED[namespace]?.has(name) === true;
}
