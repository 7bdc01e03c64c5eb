import { announce } from '../delivery/announce.ts';
import type { NextDelivery, OrderingKey } from '../delivery/ordering-key.ts';
import { faultFields } from '../observe/fault-fields.ts';
import { CLAIM_SECONDS } from '../runtime/limits.ts';
import { type Batch, callLimit } from './batch-context.ts';

/**
 * Who comes next in ordering keys, now that what came before is over. Asks again about `ended`, in which the statement that recorded it
 * saw nobody: somebody may have been stored while it ran, and its message be gone already. Never rejects: the sweep finds whoever is
 * not found here.
 */
export async function findNext(
  { next, ended }: { next: readonly NextDelivery[]; ended: readonly OrderingKey[] },
  batch: Batch,
): Promise<NextDelivery[]> {
  const { store, metrics, log } = batch.parts;
  if (ended.length === 0) return [...next];
  try {
    return [...next, ...(await store.callNextDeliveries(ended, callLimit(batch, CLAIM_SECONDS)))];
  } catch (fault) {
    metrics.count('InternalFaults', 1);
    log.error('next_not_found', faultFields(fault));
    return [...next];
  }
}

/** Sends a message for whoever comes next in these keys. Never rejects, but where the queue does. */
export async function callNext(keys: readonly OrderingKey[], batch: Batch): Promise<void> {
  await announce(await findNext({ next: [], ended: keys }, batch), batch.parts);
}
