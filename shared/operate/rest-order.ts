import { RowRefused } from '../delivery/store-answers.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import { type OrderProgressed, type OrderWork, record } from './order-work.ts';

/**
 * Puts to rest what a paused or stopped redelivery has brought back and nobody has attempted. What somebody else has locked, or the
 * database refuses to change, is passed over: the next time finds it again.
 */
export async function restOrder(work: OrderWork): Promise<OrderProgressed> {
  const { parts, stopAtMonotonicMs } = work;
  let afterId = 0;
  let leftBehind = 0;
  while (parts.clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await restPage(work, afterId);
    leftBehind += page.filter(({ isAtRest }) => !isAtRest).length;
    const last = page.at(-1);
    if (last === undefined) {
      const isOurs = await record(work, {}, { outcome: leftBehind === 0 ? 'unwound' : 'resting', refused: [] });
      if (!isOurs) return 'not_ours';
      return leftBehind === 0 ? 'over' : 'later';
    }
    afterId = last.deliveryId;
  }
  return (await record(work, {}, { outcome: 'resting', refused: [] })) ? 'left' : 'not_ours';
}

async function restPage(work: OrderWork, afterId: number) {
  try {
    return await rest(work, { afterId, pageRows: SWEEP_PAGE_ROWS, doing: 'resting' });
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
  }
  try {
    return await rest(work, { afterId, pageRows: 1, doing: 'resting' });
  } catch (fault) {
    if (!(fault instanceof RowRefused)) throw fault;
    const named = await rest(work, { afterId, pageRows: 1, doing: 'naming' });
    const refusal = refusalFields(fault.refusal);
    work.parts.log.error('order_refused', {
      order_id: work.step.orderId,
      delivery_id: named[0]?.deliveryId,
      ...refusal,
    });
    return named;
  }
}

async function rest(
  { parts, step }: OrderWork,
  page: { afterId: number; pageRows: number; doing: 'resting' | 'naming' },
) {
  const answers = await parts.store.restPage({ ...step, ...page });
  if (answers.length > 0) step.step++;
  return answers;
}
