/** Which alarms there are; the runbook has a heading for each. */
export type AlarmSwitches = {
  /** Deliveries became dead letters. Default true. */
  deadLetters?: boolean;
  /** There are dead letters that nobody has dealt with. Default true. */
  standingDeadLetters?: boolean;
  /** An organization's secret is missing or malformed. Default true. */
  credentials?: boolean;
  /** A delivery has been due for too long, or the sweep does not run. Default true. */
  oldestDue?: boolean;
  /** An endpoint has been down for long. Default true. */
  endpointDown?: boolean;
  /** The event bus has not taken outcomes for 15 minutes. Default true. */
  outcomesUnannounced?: boolean;
  /** The intake dead-letter queue holds something. Default true. */
  intakeRejects?: boolean;
  /** The delivery dead-letter queue holds something. Default true. */
  deliveryDeadLetterQueue?: boolean;
  /** Invocations of deliver failed. Default true. */
  deliverErrors?: boolean;
  /** Invocations of the sweep failed. Default true. */
  sweepErrors?: boolean;
  /** A migration failed. Default true. */
  migrateErrors?: boolean;
  /** Invocations of enqueue failed, and not by their callers' mistakes. Default true. */
  enqueueErrors?: boolean;
  /** Invocations of inspect failed, and not by their callers' mistakes. Default true. */
  inspectErrors?: boolean;
  /** Invocations of operate failed, and not by their callers' mistakes. Default true. */
  operateErrors?: boolean;
  /** Calls of AWS APIs failed in two of three periods of five minutes. Default true. */
  internalFaults?: boolean;
  /** The account has no concurrency left for deliver. Default true. */
  deliverThrottles?: boolean;
  /** The account has no concurrency left for enqueue. Default true. */
  enqueueThrottles?: boolean;
  /** Lambda took the chain of messages for a loop. Default true. */
  recursiveInvocationsDropped?: boolean;
  /** The database is near its maximum capacity. Default true. */
  databaseCapacity?: boolean;
};
/** An alarm's name: of its switch, and of the property that holds it. */
export type AlarmName = keyof AlarmSwitches;

/** From where on an alarm goes off. */
export type AlarmThresholds = {
  /** Dead letters in five minutes. Default 1: somebody is waiting for each of these webhooks. */
  deadLetters?: number;
  /**
   * Age of the oldest due delivery, seconds, which three sweeps in a row must have found. Default 900: the alarm goes off 25 to 30 minutes
   * after a delivery was due.
   */
  oldestDueAgeSeconds?: number;
  /** Share of the database's maximum capacity, per cent. Default 90. */
  databaseCapacityPercent?: number;
  /** For how long an endpoint has been down, seconds. Default 3600: somebody may have to call its owner. */
  endpointDownSeconds?: number;
};
