/**
 * The limits of a request, of the protocol and of what AWS accepts, each with its unit and reason. Limits that follow from
 * others are derived from them. A number that only tunes one file is in that file.
 */

const KIB = 1024;

/** Frozen body of one delivery, bytes of UTF-8. It is read as four rows of 64 KB, and two bodies fit a 1 MiB Data API response. */
export const MAX_PAYLOAD_BYTES = 256 * KIB;
/** JSON nesting of a payload or template: far above real use, far below where a recursive serialiser overflows. */
export const MAX_PAYLOAD_DEPTH = 512;
/** Deliveries in one enqueue request. */
export const MAX_DELIVERIES_PER_REQUEST = 100;
/** UUIDs in one announcement: 40 KB of a statement, a third of the 1 MiB of its answer, and a hundred batches of messages, ten at once. */
export const MAX_ANNOUNCED = 1000;
/** An enqueue request by invoke, bytes; Lambda itself takes 6 MB. */
export const MAX_INVOKE_REQUEST_BYTES = 5_000_000;
/**
 * Objects, lists, names and strings in an enqueue request. Ordinary JSON of 5 MB has up to 600,000 (one for each 8 bytes). A
 * million need at most 150 MB once parsed, and enqueue needs as much again: 60 % of the function's memory.
 */
export const MAX_REQUEST_PARTS = 1_000_000;
/** One SQS message, bytes: body and attributes. */
export const MAX_QUEUE_MESSAGE_BYTES = 1024 * KIB;
/** Rendered bodies, in bytes, of intake messages that are accepted together. One more message may come on top. */
export const MAX_BODY_CHARACTERS_TOGETHER = 8 * KIB * KIB;
/** How long after its message was sent an unknown run or delivery is looked up again: its commit may be under way. */
export const UNKNOWN_RUN_PATIENCE_SECONDS = 60;
/** SQS attribute `ErrorMessage` of a refused intake message, bytes. */
export const MAX_ERROR_ATTRIBUTE_BYTES = 1 * KIB;

export const MAX_NODE_ID_CHARACTERS = 255;
export const MAX_NAME_CHARACTERS = 255;
export const MAX_ORDERING_KEY_CHARACTERS = 255;
export const MAX_URL_CHARACTERS = 2048;
export const MAX_CUSTOM_HEADERS = 50;
/** All names and values of the custom headers together, bytes. */
export const MAX_CUSTOM_HEADER_BYTES = 8 * KIB;
export const MAX_ATTEMPTS_LIMIT = 50;
/** A `scheduled_for` at most this far ahead: 366 days. */
export const MAX_SCHEDULE_AHEAD_SECONDS = 366 * 86_400;
export const MAX_LAST_ERROR_CHARACTERS = 2000;
export const MAX_LOG_LINE_CHARACTERS = 8000;

/** Faults of one request that are spelled out; the others are only counted. */
export const MAX_REPORTED_FAULTS = 20;
/** Warnings of one request that are spelled out; the others are only counted. */
export const MAX_REPORTED_WARNINGS = 20;
/** Length of a name from outside in a message. */
export const MAX_REPORTED_NAME_CHARACTERS = 64;
/** `errorMessage` of a refused request: room for 20 faults with long paths. */
export const MAX_ERROR_MESSAGE_CHARACTERS = 4000;
/** Different time zones that one template may name: each needs a formatter (about 40 µs), and IANA has about 600. */
export const MAX_TEMPLATE_TIME_ZONES = 100;

/** Of a response header block this much is read; the status in it counts, with or without the rest. */
export const MAX_RESPONSE_HEADER_BYTES = 64 * KIB;
/** How much of a response body is read; the rest is dropped. */
export const MAX_RESPONSE_BODY_BYTES = 64 * KIB;
/** How much of a response body is kept in the attempt's row. */
export const RESPONSE_EXCERPT_BYTES = 1 * KIB;
/** `Retry-After` is honoured up to 24 h. */
export const MAX_RETRY_AFTER_SECONDS = 86_400;

/** SQS `DelaySeconds` maximum. */
export const MAX_QUEUE_DELAY_SECONDS = 900;
/** How far a chain of delayed messages reaches (48 hops). The sweep hands out what is further ahead. */
export const MAX_CHAINED_DELAY_SECONDS = 12 * 3600;
/** SQS takes 10 entries in a batch; the delivery event source hands over as many. */
export const QUEUE_BATCH_ENTRIES = 10;
/** Batches sent to SQS at once: enough to hide the network's delay, few enough for the SDK's 50 sockets. */
export const CONCURRENT_BATCHES = 10;
/** A batch, with its repeats, must not outlast its invocation: 5 s is a hundred times the usual answer. */
export const SEND_BATCH_SECONDS = 5;
/** Entries that SQS refused because of a fault on its side are sent once more; then the caller decides. */
export const SENDS_PER_ENTRY = 2;

/** Limit of a statement whose caller sets none: longer than a paused cluster takes to wake (15–30 s). */
const STATEMENT_SECONDS = 40;
/** RDS Data API: a request may have 4 MiB; this much of it is filled with rows. */
export const DATA_API_REQUEST_BUDGET_BYTES = 2.5 * KIB * KIB;
/** RDS Data API: a response may have 1 MiB, and blobs travel as base64 (4/3): 640 KiB become 853 KiB. */
export const CLAIM_PAYLOAD_BUDGET_BYTES = 640 * KIB;
/** RDS Data API: a row may have 64 KB; 44 KiB as base64 are 58.7 KiB. */
export const PAYLOAD_SLICE_BYTES = 44 * KIB;

/** Claims of one delivery before it ends as `never_sent`: days of releases at the longest pause, never a loop. */
export const MAX_CLAIMS = 500;

/** Phases of a deliver invocation around the attempt itself, seconds. */
export const CLAIM_SECONDS = 10;
export const CREDENTIAL_SECONDS = 5;
export const SETTLE_SECONDS = 10;
/** For the invocation's start and answer. */
const INVOCATION_MARGIN_SECONDS = 5;
/** How much longer than the invocation the lease lasts, so that no live worker can lose it. */
export const LEASE_MARGIN_SECONDS = 15;

/** The timeout of the deliver function for an attempt of `attemptSeconds`: attempt + claim + credential + settle + margin. */
export function deliverTimeoutSeconds(attemptSeconds: number): number {
  return attemptSeconds + CLAIM_SECONDS + CREDENTIAL_SECONDS + SETTLE_SECONDS + INVOCATION_MARGIN_SECONDS;
}

/**
 * Throws, naming both figures, if an attempt does not fit into its function: every delivery would be released for ever.
 * @param functionSeconds what is left of the timeout at a cold start, since starting has used up part of it
 */
export function refuseShortTimeout(attemptSeconds: number, functionSeconds: number): void {
  const wanted = attemptSeconds + SETTLE_SECONDS + CREDENTIAL_SECONDS;
  if (functionSeconds >= wanted) return;
  throw new RangeError(
    `WEBHOOK_DELIVERY_TIMEOUT_SECONDS=${attemptSeconds} does not fit the function: its timeout leaves ${Math.floor(functionSeconds)} s, an attempt needs ${wanted} s`,
  );
}

/** How long a claim holds a delivery. */
export function leaseSeconds(attemptSeconds: number): number {
  return deliverTimeoutSeconds(attemptSeconds) + LEASE_MARGIN_SECONDS;
}

/** `WEBHOOK_DELIVERY_TIMEOUT_SECONDS` at most: with its margins it fits the 900 s of a function. */
export const MAX_ATTEMPT_SECONDS = 600;
export const LONGEST_LEASE_SECONDS = leaseSeconds(MAX_ATTEMPT_SECONDS);

/** AWS advises a visibility timeout of six function timeouts for an event source. */
export function visibilityTimeoutSeconds(functionTimeoutSeconds: number): number {
  return 6 * functionTimeoutSeconds;
}

/** A delivery that was released (after an internal fault) is due again after min(30 s × 2^k, 600 s). */
export const RELEASE_BASE_SECONDS = 30;
export const RELEASE_MAX_SECONDS = 600;

/** The timeout of the enqueue function: a batch is at most 1000 rows in a few Data API calls, each of at most 45 s. */
export const ENQUEUE_TIMEOUT_SECONDS = 60;
/** Reserved within it, after the last statement, for messages and the answer: a caller that is told in time may try again. */
export const ENQUEUE_ANSWER_SECONDS = 15;
/** What is left for the database, and so the longest that a caller can be made to wait. */
export const MAX_ENQUEUE_WAIT_SECONDS = ENQUEUE_TIMEOUT_SECONDS - ENQUEUE_ANSWER_SECONDS;

/** An intake message that the database did not answer comes again after 24 s, and after 1.25 times as long each further time… */
const OUTAGE_PAUSE_SECONDS = { first: 24, growth: 1.25, longest: 400 };
/** …spread over up to half as much again, so that not all come at once: after 30 s of outage within a minute, after hours within ten. */
export const OUTAGE_PAUSE_SPREAD = 0.5;

/** The shortest pause after so many receives (1 or more) without an answer. Intake's `maxReceiveCount` is counted from it. */
export function shortestOutagePauseSeconds(receives: number): number {
  const { first, growth, longest } = OUTAGE_PAUSE_SECONDS;
  return Math.min(first * growth ** (receives - 1), longest);
}

/** The sweep runs every 5 minutes… */
export const SWEEP_INTERVAL_MINUTES = 5;
/** …hands out what falls due within its next 15 minutes (three runs)… */
export const SWEEP_HORIZON_SECONDS = 900;
/** …puts back what has been due this long… */
export const SWEEP_GRACE_SECONDS = 60;
/** …and again after a pause that doubles from 5 minutes to 2 hours. */
export const SWEEP_PAUSE_SECONDS = 300;
export const SWEEP_MAX_PAUSE_SECONDS = 7200;
/** An outcome is announced by the worker that wrote it, at the end of its invocation, or by a sweep after this time… */
export const ANNOUNCE_SECONDS = 60;
/**
 * …and a plain delivery after this one. That it was announced is recorded with whatever its worker records next, and Lambda seldom
 * keeps an idle worker for longer: a shorter time would repeat events on quiet days.
 */
export const ANNOUNCE_DELIVERED_SECONDS = 600;
/** Rows that a sweep handles in one statement. */
export const SWEEP_PAGE_ROWS = 500;

/**
 * Where a database may pause, a sweep asks it only if a marker says that something may be pending. No statement that can make
 * something pending is sent while its process's last marker is older than this…
 */
export const MARKER_FRESH_SECONDS = 240;
/** …and so much later it has taken effect or never will: its caller's time is over, and the Data API ends every statement after 45 s. */
export const LONGEST_STATEMENT_SECONDS = MAX_ENQUEUE_WAIT_SECONDS + 45;
/** A process that stood still in between puts another marker behind the row. */
export const MARKER_LATE_SECONDS = MARKER_FRESH_SECONDS + LONGEST_STATEMENT_SECONDS;
/** A marker is removed if it is older than this, and a question that was asked after that found nothing. What is over is for two clocks. */
export const MARKER_OLD_SECONDS = 600;
/** A marker that a sweep holds shows again before the next one, should the sweep die. */
export const MARKER_HELD_SECONDS = 240;
/** If nothing is due for as long as this, the database may sleep until then. Below it, it would wake almost at once… */
export const MARKER_SLEEP_FROM_SECONDS = 1800;
/** …and it is woken so long before, so that the sweep hands out what is due, and deliver meets a database that is awake. */
export const MARKER_WAKES_BEFORE_SECONDS = 600;
/** SQS keeps a message for 14 days, whatever becomes of it. */
export const MARKER_RENEWED_AFTER_SECONDS = 13 * 86_400;
export const MARKER_KEPT_SECONDS = 14 * 86_400;
/**
 * A database that may sleep does so after this time without a call: longer than from one sweep that asks to the next, a minute of
 * lateness included, so that it stays awake while anything is pending. At the least 300.
 */
export const DATABASE_SLEEPS_AFTER_SECONDS = SWEEP_INTERVAL_MINUTES * 60 + 60;
/** Markers that one sweep takes in. */
export const MARKERS_A_SWEEP = 2000;
/** So often a sweep asks without a marker: each time, the database is awake for six minutes, half a cent at its smallest. */
export const LOOK_EVERY_HOURS = 8;
/** What is due sooner than this needs a marker of its own; for the rest the next look comes in time, also if it comes late. */
export const LOOK_REACHES_SECONDS = (LOOK_EVERY_HOURS + 1) * 3600;
/**
 * Hidden markers show again at the latest at the next multiple of this, all at the same time, so that all but one can go: if each had
 * a time of its own, there would be more with every burst of deliveries, and one or the other would keep the database awake.
 */
export const MARKER_SLEEP_ENDS_EVERY_SECONDS = LOOK_EVERY_HOURS * 3600;
/** SQS hides a message for 12 h at most, counted from when it was received. */
export const MARKER_LONGEST_SLEEP_SECONDS = MARKER_SLEEP_ENDS_EVERY_SECONDS + MARKER_SLEEP_FROM_SECONDS;

/** An endpoint without settings is forgotten when it has not failed for seven days: hostile or unique URLs never fill the table. */
export const ENDPOINT_IDLE_SECONDS = 7 * 86_400;
/** An ordering key that nobody has used for so long loses its row, which only orders those who store at the same time. */
export const ORDERING_KEY_IDLE_SECONDS = 3600;
/** Endpoints that a sweep handles in one statement. */
export const SWEEP_PAGE_KEYS = 500;
/** An order answers within this time and goes on by itself: clients such as the AWS CLI wait for 60 s. */
export const OPERATE_ANSWER_SECONDS = 20;
/** Orders are kept this long: who gave them, when, and what came of them. */
export const ORDER_RETENTION_DAYS = 400;
/** Longest that what deliveries hold, or their rows, can be set to be kept: ten years. */
export const MAX_RETENTION_DAYS = 3650;
/** A list or a count looks for as long as this, and then answers what it has. */
export const INSPECT_LOOK_SECONDS = 10;

/**
 * A sweep or an order begins no more pages this long before its timeout. It is the longest a page can take while nothing
 * answers: its statement, its sends (500 messages are five rounds of ten batches) and the statement after it.
 */
export const STOP_BEFORE_TIMEOUT_MS =
  1000 * (2 * STATEMENT_SECONDS + sendSeconds(SWEEP_PAGE_ROWS) + INVOCATION_MARGIN_SECONDS);

function sendSeconds(messages: number): number {
  return Math.ceil(messages / QUEUE_BATCH_ENTRIES / CONCURRENT_BATCHES) * SEND_BATCH_SECONDS;
}
