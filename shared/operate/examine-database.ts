import { StoreUnavailable } from '../delivery/store-answers.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ReceiverStep } from './examiner.ts';
import type { InspectStore } from './inspect-store.ts';

/**
 * Whether the database answers, and whether its role sees every row: what row-level security hides is missing without a word.
 * The other steps go on without it.
 */
export async function examineDatabase(
  store: Pick<InspectStore, 'findHiddenRelations'>,
  clock: Clock,
): Promise<ReceiverStep> {
  const beganMs = clock.monotonicMs();
  const { ok, detail } = await findFault(store);
  return { step: 'database', ok, detail, ms: Math.round(clock.monotonicMs() - beganMs) };
}

async function findFault(store: Pick<InspectStore, 'findHiddenRelations'>): Promise<{ ok: boolean; detail: string }> {
  try {
    const { role, relations } = await store.findHiddenRelations();
    if (relations.length === 0) return { ok: true, detail: `answers, and the role ${role} sees every row` };
    const detail = `row-level security hides rows of ${relations.join(', ')} from the role ${role}: see What the database refuses in docs/runbook.md`;
    return { ok: false, detail };
  } catch (fault) {
    if (!(fault instanceof StoreUnavailable)) throw fault;
    return { ok: false, detail: 'does not answer' };
  }
}
