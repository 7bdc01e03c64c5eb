import { ALARM_NAMES } from '../../infra/stack-settings.ts';
import { MAX_ARN_CHARACTERS } from '../../infra/cluster-name.ts';
import { resolveProps } from '../../infra/resolve-props.ts';
import { timingsFor } from '../../infra/timings.ts';
import { FAILURE_CLASSES } from '../../shared/delivery/attempt-outcome.ts';
import { ADOPTION_LEASE } from '../../shared/operate/adoption-lease.ts';
import { ATTEMPT_DURATION, COUNTED, DEAD_LETTERS, MISTAKES } from '../../shared/observe/metric-names.ts';
import * as limits from '../../shared/runtime/limits.ts';
import { FUNCTIONS, resourcesOf, templateOf } from '../support/stack/synthesized-stack.ts';
import { sourceOf } from './sources.ts';

/** A document, and a sentence that it must hold, with figures as the code has them. */
type Figure = readonly [document: string, sentence: string];

/** A constant of a source that keeps it to itself, by its name: arithmetic over numbers and constants beside it. */
export function constantOf(path: string, name: string): number {
  const text = new RegExp(`\\b${name} = ([^;]+);`).exec(sourceOf(path))?.[1];
  if (text === undefined) throw new Error(`${path} has no ${name}`);
  if (!/^[A-Z\d_\s.*/+()-]+$/.test(text)) throw new Error(`${name} of ${path} is no arithmetic: ${text}`);
  const numbers = text
    .replaceAll(/(?<=\d)_(?=\d)/g, '')
    .replaceAll(/[A-Z][A-Z\d_]*/g, (other) => String(constantOf(path, other)));
  return Number(new Function(`return ${numbers}`)());
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const inWords = (count: number): string => WORDS[count] ?? String(count);
const ORDINALS: Readonly<Record<number, string>> = { 8: 'eighth', 9: 'ninth', 10: 'tenth' };
const aOr = (count: number): string => (count === 1 ? 'a' : inWords(count));
const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const grouped = (number: number): string => number.toLocaleString('en-US');
const DAY_SECONDS = 86_400;

/** Figures that the code has: whoever changes one finds here which sentences speak of it. */
export function figures(): Figure[] {
  return [...ofTheStack(), ...ofDeliveries(), ...ofRequests(), ...ofReceivers(), ...ofOperators()];
}

function ofTheStack(): Figure[] {
  const template = templateOf();
  const count = (type: string): number => resourcesOf(template, type).size;
  const { deliverConcurrency, database } = resolveProps({});
  const { deliver, enqueue, retention } = timingsFor(30);
  const batch = limits.QUEUE_BATCH_ENTRIES;
  const atOnce = deliverConcurrency * batch;
  // By reason and in total; each sweep's own are priced apart.
  const others = COUNTED.length - MISTAKES.length + 1 + FAILURE_CLASSES.length + 1;
  if (others !== new Set([...COUNTED, DEAD_LETTERS, ATTEMPT_DURATION, ...FAILURE_CLASSES]).size - MISTAKES.length)
    throw new Error('two metrics of one name');
  if (database.kind !== 'new') throw new Error('the default is a database of its own');
  return [
    ['docs/deploy.md', `${capital(inWords(count('AWS::SQS::Queue')))} SQS queues: intake, delivery`],
    ['docs/deploy.md', `${capital(inWords(FUNCTIONS.length))} Lambda functions on Node 24 (arm64)`],
    ['docs/deploy.md', `n ${ORDINALS[count('AWS::Lambda::Function')]} is the CDK's`],
    [
      'docs/deploy.md',
      `A schedule (the sweep, every ${inWords(limits.SWEEP_INTERVAL_MINUTES)} minutes), ${ALARM_NAMES.length} alarms`,
    ],
    [
      'docs/deploy.md',
      `up to ${others} more metrics if every kind of event occurs (${(others * 0.3).toFixed(2)} a month)`,
    ],
    ['docs/deploy.md', `no cluster ARN of more than ${MAX_ARN_CHARACTERS} characters`],
    ['docs/privacy.md', `read and delete it, or wait ${retention.deadLetters / DAY_SECONDS} days`],
    ['docs/deploy.md', `\`deliverConcurrency\` × ${batch} = ${atOnce}`],
    [
      'docs/deploy.md',
      `a batch of ten in about 0.3 s: ${deliverConcurrency} × ${batch} / 0.3 ≈ ${grouped(Math.floor(atOnce / 30) * 100)}`,
    ],
    ['docs/deploy.md', `receivers that take 5 s | ${atOnce} / 5 = ${atOnce / 5}`],
    ['docs/deploy.md', `\`deliverConcurrency\` ${deliverConcurrency}: the ${atOnce} places are taken at once`],
    ['docs/deploy.md', `With \`deliverConcurrency\` 200 the 1,000 do not fill the ${grouped(200 * batch)} places`],
    ['docs/deploy.md', 'The Data API cancels a call after 45 s'],
    ['docs/runbook.md', `at its maximum (${deliverConcurrency} unless set otherwise)`],
    ['docs/runbook.md', `could not process one in ${inWords(deliver.maxReceives)} receives`],
    [
      'docs/runbook.md',
      `tried every ${inWords(enqueue.visibility / 60)} minutes for ${Math.floor((enqueue.visibility * enqueue.maxReceives) / 3600)} hours`,
    ],
    ['docs/runbook.md', `They are kept for ${retention.deadLetters / DAY_SECONDS} days from when they were first sent`],
    ['docs/runbook.md', `lost its messages (they live ${inWords(retention.source / DAY_SECONDS)} days)`],
    [
      'docs/privacy.md',
      `Intake messages: the whole request | ${retention.source / DAY_SECONDS} days; what was refused ${retention.deadLetters / DAY_SECONDS} days`,
    ],
    ['docs/privacy.md', `\`backupRetentionDays\` (${database.backupRetentionDays})`],
    ['infra/webhook-delivery-props.ts', `with batches of ten, ${atOnce} deliveries under way`],
  ];
}

function ofDeliveries(): Figure[] {
  const { settings, alarmThresholds } = resolveProps({});
  const { downAfterFailures, holdSeconds } = settings.endpoints;
  const announceMinutes = limits.ANNOUNCE_SECONDS / 60;
  const deliveredMinutes = limits.ANNOUNCE_DELIVERED_SECONDS / 60;
  const sweep = limits.SWEEP_INTERVAL_MINUTES;
  const oldestMinutes = alarmThresholds.oldestDueAgeSeconds / 60;
  return [
    ['README.md', `After ${inWords(downAfterFailures)} failures in a row an endpoint`],
    ['README.md', `and at most ${settings.retry.maxDelaySeconds / 60} minutes apart, finds out`],
    ['README.md', `A delivery is held for ${inWords(holdSeconds / DAY_SECONDS)} days at most`],
    ['README.md', `Those, every 5xx and every network failure are tried again after`],
    ['README.md', `may ask for more time, up to ${limits.MAX_RETRY_AFTER_SECONDS / 3600} h, by`],
    ['README.md', `clock steps forward by more than ${limits.LEASE_MARGIN_SECONDS} s`],
    [
      'README.md',
      `The terminal and the console count down the ${settings.retry.baseDelaySeconds} s to its next attempt`,
    ],
    [
      'ARCHITECTURE.md',
      `Delays of more than ${limits.MAX_QUEUE_DELAY_SECONDS} s are chains of messages. Beyond ${limits.MAX_CHAINED_DELAY_SECONDS / 3600} h`,
    ],
    ['ARCHITECTURE.md', `sweep, every ${sweep} minutes`],
    ['ARCHITECTURE.md', `ends at least ${limits.LEASE_MARGIN_SECONDS} s before the lease`],
    [
      'ARCHITECTURE.md',
      `the function timeout is T + ${limits.deliverTimeoutSeconds(30) - 30} s, the lease is ${limits.LEASE_MARGIN_SECONDS} s longer, and the visibility timeout is ${inWords(limits.visibilityTimeoutSeconds(1))} function timeouts`,
    ],
    ['docs/runbook.md', `events of outcomes for ${constantOf('infra/alarms.ts', 'UNANNOUNCED_SECONDS') / 60} minutes`],
    ['docs/runbook.md', `running at ${alarmThresholds.databaseCapacityPercent} % of its maximum capacity`],
    [
      'docs/runbook.md',
      `An endpoint has failed for ${alarmThresholds.endpointDownSeconds === 3600 ? 'an hour' : 'so long'}`,
    ],
    [
      'docs/runbook.md',
      `a statement of the sweep that takes longer than ${constantOf('shared/runtime/limits.ts', 'STATEMENT_SECONDS')} s is given up`,
    ],
    [
      'docs/runbook.md',
      `some delivery had been due for ${oldestMinutes} minutes or longer, so for ${oldestMinutes + 2 * sweep} to ${oldestMinutes + 3 * sweep} by now`,
    ],
    ['docs/runbook.md', `the sweep has not reported for ${3 * sweep} minutes`],
    ['docs/runbook.md', `it was claimed ${limits.MAX_CLAIMS} times`],
    ['docs/outcomes.md', `a minute later at the earliest, ${inWords(announceMinutes + sweep)} at the latest`],
    ['docs/outcomes.md', `after ${inWords(deliveredMinutes)} to fifteen minutes`],
    [
      'docs/outcomes.md',
      `costs a worker ${inWords(constantOf('shared/outcomes/announcer.ts', 'PUT_MS') / 1000)} second in a minute`,
    ],
    ['docs/outcomes.md', `a worker that records nothing more within ${inWords(deliveredMinutes)} minutes`],
    [
      'docs/outcomes.md',
      `*Outcomes that are not announced* goes off after ${constantOf('infra/alarms.ts', 'UNANNOUNCED_SECONDS') / 60} minutes`,
    ],
    [
      'infra/alarm-props.ts',
      `goes off ${oldestMinutes + 2 * sweep} to ${oldestMinutes + 3 * sweep} minutes after a delivery was due`,
    ],
  ];
}

function ofRequests(): Figure[] {
  const kib = (bytes: number): string => `${bytes / 1024} KiB`;
  return [
    ['README.md', `takes up to ${limits.MAX_DELIVERIES_PER_REQUEST} deliveries at once`],
    [
      'README.md',
      `at most ${grouped(limits.MAX_INVOKE_REQUEST_BYTES)} bytes by invoke and ${limits.MAX_QUEUE_MESSAGE_BYTES / 1024 ** 2} MiB by queue`,
    ],
    ['README.md', `A frozen body has at most ${kib(limits.MAX_PAYLOAD_BYTES)}`],
    ['README.md', `| 1–${limits.MAX_ATTEMPTS_LIMIT}, default 5 |`],
    ['README.md', `RFC 3339, up to ${limits.MAX_SCHEDULE_AHEAD_SECONDS / DAY_SECONDS} days ahead`],
    ['docs/enqueue.md', `joined by \`; \`: ${limits.MAX_REPORTED_FAULTS} at most, then how many more`],
    ['docs/enqueue.md', `at most ${limits.MAX_REPORTED_WARNINGS} for each delivery, then their number`],
    [
      'docs/enqueue.md',
      `A \`webhook_name\` of more than ${limits.MAX_NAME_CHARACTERS} characters`.replace('A ', '| a '),
    ],
    ['docs/outbox.md', `JSON, at most ${kib(limits.MAX_PAYLOAD_BYTES)}; sent byte for byte`],
    [
      'docs/outbox.md',
      `a list of at most ${limits.MAX_CUSTOM_HEADERS} \`{"key", "value"}\`, in ${grouped(limits.MAX_CUSTOM_HEADER_BYTES)} bytes`,
    ],
    ['docs/outbox.md', `http or https, at most ${grouped(limits.MAX_URL_CHARACTERS)} characters`],
    ['docs/outbox.md', `next sweep sends it, within ${inWords(limits.SWEEP_INTERVAL_MINUTES)} minutes`],
    ['docs/moving-in.md', `no http(s) URL, over ${grouped(limits.MAX_URL_CHARACTERS)} characters`],
    ['docs/moving-in.md', `a payload has at most ${kib(limits.MAX_PAYLOAD_BYTES)}`],
    ['docs/receivers.md', `Surehook itself sends at most ${kib(limits.MAX_PAYLOAD_BYTES)}`],
    ['README.md', `are sent again twice, after ${constantOf('client/hand-over.ts', 'FIRST_PAUSE_MS') / 1000} and 2 s`],
  ];
}

function ofReceivers(): Figure[] {
  const connection = (name: string): number => constantOf('shared/egress/receiver-connection.ts', name) / 1000;
  const issued = (name: string): number => constantOf('shared/credentials/token-answer.ts', name);
  const tokens = (name: string): number => constantOf('shared/credentials/access-tokens.ts', name);
  const minutes = (ms: number): string => (ms === 60_000 ? 'a minute' : `${inWords(ms / 60_000)} minutes`);
  const cache = (name: string): number => constantOf('shared/credentials/credential-cache.ts', name) / 1000;
  const signature = (name: string): number => constantOf('shared/credentials/signature.ts', name);
  const dialled = (name: string): number => constantOf('shared/egress/dial-addresses.ts', name);
  const kib = (bytes: number): string => `${bytes / 1024} KiB`;
  const token = (name: string): number => constantOf('shared/credentials/token-answer.ts', name) / 1000;
  const trace = (name: string): number => constantOf('shared/delivery/trace-context.ts', name);
  const lookUp = constantOf('shared/egress/name-resolver.ts', 'LOOK_UP_MS') / 1000;
  return [
    ['README.md', `A secret is read for every attempt and kept for ${cache('FRESH_MS')} s`],
    ['README.md', `is used after ${cache('FRESH_MS')} s at the latest`],
    ['README.md', `for up to ${cache('LAST_GOOD_MS') / 60} minutes while Secrets Manager does not answer`],
    ['README.md', `(${signature('MIN_HMAC_KEY_BYTES')} to ${signature('MAX_HMAC_KEY_BYTES')} bytes of base64`],
    [
      'docs/credentials.md',
      `until ${aOr(token('MARGIN_MS') / 60)} minute before its end (\`expires_in\`; ${inWords(token('UNSAID_MS') / 60)} minutes where the server does not say, ${aOr(token('LONGEST_MS') / DAY_SECONDS)} day at most)`,
    ],
    [
      'docs/credentials.md',
      `asked again after ${inWords(constantOf('shared/credentials/access-tokens.ts', 'FAILURE_MS') / 1000)} seconds`,
    ],
    [
      'docs/enqueue.md',
      `at most ${trace('MAX_TRACESTATE_ENTRIES')} entries \`key=value\`, separated by commas, in ${grouped(trace('MAX_TRACESTATE_CHARACTERS'))} characters`,
    ],
    ['docs/outbox.md', `1 to ${grouped(limits.MAX_ANNOUNCED)} UUIDs`],
    ['docs/outbox.md', `due more than ${limits.MAX_CHAINED_DELAY_SECONDS / 3600} hours ahead`],
    ['docs/credentials.md', `deliveries see a changed secret within ${inWords(cache('FRESH_MS'))} seconds`],
    ['docs/credentials.md', `a token until ${minutes(issued('MARGIN_MS'))} before its end`],
    ['docs/credentials.md', `${minutes(issued('UNSAID_MS'))} where the server does not say`],
    ['docs/credentials.md', `asked again after ${inWords(tokens('FAILURE_MS') / 1000)} seconds`],
    ['docs/credentials.md', `${constantOf('shared/deliver/find-credential.ts', 'MAX_TOKEN_MS') / 1000} s at most`],
    ['docs/what-can-go-wrong.md', `one token request in ${tokens('RENEWAL_MS') / 1000} s`],
    ['docs/receivers.md', `rested for less than ${connection('KEPT_MS')} s, or for a second less than the receiver`],
    ['docs/receivers.md', `up to ${connection('MAX_KEPT_MS')} s. It lasts a minute at most`],
    ['SECURITY.md', `given up after ${lookUp} s`],
    [
      'SECURITY.md',
      `${inWords(dialled('MAX_DIALLED_AT_ONCE'))} are dialled at a time and ${dialled('MAX_ADDRESSES_TRIED')} in all`,
    ],
    [
      'SECURITY.md',
      `a connection lasts a minute at most, a session ${inWords(constantOf('shared/egress/tls-sessions.ts', 'MAX_AGE_MS') / 60_000)}`,
    ],
    [
      'SECURITY.md',
      `${kib(limits.MAX_RESPONSE_HEADER_BYTES)} of header, ${kib(limits.MAX_RESPONSE_BODY_BYTES)} of body, of which no more is decoded than the ${kib(limits.RESPONSE_EXCERPT_BYTES)} that is kept`,
    ],
    [
      'SECURITY.md',
      `at most ${grouped(constantOf('shared/observe/redact-payload.ts', 'ALL_JUDGED_CHARACTERS'))} characters of a payload are judged`,
    ],
    ['SECURITY.md', `no walk deeper than ${limits.MAX_PAYLOAD_DEPTH} levels`],
    ['docs/privacy.md', `the first ${kib(limits.RESPONSE_EXCERPT_BYTES)} of the answer`],
  ];
}

function ofOperators(): Figure[] {
  const { settings } = resolveProps({});
  const mostIds = grouped(constantOf('shared/operate/selection-schema.ts', 'MAX_IDS'));
  const pace = constantOf('shared/operate/operate-request.ts', 'DEFAULT_PER_SECOND');
  return [
    ['README.md', `\`per_second\` (default ${pace}) is the pace for each host`],
    ['docs/runbook.md', `\`--per-second\` (default ${pace}) is the pace for each host`],
    ['docs/operations.md', `\`delivery_ids\` or \`delivery_uuids\` (at most ${mostIds})`],
    [
      'docs/operations.md',
      `(selection, \`limit\` up to ${constantOf('shared/operate/inspect-request.ts', 'MAX_LIST_ROWS')}, \`after\`)`,
    ],
    [
      'docs/operations.md',
      `\`refused\` (the first ${constantOf('shared/aws/data-api-order-store.ts', 'NAMED_REFUSED')},`,
    ],
    ['docs/operations.md', `\`per_second\` (${pace}) of each host`],
    ['cli/commands/order-commands.ts', `for each host, over all orders (default: ${pace})`],
    ['cli/commands/adopt.ts', `holds what it has claimed (default: ${ADOPTION_LEASE.default})`],
    ['docs/operations.md', `An order that takes longer than ${limits.OPERATE_ANSWER_SECONDS} s goes on by itself`],
    ['docs/privacy.md', `until \`WEBHOOK_RETENTION_DAYS\` (${settings.retentionDays}) after`],
    ['docs/privacy.md', `until \`WEBHOOK_ROW_RETENTION_DAYS\` (${settings.rowRetentionDays}) after`],
    ['docs/privacy.md', `who asked | ${limits.ORDER_RETENTION_DAYS} days |`],
    [
      'docs/credentials.md',
      `which can be brought back for ${inWords(constantOf('cli/credential-secrets.ts', 'RECOVERY_DAYS'))} days`,
    ],
  ];
}
