import type { NextDelivery, OrderingKey } from '../delivery/ordering-key.ts';
import type { Refusal, Settled, SettleAnswer, SettledAttempt } from '../delivery/store-answers.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import { idsOf } from '../outcomes/announcer.ts';
import { SETTLE_SECONDS } from '../runtime/limits.ts';
import { askUntilUnlocked } from './ask-until-unlocked.ts';
import { type Batch, callLimit } from './batch-context.ts';

/** What the database said about a settlement. `noted`: it refused the settlement and took the attempt's own row instead. */
export type Spoken = {
  deliveryId: number;
  verdict: Exclude<SettleAnswer['verdict'], 'locked' | 'refused'> | 'noted';
  isHeld?: true;
  ordering?: OrderingKey;
};

/**
 * What one statement recorded, which held deliveries are to be asked for, which endpoints turned, and who comes next in the ordering
 * keys of what it recorded. `ended`: keys in which it saw nobody.
 */
export type Round = { spoken: Spoken[]; ended: OrderingKey[] } & Beside;
type Beside = Pick<Settled, 'called' | 'turns' | 'next'>;

/**
 * Records outcomes in rounds, until that instant: each round passes on at once what the database said, and the next one asks
 * again about rows that somebody else has locked. An outcome that is in no round is not recorded. Rejects with StoreUnavailable.
 */
export async function* settleRounds(
  settlements: readonly SettledAttempt[],
  batch: Batch,
  untilMonotonicMs: number,
): AsyncGenerator<Round> {
  let beside: Beside = { called: [], turns: [], next: [] };
  const ask = async (some: readonly SettledAttempt[]) => {
    const { answers, outcomes, ...rest } = await settleOnce(some, batch, untilMonotonicMs);
    batch.parts.announcer.tell(outcomes);
    beside = rest;
    return answers;
  };
  const rounds = askUntilUnlocked(settlements, ask, {
    isLocked: ({ verdict }) => verdict === 'locked',
    batch,
    untilMonotonicMs,
  });
  const settlementOf = new Map(settlements.map((settled) => [settled.deliveryId, settled]));
  for await (const answers of rounds) {
    const spoken: Spoken[] = [];
    for (const answer of answers) {
      const { deliveryId, verdict } = answer;
      if (verdict === 'locked') continue;
      if (verdict !== 'refused') {
        if (answer.unkept !== undefined) reportUnkept(settlementOf.get(deliveryId), answer.unkept, batch);
        const { isHeld, ordering } = answer;
        spoken.push({ deliveryId, verdict, ...(isHeld && { isHeld }), ...(ordering && { ordering }) });
        continue;
      }
      if (await isNoted(answer, settlementOf.get(deliveryId), batch)) spoken.push({ deliveryId, verdict: 'noted' });
    }
    yield { spoken, ...beside, ended: endedKeys(spoken, beside.next, settlementOf) };
  }
}

/** What is tried again, or held, is the first of its key itself. */
function endedKeys(
  spoken: readonly Spoken[],
  next: readonly NextDelivery[],
  settlementOf: ReadonlyMap<number, SettledAttempt>,
): OrderingKey[] {
  return spoken.flatMap(({ deliveryId, verdict, isHeld, ordering }) => {
    const stays = verdict === 'recorded' || verdict === 'already_recorded';
    const isFirst = isHeld === true || (stays && settlementOf.get(deliveryId)?.settlement.kind === 'retry');
    return ordering === undefined || isFirst || nextOf(ordering, next) !== undefined ? [] : [ordering];
  });
}

export function nextOf(
  { organizationId, orderingKey }: OrderingKey,
  next: readonly NextDelivery[],
): NextDelivery | undefined {
  return next.find((one) => one.organizationId === organizationId && one.orderingKey === orderingKey);
}

/** What has been announced meanwhile goes with it. */
async function settleOnce(
  some: readonly SettledAttempt[],
  { parts: { store, announcer } }: Batch,
  untilMonotonicMs: number,
): Promise<Settled> {
  const announced = announcer.takeAnnounced();
  try {
    return await store.settleDeliveries(some, { untilMonotonicMs }, idsOf(announced));
  } catch (fault) {
    announcer.giveBack(announced);
    throw fault;
  }
}

/** The outcome is recorded, and the attempt missing from the list of attempts. */
function reportUnkept(settled: SettledAttempt | undefined, refusal: Refusal, { parts: { log, metrics } }: Batch): void {
  metrics.count('RowsRefused');
  const { deliveryId, attempt, settlement } = settled ?? {};
  const fields = { delivery_id: deliveryId, attempt, outcome: settlement?.kind, status: settlement?.statusCode };
  log.error('attempt_refused', { ...fields, ...refusalFields(refusal) });
}

/**
 * The database refuses to change this delivery. The outcome goes into the attempt's row, so that an accepted webhook is not
 * sent again as long as the cause remains, and is recorded once it is gone.
 */
async function isNoted(
  { deliveryId, refusal }: Extract<SettleAnswer, { verdict: 'refused' }>,
  settled: SettledAttempt | undefined,
  batch: Batch,
): Promise<boolean> {
  const { store, log, metrics } = batch.parts;
  const kind = settled?.settlement.kind;
  const fields = {
    delivery_id: deliveryId,
    attempt: settled?.attempt,
    outcome: kind,
    status: settled?.settlement.statusCode,
  };
  metrics.count('RowsRefused');
  const noted =
    settled !== undefined && (await store.noteAttempt(settled, callLimit(batch, SETTLE_SECONDS)).catch(() => false));
  log.error('recording_refused', { ...fields, noted, ...refusalFields(refusal) });
  return noted;
}
