import type { FailureClass } from '../delivery/attempt-outcome.ts';

/** CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'Surehook';

/** Counted things. A closed list: CloudWatch bills each name. */
export const COUNTED = [
  'DeliveriesAccepted',
  'DeliveriesSucceeded',
  'AttemptsFailed',
  /** Put back by the sweep because their message was lost. */
  'PutBack',
  /** Handed out by the sweep because they fall due before its next run. */
  'HandedOut',
  /** Buried by the sweep because their last attempt never reported. */
  'Buried',
  'MessagesUnsent',
  'MessagesGarbage',
  /** Attempts given back for a fault of ours. */
  'Released',
  /** Outcomes that came after the lease was taken over. */
  'SettlesSuperseded',
  'LateSuccesses',
  /** Messages that name no row. */
  'Orphans',
  'IntakeRejected',
  /** Invocations refused for what they asked: Lambda counts each as an error, and nobody is to be woken by one. */
  'CallerMistakes',
  /** Refused items of batch requests whose other items were accepted. */
  'ItemsRefused',
  'FaultsOfOurs',
  'RedeliveredDeliveries',
  'HeadersSkipped',
  /** Outcomes that their worker could not record: they are written into a message. */
  'RecordingFailed',
  /** Rows that the database refuses to change: their neighbours go on. */
  'RowsRefused',
] as const;
export type CountedMetric = (typeof COUNTED)[number];

/** Counted in all, and by `reason`: fourteen reasons at most. */
export const DEAD_LETTERS = 'DeadLetters';
/** Milliseconds from the claim's answer to the outcome. */
export const ATTEMPT_DURATION = 'AttemptDuration';
/** Seconds the oldest due delivery has been due, at the end of a sweep. */
export const OLDEST_DUE_AGE = 'OldestDueAge';

/**
 * What operators watch. No delivery, run, endpoint or organization is ever a dimension: each would be billed. Nothing is
 * written before `flush`, which every invocation calls once at its end.
 */
export type Metrics = {
  count(name: CountedMetric, amount?: number): void;
  deadLetters(reason: FailureClass, amount?: number): void;
  milliseconds(name: typeof ATTEMPT_DURATION, milliseconds: number): void;
  seconds(name: typeof OLDEST_DUE_AGE, seconds: number): void;
  flush(): void;
};

/** Metrics that never throw: no outcome may hang on a figure about it. */
export function safeMetrics(metrics: Metrics): Metrics {
  const quietly = (record: () => void) => {
    try {
      record();
    } catch {
      // A figure is lost, nothing else.
    }
  };
  return {
    count: (name, amount) => quietly(() => metrics.count(name, amount)),
    deadLetters: (reason, amount) => quietly(() => metrics.deadLetters(reason, amount)),
    milliseconds: (name, milliseconds) => quietly(() => metrics.milliseconds(name, milliseconds)),
    seconds: (name, seconds) => quietly(() => metrics.seconds(name, seconds)),
    flush: () => quietly(() => metrics.flush()),
  };
}
