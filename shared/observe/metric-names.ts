// Only names, no code: the stack imports this file to watch what the functions report.

/** CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'Surehook';
/**
 * Invocations refused because of what they asked for: Lambda counts each as an error of its function, but none should wake
 * anybody. Alarms subtract them, and an expression has no value if one of its metrics has none: every sweep reports each, at zero too, and migrate the first figure.
 */
export const MISTAKES = ['EnqueueMistakes', 'InspectMistakes', 'OperateMistakes'] as const;

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
  /** Attempts given back because of an internal fault. */
  'Released',
  /** Outcomes that came after the lease was taken over. */
  'SettlesSuperseded',
  'LateSuccesses',
  /** Messages that name no row. */
  'Orphans',
  'IntakeRejected',
  ...MISTAKES,
  /** Refused items of batch requests whose other items were accepted. */
  'ItemsRefused',
  'InternalFaults',
  'RedeliveredDeliveries',
  'HeadersSkipped',
  /** Attempts without a request, because the organization's secret is missing or malformed. */
  'CredentialsUnusable',
  /** Outcomes that their worker could not record: they are written into a message. */
  'RecordingFailed',
  /** Rows that the database refuses to change; the rows beside them are still changed. */
  'RowsRefused',
  'EndpointsWentDown',
  'EndpointsCameUp',
  /** Events of outcomes that the bus took… */
  'OutcomesAnnounced',
  /** …and those that it did not: the next sweep puts them. */
  'OutcomesPutOff',
] as const;
export type CountedMetric = (typeof COUNTED)[number];

/** Counted in total, and by `reason`, of which there is a closed list. */
export const DEAD_LETTERS = 'DeadLetters';
/** Milliseconds from the claim's answer to the outcome. */
export const ATTEMPT_DURATION = 'AttemptDuration';
/** Seconds the oldest due delivery has been due, at the end of a sweep. */
export const OLDEST_DUE_AGE = 'OldestDueAge';

/** How many there are at the end of a sweep. */
export const GAUGES = ['EndpointsDown', 'DeliveriesHeld'] as const;
export type GaugeMetric = (typeof GAUGES)[number];
/** Seconds the endpoint that has been down for longest has been down, at the end of a sweep. */
export const OLDEST_DOWN_AGE = 'OldestDownAge';

/** Seconds since the oldest outcome happened that a sweep could not announce; 0 when it announced all. */
export const OLDEST_UNANNOUNCED_AGE = 'OldestUnannouncedAge';

/** Dead letters that nobody has redelivered, dismissed, cancelled or erased, at the end of a sweep; at most 100,000. */
export const STANDING_DEAD_LETTERS = 'StandingDeadLetters';

/** What a sweep reports whatever it found. CloudWatch bills these every month. */
export const EVERY_SWEEP = [
  OLDEST_DUE_AGE,
  OLDEST_DOWN_AGE,
  OLDEST_UNANNOUNCED_AGE,
  STANDING_DEAD_LETTERS,
  ...GAUGES,
  ...MISTAKES,
] as const;

/**
 * What a sweep reports that had no reason to ask the database, so that a stack in which nothing happens pays for these alone: that
 * it runs, and the mistakes that alarms subtract.
 */
export const IDLE_SWEEP = [OLDEST_DUE_AGE, ...MISTAKES] as const;

export type MetricName =
  | CountedMetric
  | GaugeMetric
  | typeof OLDEST_DOWN_AGE
  | typeof OLDEST_UNANNOUNCED_AGE
  | typeof DEAD_LETTERS
  | typeof ATTEMPT_DURATION
  | typeof OLDEST_DUE_AGE
  | typeof STANDING_DEAD_LETTERS;
