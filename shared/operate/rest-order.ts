import { callNext } from '../delivery/next-in-order.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import { type OrderProgressed, type OrderWork, record } from './order-work.ts';
import { type PageWork, pagePastRefused } from './past-refused.ts';

/**
 * Puts to rest what a paused or stopped redelivery has brought back and nobody has attempted. What somebody else has locked, or the
 * database refuses to change, is passed over: the next time finds it again.
 */
export async function restOrder(work: OrderWork): Promise<OrderProgressed> {
  const { parts, step, stopAtMonotonicMs } = work;
  let afterId = 0;
  let leftBehind = 0;
  while (parts.clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await pagePastRefused(
      (asked) => restPage(work, { ...asked, afterId }),
      (row, refusal) => {
        const fields = { order_id: step.orderId, delivery_id: row?.deliveryId, ...refusalFields(refusal) };
        parts.log.error('order_refused', fields);
      },
    );
    leftBehind += page.rows.filter(({ isAtRest }) => !isAtRest).length;
    const last = page.rows.at(-1);
    if (last === undefined) {
      const isOurs = await record(work, {}, { outcome: leftBehind === 0 ? 'unwound' : 'resting', refused: [] });
      if (!isOurs) return 'not_ours';
      return leftBehind === 0 ? 'over' : 'later';
    }
    afterId = last.deliveryId;
  }
  return (await record(work, {}, { outcome: 'resting', refused: [] })) ? 'left' : 'not_ours';
}

async function restPage({ parts, step }: OrderWork, page: PageWork & { afterId: number }) {
  const answers = await parts.store.restPage({ ...step, ...page });
  if (answers.length > 0) step.step++;
  await callNext(
    answers.flatMap(({ ordering }) => ordering ?? []),
    parts,
  );
  return answers;
}
