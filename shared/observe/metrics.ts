import type { FailureClass } from '../delivery/attempt-outcome.ts';
import type {
  ATTEMPT_DURATION,
  CountedMetric,
  GaugeMetric,
  OLDEST_DOWN_AGE,
  OLDEST_DUE_AGE,
  OLDEST_UNANNOUNCED_AGE,
} from './metric-names.ts';

/**
 * What operators watch. No delivery, run, endpoint or organization is ever a dimension: each would be billed. Nothing is
 * written before `flush`, which every invocation calls once at its end.
 */
export type Metrics = {
  count(name: CountedMetric, amount?: number): void;
  deadLetters(reason: FailureClass, amount?: number): void;
  milliseconds(name: typeof ATTEMPT_DURATION, milliseconds: number): void;
  seconds(name: typeof OLDEST_DUE_AGE | typeof OLDEST_DOWN_AGE | typeof OLDEST_UNANNOUNCED_AGE, seconds: number): void;
  /** How many there are now, zero included. */
  gauge(name: GaugeMetric, amount: number): void;
  /** Dead letters that nobody has dealt with; reported at zero, too. */
  standing(deadLetters: number): void;
  flush(): void;
};

/**
 * For a sweep that looks in an idle stack, where nothing is pending: it counts what happens, but says nothing of states, which would
 * be billed, and would set an alarm off for minutes because of an endpoint that nobody waits for.
 */
export function withoutStates(metrics: Metrics): Metrics {
  return {
    count: (name, amount) => metrics.count(name, amount),
    deadLetters: (reason, amount) => metrics.deadLetters(reason, amount),
    milliseconds: (name, milliseconds) => metrics.milliseconds(name, milliseconds),
    flush: () => metrics.flush(),
    gauge: () => undefined,
    standing: () => undefined,
    seconds: (name, seconds) => {
      if (name === 'OldestDueAge') metrics.seconds(name, seconds);
    },
  };
}

/** Metrics that never throw: no outcome may depend on a metric. */
export function safeMetrics(metrics: Metrics): Metrics {
  const quietly = (record: () => void) => {
    try {
      record();
    } catch {
      // A metric is lost, nothing else.
    }
  };
  return {
    count: (name, amount) => quietly(() => metrics.count(name, amount)),
    deadLetters: (reason, amount) => quietly(() => metrics.deadLetters(reason, amount)),
    milliseconds: (name, milliseconds) => quietly(() => metrics.milliseconds(name, milliseconds)),
    seconds: (name, seconds) => quietly(() => metrics.seconds(name, seconds)),
    gauge: (name, amount) => quietly(() => metrics.gauge(name, amount)),
    standing: (deadLetters) => quietly(() => metrics.standing(deadLetters)),
    flush: () => quietly(() => metrics.flush()),
  };
}
