import { announce } from '../delivery/announce.ts';
import { callNext } from '../delivery/next-in-order.ts';
import { type Refusal, RowRefused } from '../delivery/store-answers.ts';
import { countDeaths } from '../observe/count-deaths.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import { adoptDeliveries } from './adopt-deliveries.ts';
import { nameIds } from './name-ids.ts';
import { firstLook } from './order-rules.ts';
import type { DeliveryAction } from './operate-request.ts';
import type { OrderPosition, PageAnswer } from './order-store.ts';
import { type OperateParts, type OrderProgressed, type OrderWork, record } from './order-work.ts';
import { restOrder } from './rest-order.ts';
import { selectionOf } from './selection.ts';

/** How long a worker has an order after its time is up: whoever dies is replaced soon, and nobody alive loses it. */
const LEASE_MARGIN_SECONDS = 180;
/** Between two times of asking for rows that somebody else has locked. */
const LOCKED_PAUSE_MS = 1_000;
/** Locked rows that an order comes back to; more are refused. */
const MAX_LOCKED = 500;

/**
 * Works on an order until it is done, time is up, or somebody pauses or stops it. Safe to run at any time, by several at once and
 * after a crash at any place: one worker has the order at a time, and each page is recorded together with what it changes.
 */
export async function workOrder(
  parts: OperateParts,
  orderId: number,
  stopAtMonotonicMs: number,
): Promise<OrderProgressed> {
  const { store, clock } = parts;
  const token = clock.uuid();
  const leaseSeconds = Math.max(0, Math.ceil((stopAtMonotonicMs - clock.monotonicMs()) / 1000)) + LEASE_MARGIN_SECONDS;
  const taken = await store.takeOrder(orderId, { token, leaseSeconds });
  if (taken === undefined) return 'not_ours';
  const work = { parts, taken, stopAtMonotonicMs, step: { orderId, token, step: taken.step } };
  const progressed = await progress(work);
  parts.log.info('order_worked', { order_id: orderId, action: taken.action, progressed });
  return progressed;
}

async function progress(work: OrderWork): Promise<OrderProgressed> {
  const { action, unwinds } = work.taken;
  if (unwinds) return restOrder(work);
  return action === 'adopt' ? adoptDeliveries(work) : walkOrder({ ...work, action });
}

/** An order about deliveries that a selection names. */
type Walk = OrderWork & { action: DeliveryAction };

async function walkOrder(work: Walk): Promise<OrderProgressed> {
  const { parts, taken, stopAtMonotonicMs } = work;
  const { store, clock } = parts;
  const { selection } = await nameIds(store, selectionOf(taken.request));
  const first = firstLook(work.action, selection, taken.givenAt);
  let position: OrderPosition = first === undefined ? { ended: true } : taken.position;
  for (;;) {
    if (position.ended === true && (position.again ?? []).length === 0) return finish(work, position, 'done');
    if (clock.monotonicMs() >= stopAtMonotonicMs) {
      return (await finish(work, position, 'resting')) === 'not_ours' ? 'not_ours' : position.ended ? 'later' : 'left';
    }
    if (first === undefined || position.ended === true) {
      await new Promise<void>((resolve) => clock.after(LOCKED_PAUSE_MS, resolve));
      const again: OrderPosition | undefined = await changeAll(work, position.again ?? [], { ended: true });
      if (again === undefined) return 'not_ours';
      position = again;
      continue;
    }
    const found = await store.findMatches({ ...first, after: position.after });
    const next: OrderPosition = found.next === undefined ? { ended: true } : { after: found.next };
    const after = await changeAll(work, found.deliveryIds, { ...next, again: position.again ?? [] });
    if (after === undefined) return 'not_ours';
    position = after;
  }
}

/** Changes these rows; the position afterwards knows those that are locked. Undefined: the order is no longer ours. */
async function changeAll(
  work: Walk,
  deliveryIds: readonly number[],
  position: OrderPosition,
): Promise<OrderPosition | undefined> {
  const { parts, taken } = work;
  const before = (position.again ?? []).filter((id) => !deliveryIds.includes(id));
  // Only dead letters are counted by the sweep, and these will be none by then.
  if (taken.action === 'redeliver' && deliveryIds.length > 0) await countDeaths(parts, deliveryIds.length, deliveryIds);
  const answers = await change(work, deliveryIds, { ...position, again: before });
  if (answers === undefined) return undefined;
  const due = answers.flatMap((answer) => answer.due ?? []);
  // Rows first, messages after.
  await announce(due, parts);
  await callNext(
    answers.flatMap(({ ordering }) => ordering ?? []),
    parts,
  );
  const changed = answers.filter(({ verdict }) => verdict === 'changed').length;
  if (taken.action === 'redeliver') parts.metrics.count('RedeliveredDeliveries', changed);
  const locked = answers.filter(({ verdict }) => verdict === 'locked').map(({ deliveryId }) => deliveryId);
  if (locked.length === 0) return { ...position, again: before };
  const again = [...before, ...locked].slice(0, MAX_LOCKED);
  const tooMany = [...before, ...locked].slice(MAX_LOCKED).map((id) => ({ delivery_id: id, because: 'locked' }));
  const isOurs = await record(work, { ...position, again }, { outcome: 'going_on', refused: tooMany });
  return isOurs ? { ...position, again } : undefined;
}

/** One row that the database refuses to change costs its neighbours nothing: it is found in halves, named and passed over. */
async function change(
  work: Walk,
  deliveryIds: readonly number[],
  position: OrderPosition,
): Promise<PageAnswer[] | undefined> {
  const { parts, action, step } = work;
  if (deliveryIds.length === 0) return [];
  try {
    const newUuids = action === 'replay' ? deliveryIds.map(() => parts.clock.uuid()) : [];
    const answers = await parts.store.workPage({ ...step, action, deliveryIds, position, newUuids });
    if (answers !== undefined) step.step++;
    return answers;
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
    const [only] = deliveryIds;
    if (only !== undefined && deliveryIds.length === 1) return passOver(work, { deliveryId: only, position, fault });
    const half = Math.ceil(deliveryIds.length / 2);
    const rest = deliveryIds.slice(half);
    // Until the second half is recorded, the work would go on with it.
    const first = await change(work, deliveryIds.slice(0, half), {
      ...position,
      again: [...(position.again ?? []), ...rest],
    });
    const second = first && (await change(work, rest, position));
    return first && second && [...first, ...second];
  }
}

async function passOver(
  work: Walk,
  { deliveryId, position, fault }: { deliveryId: number; position: OrderPosition; fault: { refusal: Refusal } },
): Promise<PageAnswer[] | undefined> {
  const { log, metrics } = work.parts;
  log.error('order_refused', {
    order_id: work.step.orderId,
    delivery_id: deliveryId,
    ...refusalFields(fault.refusal),
  });
  metrics.count('RowsRefused', 1);
  const refused = [{ delivery_id: deliveryId, because: 'database_refused' }];
  const isOurs = await record(work, position, { outcome: 'going_on', refused });
  return isOurs ? [{ deliveryId, verdict: 'database_refused', due: undefined }] : undefined;
}

async function finish(work: OrderWork, position: OrderPosition, outcome: 'done' | 'resting'): Promise<OrderProgressed> {
  return (await record(work, position, { outcome, refused: [] })) ? 'over' : 'not_ours';
}
