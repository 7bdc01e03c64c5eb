import { type DeliveryFacts, phaseOf, type Stop } from './delivery-facts.ts';
import { attempts, explainEnd, span } from './explain-end.ts';

/** What an explanation looks at beside the row. */
export type ExplainedAttempt = { attempt: number; errorClass: string | undefined };

/** A delivery, and what operators ordered of it. */
type Explained = DeliveryFacts & {
  firstAttemptAtMs?: number | undefined;
  stop?: Stop | undefined;
  redeliveredBy?: number | undefined;
  awaitsTurn?: boolean | undefined;
  waitingBehind?: number | undefined;
};

/**
 * Why a delivery is where it is, what happens next and when, and what an operator can do: sentences for somebody who is tired. A
 * pure function of the facts; no sentence holds a path, a query, a header or a
 * payload. An operator's note is told as it was written.
 */
export function explain(facts: Explained, tried: readonly ExplainedAttempt[]): string[] {
  return [...whereItIs(facts, tried), ...whatWasDone(facts), ...whatCanBeDone(facts)];
}

function whereItIs(facts: Explained, tried: readonly ExplainedAttempt[]): string[] {
  const { attemptCount, maxAttempts, nowMs } = facts;
  const next = `attempt ${attemptCount + 1} of ${maxAttempts}`;
  const dueIn = (facts.scheduledForMs ?? nowMs) - nowMs;
  switch (phaseOf(facts)) {
    case 'succeeded':
      return [
        `It was delivered by ${attemptCount <= 1 ? 'its first attempt' : `attempt ${attemptCount}`}; nothing more happens.`,
        ...(facts.succeededLate
          ? ['Its success was reported late, after its lease had been taken over or it had been buried.']
          : []),
      ];
    case 'dead_letter':
      return [
        explainEnd(facts),
        ...mayHaveArrived(facts, tried),
        'It is not tried again automatically.',
        ...whatItHolds(facts),
      ];
    case 'in_flight':
      return [
        `Attempt ${attemptCount} of ${maxAttempts} is under way; its worker has it for another ${span((facts.leaseExpiresAtMs ?? nowMs) - nowMs)}.`,
        ...(facts.isCancelled ? ['An operator cancelled it: this attempt is the last.'] : []),
      ];
    case 'lease_ran_out':
      return [
        `The worker of attempt ${attemptCount} ended without a report ${span(nowMs - (facts.leaseExpiresAtMs ?? nowMs))} ago.`,
        attemptCount < maxAttempts
          ? `The sweep, which runs every 5 minutes, hands it out again for ${next}.`
          : 'It was the last one allowed: the next sweep ends it, unless a success is reported first.',
      ];
    case 'behind':
      return [...whatComesFirst(facts), ...lastFailure(facts, tried)];
    case 'held':
      return [...whatHoldsIt(facts), ...lastFailure(facts, tried)];
    case 'due':
      return [
        `It has been due for ${span(-dueIn)} and waits for a worker: ${next}.`,
        'If its message was lost, the next sweep sends another one within 5 minutes.',
        ...lastFailure(facts, tried),
      ];
    case 'retrying':
      if (facts.awaitsTurn === true && facts.redeliveredBy !== undefined) {
        return [
          `Order ${facts.redeliveredBy} brought it back, and paces what it sends: its turn is in ${span(dueIn)}, ${next}.`,
          ...lastFailure(facts, tried),
        ];
      }
      return [`It is tried again in ${span(dueIn)}: ${next}.`, ...lastFailure(facts, tried)];
    case 'scheduled':
      return [
        `It is scheduled: its first attempt is due in ${span(dueIn)}.`,
        ...(facts.awaitsHandOut
          ? ['That is further ahead than messages reach: a sweep hands it out shortly before.']
          : []),
      ];
  }
}

function whatHoldsIt({ heldFor, heldSinceMs, scheduledForMs, stop, nowMs }: Explained): string[] {
  const since = heldSinceMs === undefined ? '' : ` for ${span(nowMs - heldSinceMs)}`;
  const left = span((scheduledForMs ?? nowMs) - nowMs);
  switch (heldFor) {
    case 'down':
      return [
        `Its endpoint is down, and has held it${since}: it uses up no attempts.`,
        `It goes out when a probe is answered, after those that have been due for longer. Held for another ${left}, it ends as endpoint_down.`,
      ];
    case 'waiting':
      return [`Its endpoint has asked to wait, and holds it${since}: it goes out when that time is over.`];
    case 'recovering':
      return [`Its endpoint was down and takes deliveries again, two for each success; this one has waited${since}.`];
    case 'in_flight':
      return [`Its endpoint has as many requests in flight as its limit allows; this one has waited${since}.`];
    case 'rate':
      return [`Its endpoint has a limit of requests a second: its turn is in ${left}.`];
    default:
      return [whatStopsIt(stop, nowMs) ?? `An operator has held it${since}: it goes out when that is resumed.`];
  }
}

function whatComesFirst({ behind }: DeliveryFacts): string[] {
  const first = `It waits behind delivery ${behind?.deliveryId} of its ordering key`;
  return behind?.status === 'dead_letter'
    ? [
        `${first}, a dead letter that holds the key.`,
        'The key goes on once somebody has redelivered that one and it is delivered, or has dismissed or erased it.',
      ]
    : [`${first}, and goes when no earlier one is left.`];
}

/** Of a dead letter that nobody has dealt with. */
function whatItHolds({ holdsKey, reason, dismissedAtMs, expungedAtMs, waitingBehind }: Explained): string[] {
  const isDealtWith = reason === 'cancelled' || (dismissedAtMs ?? expungedAtMs) !== undefined;
  if (!holdsKey || isDealtWith) return [];
  return [
    'It holds its ordering key: all that come after it wait until somebody has dealt with it.',
    ...(waitingBehind === undefined ? [] : [whoWaits(waitingBehind)]),
  ];
}

function whoWaits(count: number): string {
  if (count === 0) return 'So far nothing waits behind it.';
  if (count === 1) return '1 delivery waits behind it.';
  return `${count}${count >= MOST_WAITING ? ' or more' : ''} deliveries wait behind it.`;
}
/** So far they are counted. */
const MOST_WAITING = 1000;

function whatStopsIt(stop: Stop | undefined, nowMs: number): string | undefined {
  if (stop === undefined) return undefined;
  const { scope, sinceMs, note } = stop;
  const why = note === undefined ? '' : ` (“${note}”)`;
  return `An operator has held ${STOPPED.get(scope) ?? 'it'} for ${span(nowMs - sinceMs)}${why}: it goes out when that is resumed.`;
}

const STOPPED: ReadonlyMap<string, string> = new Map([
  ['everything', 'everything'],
  ['organization', 'its whole organization'],
  ['origin', 'all of its endpoint’s origin'],
  ['endpoint', 'its endpoint'],
]);

function lastFailure(
  { attemptCount, lastStatusCode, lastError }: DeliveryFacts,
  tried: readonly ExplainedAttempt[],
): string[] {
  if (attemptCount === 0)
    return lastError === undefined ? [] : ['An internal fault has kept it from being sent so far.'];
  const failed = `${attempts(attemptCount)} failed so far`;
  if (lastStatusCode !== undefined) return [`${failed}, the last one with status ${lastStatusCode}.`];
  const last = tried.find(({ attempt }) => attempt === attemptCount)?.errorClass;
  const because = UNSENT.get(last ?? '');
  return [`${failed}, the last one ${because === undefined ? 'without an answer' : `without a request: ${because}`}.`];
}

/** Of these nothing has reached the receiver, who need not be asked. */
const UNSENT: ReadonlyMap<string, string> = new Map([
  ['credential_missing', 'its credential was not to be had'],
  ['credential_invalid', 'its credential could not be used as it is written'],
  ['blocked_address', 'the name leads to an address that webhooks may not reach'],
  ['dns', 'the name did not resolve'],
  ['tls', 'the TLS handshake failed'],
]);

/** Whatever the reason of a dead letter, the receiver may have accepted an earlier attempt that never reported. */
function mayHaveArrived({ reason }: DeliveryFacts, tried: readonly ExplainedAttempt[]): string[] {
  if (reason === 'outcome_unknown') return [];
  const unknown = tried.filter(({ errorClass }) => errorClass === 'outcome_unknown').map(({ attempt }) => attempt);
  if (unknown.length === 0) return [];
  const which = unknown.toSorted((a, b) => a - b).join(', ');
  return [`The receiver may have got it all the same: attempt ${which} never reported.`];
}

function whatWasDone({ dismissedAtMs, expungedAtMs, expungeAtEnd, replayOf, nowMs }: DeliveryFacts): string[] {
  return [
    ...(replayOf === undefined ? [] : [`It is a replay of delivery ${replayOf}.`]),
    ...(dismissedAtMs === undefined
      ? []
      : [`Somebody dismissed it ${span(nowMs - dismissedAtMs)} ago: it is dealt with.`]),
    ...(expungeAtEnd ? ['What it holds is erased when this attempt is over.'] : []),
    ...(expungedAtMs === undefined
      ? []
      : [`Its payload and headers were erased ${span(nowMs - expungedAtMs)} ago: it cannot be sent again.`]),
  ];
}

function whatCanBeDone(facts: DeliveryFacts): string[] {
  const { status, reason, expungedAtMs, dismissedAtMs, isCancelled } = facts;
  if (expungedAtMs !== undefined) return [];
  if (status === 'succeeded') return ['If the receiver has lost it, replay it.'];
  if (status === 'pending') return isCancelled ? [] : ['It can be cancelled.'];
  if (reason === 'cancelled') return ['Redeliver it, naming the reason cancelled, to have it sent after all.'];
  const remedy = REMEDIES.get(reason ?? '') ?? 'Once the cause is mended, redeliver it';
  return [`${remedy}${dismissedAtMs === undefined ? ', or dismiss it' : ''}.`];
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['blocked_address', 'The URL has to change: enqueue it again with another one'],
  ['header', 'Its headers have to change: enqueue it again without the one that is named'],
  ['credential_missing', 'Create its secret, or have its token endpoint mended, as the error says; then redeliver it'],
  ['credential_invalid', 'Mend its secret, then redeliver it'],
  ['outcome_unknown', 'Ask the receiver whether it has it; redeliver it if not'],
  ['invalid_row', 'Correct its row, then redeliver it'],
  ['never_sent', 'Look at the internal faults in the log, then redeliver it'],
  ['internal', 'Report the fault in the log, then redeliver it'],
]);
