import {
  DATABASE_SLEEPS_AFTER_SECONDS,
  deliverTimeoutSeconds,
  ENQUEUE_TIMEOUT_SECONDS,
  leaseSeconds,
  LONGEST_STATEMENT_SECONDS,
  MARKER_FRESH_SECONDS,
  MARKER_HELD_SECONDS,
  MARKER_KEPT_SECONDS,
  MARKER_LONGEST_SLEEP_SECONDS,
  MARKER_OLD_SECONDS,
  MARKER_RENEWED_AFTER_SECONDS,
  MARKER_SLEEP_FROM_SECONDS,
  MARKER_WAKES_BEFORE_SECONDS,
  MAX_QUEUE_DELAY_SECONDS,
  OUTAGE_PAUSE_SPREAD,
  shortestOutagePauseSeconds,
  STOP_BEFORE_TIMEOUT_MS,
  SWEEP_HORIZON_SECONDS,
  SWEEP_INTERVAL_MINUTES,
  visibilityTimeoutSeconds,
} from '../shared/runtime/limits.ts';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Lambda's longest timeout. */
const MAX_FUNCTION_TIMEOUT_SECONDS = 900;
/** By how much the clocks of the database and of SQS may differ. */
const CLOCKS_DIFFER_SECONDS = 60;
/** SQS' longest visibility timeout. */
const MAX_VISIBILITY_SECONDS = 12 * HOUR_SECONDS;

/** Pages of an order for almost three minutes; the rest is reserved for a page that hangs. Another invocation does what is left. */
const OPERATE_TIMEOUT_SECONDS = 300;
/** A paused database takes half a minute to wake; a list or a count ends after ten seconds with what it has. */
const INSPECT_TIMEOUT_SECONDS = 60;
/** A paused database takes half a minute to wake, an index on a large table takes minutes. The provider waits 15 minutes. */
const MIGRATE_TIMEOUT_SECONDS = 600;

/** A delivery message comes back only after an internal fault. The row is the truth, and the sweep makes new messages. */
const DELIVERY_MAX_RECEIVES = 10;
/**
 * A request on the intake queue exists nowhere else, so it must survive a database that is unavailable for this long. After it
 * the request moves to the dead-letter queue, which keeps it for ten days more.
 */
const INTAKE_OUTAGE_SECONDS = DAY_SECONDS;

/** Every duration of the stack, in seconds, and the counts that depend on them. */
export type Timings = {
  attempt: number;
  deliver: { timeout: number; lease: number; visibility: number; maxReceives: number };
  enqueue: { timeout: number; visibility: number; maxReceives: number };
  sweep: { timeout: number; interval: number };
  migrate: { timeout: number };
  inspect: { timeout: number };
  operate: { timeout: number };
  /** Retention counts from the first send, even in the dead-letter queue, whose retention must therefore be longer. */
  retention: { source: number; deadLetters: number };
};

/** Everything that follows from the one number that a team chooses. */
export function timingsFor(attemptSeconds: number): Timings {
  const deliverTimeout = deliverTimeoutSeconds(attemptSeconds);
  const enqueueVisibility = visibilityTimeoutSeconds(ENQUEUE_TIMEOUT_SECONDS);
  return {
    attempt: attemptSeconds,
    deliver: {
      timeout: deliverTimeout,
      lease: leaseSeconds(attemptSeconds),
      visibility: visibilityTimeoutSeconds(deliverTimeout),
      maxReceives: DELIVERY_MAX_RECEIVES,
    },
    enqueue: {
      timeout: ENQUEUE_TIMEOUT_SECONDS,
      visibility: enqueueVisibility,
      maxReceives: receivesInOutage(INTAKE_OUTAGE_SECONDS),
    },
    sweep: { timeout: SWEEP_INTERVAL_MINUTES * 60, interval: SWEEP_INTERVAL_MINUTES * 60 },
    migrate: { timeout: MIGRATE_TIMEOUT_SECONDS },
    inspect: { timeout: INSPECT_TIMEOUT_SECONDS },
    operate: { timeout: OPERATE_TIMEOUT_SECONDS },
    retention: { source: 4 * DAY_SECONDS, deadLetters: 14 * DAY_SECONDS },
  };
}

/** How often an intake message is received at most while the database is away for so long. */
function receivesInOutage(outageSeconds: number): number {
  let receives = 1;
  for (let passed = 0; passed < outageSeconds; receives++) passed += shortestOutagePauseSeconds(receives);
  return receives;
}

/** Each inequality that the protocol relies on and that does not hold, in words. */
export function timingFaults(timings: Timings): string[] {
  const { attempt, deliver, enqueue, sweep, migrate, operate, retention } = timings;
  const longestOutagePause = shortestOutagePauseSeconds(enqueue.maxReceives) * (1 + OUTAGE_PAUSE_SPREAD);
  const lastReceive = ({ visibility, maxReceives }: { visibility: number; maxReceives: number }): number =>
    MAX_QUEUE_DELAY_SECONDS + visibility * maxReceives;
  const rules: [holds: boolean, rule: string][] = [
    [attempt < deliver.timeout, 'an attempt ends before the deliver function does'],
    [deliver.timeout < deliver.lease, 'the deliver function ends before the lease does'],
    [deliver.lease < deliver.visibility, 'the lease ends before its message is visible again'],
    [deliver.visibility >= 6 * deliver.timeout, 'a delivery message is hidden for six deliver timeouts'],
    [enqueue.visibility >= 6 * enqueue.timeout, 'an intake message is hidden for six enqueue timeouts'],
    [deliver.visibility <= MAX_VISIBILITY_SECONDS, 'SQS hides a message for twelve hours at most'],
    [
      Math.max(deliver.timeout, enqueue.timeout, sweep.timeout, migrate.timeout) <= MAX_FUNCTION_TIMEOUT_SECONDS,
      'Lambda runs a function for fifteen minutes at most',
    ],
    [sweep.timeout <= sweep.interval, 'a sweep ends before the next one begins'],
    [
      STOP_BEFORE_TIMEOUT_MS < 1000 * Math.min(sweep.timeout, operate.timeout),
      'a sweep and an order have time to begin a page',
    ],
    [sweep.interval <= SWEEP_HORIZON_SECONDS, 'what the sweep hands out reaches to its next run'],
    [lastReceive(deliver) < retention.source, 'a delivery message is received its last time before it expires'],
    [
      lastReceive({ ...enqueue, visibility: Math.max(enqueue.visibility, enqueue.timeout + longestOutagePause) }) <
        retention.source,
      'an intake message is received its last time before it expires',
    ],
    [retention.source < retention.deadLetters, 'a dead-letter queue keeps messages longer than its source'],
    ...markerRules(sweep),
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => `timings: this must hold: ${rule}`);
}

/** What decision 0097 relies on. */
function markerRules({ timeout, interval }: Timings['sweep']): [holds: boolean, rule: string][] {
  return [
    [
      MARKER_FRESH_SECONDS + LONGEST_STATEMENT_SECONDS + CLOCKS_DIFFER_SECONDS <= MARKER_OLD_SECONDS,
      'a row is there before its marker is old',
    ],
    [MARKER_HELD_SECONDS < interval, 'markers of a sweep that died show before the next one'],
    [
      2 * interval <= MARKER_WAKES_BEFORE_SECONDS && MARKER_WAKES_BEFORE_SECONDS <= SWEEP_HORIZON_SECONDS,
      'two sweeps see a hidden marker before its delivery is due, and hand the delivery out',
    ],
    [
      MARKER_WAKES_BEFORE_SECONDS + DATABASE_SLEEPS_AFTER_SECONDS < MARKER_SLEEP_FROM_SECONDS,
      'a database that is let sleep falls asleep',
    ],
    [interval < DATABASE_SLEEPS_AFTER_SECONDS, 'a database that is asked at every sweep stays awake'],
    [timeout + MARKER_LONGEST_SLEEP_SECONDS < MAX_VISIBILITY_SECONDS, 'SQS hides a marker for twelve hours at most'],
    [
      MARKER_RENEWED_AFTER_SECONDS + MARKER_LONGEST_SLEEP_SECONDS + interval < MARKER_KEPT_SECONDS,
      'a marker is renewed before its queue drops it',
    ],
  ];
}
