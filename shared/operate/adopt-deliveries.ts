import { announce } from '../delivery/announce.ts';
import { RowRefused, StatementRefused } from '../delivery/store-answers.ts';
import { refusalFields } from '../observe/fault-fields.ts';
import { type ForeignTable, foreignTableName, type ForeignTypes, parseForeignTable } from '../runtime/foreign-table.ts';
import { SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import { ADOPTION_LEASE } from './adoption-lease.ts';
import { afterPage, FIRST_PASS, foreignFaults, foreignTypes } from './adoption-rules.ts';
import type { AdoptionPosition } from './adoption-position.ts';
import type { AdoptionStore, MovedPage, MovePage } from './adoption-store.ts';
import type { RefusedDelivery } from './order-store.ts';
import { type OperateParts, type OrderProgressed, type OrderWork, record } from './order-work.ts';
import type { Members } from './read-request.ts';

/** Between two passes over rows that are in flight or locked. */
const PAUSE_MS = 1_000;

/** What an adoption is told. */
export type Adoption = { table: ForeignTable; direction: 'here' | 'back'; leaseSeconds: number };

/** Reads the members of a request that has passed its schema. */
export function adoptionOf({ table, back, lease_seconds: lease }: Members): Adoption {
  const parsed = typeof table === 'string' ? parseForeignTable(table) : undefined;
  if (parsed === undefined) throw new RangeError('table: must be <schema>.<table>');
  const leaseSeconds = typeof lease === 'number' ? lease : ADOPTION_LEASE.default;
  return {
    table: parsed,
    direction: back === true ? 'back' : 'here',
    leaseSeconds: leaseSeconds + ADOPTION_LEASE.margin,
  };
}

/** The table's number of pending rows, or everything that speaks against it. */
export async function lookAtTable(
  store: AdoptionStore,
  { table }: Adoption,
): Promise<{ ok: true; pending: number } | { ok: false; because: string }> {
  const name = foreignTableName(table);
  try {
    const look = await store.lookAtForeign(table);
    const faults = foreignFaults(look);
    return faults.length === 0
      ? { ok: true, pending: look.pending }
      : { ok: false, because: `${name}: ${faults.join('; ')}` };
  } catch (fault) {
    if (!(fault instanceof StatementRefused)) throw fault;
    const { right, schema, relation } = fault.names;
    const lacks = right === undefined ? '' : `, the functions' role lacks ${right} on ${schema ?? relation}`;
    return { ok: false, because: `${name} cannot be read: SQLSTATE ${fault.sqlState}${lacks}` };
  }
}

/** Goes through the table without changing anything: what would be left, and why. */
export async function rehearseAdoption(
  { store, adoption, clock }: { store: AdoptionStore; adoption: Adoption; clock: OperateParts['clock'] },
  stopAtMonotonicMs: number,
): Promise<{ matched: number; refused: RefusedDelivery[]; complete: boolean }> {
  const types = foreignTypes(await store.lookAtForeign(adoption.table));
  const refused: RefusedDelivery[] = [];
  let matched = 0;
  let position = FIRST_PASS;
  while (clock.monotonicMs() < stopAtMonotonicMs) {
    const page = await store.movePage({ ...adoption, types, step: undefined, position, pageRows: SWEEP_PAGE_ROWS });
    if (page === undefined) break;
    matched += page.changed;
    refused.push(...page.refused.slice(0, MOST_NAMED - refused.length));
    position = page.position;
    if (position.ended) return { matched, refused, complete: true };
  }
  return { matched, refused, complete: false };
}

/** Refused deliveries that a rehearsal names. */
const MOST_NAMED = 1000;

/** Works on an order that moves deliveries from the table of another pipeline, or back to it. As `workOrder`. */
export async function adoptDeliveries(work: OrderWork): Promise<OrderProgressed> {
  const { parts, taken, stopAtMonotonicMs } = work;
  const adoption = adoptionOf(taken.request);
  const types = foreignTypes(await parts.adoption.lookAtForeign(adoption.table));
  let position = taken.position.adoption ?? FIRST_PASS;
  for (;;) {
    if (parts.clock.monotonicMs() >= stopAtMonotonicMs) return rest(work, position, 'left');
    const page = await movePage(work, { adoption, types, position });
    if (page === undefined) return 'not_ours';
    // Rows first, messages after.
    await announce(page.due, parts);
    const next = afterPage(page.position);
    if (next.kind === 'over') return (await record(work, {}, { outcome: 'done', refused: [] })) ? 'over' : 'not_ours';
    position = next.position;
    if (next.kind === 'go_on') continue;
    // What is in flight there needs more than a moment.
    if (parts.clock.monotonicMs() + PAUSE_MS >= stopAtMonotonicMs) return rest(work, position, 'later');
    await new Promise<void>((resolve) => parts.clock.after(PAUSE_MS, resolve));
  }
}

async function rest(work: OrderWork, adoption: AdoptionPosition, how: 'left' | 'later'): Promise<OrderProgressed> {
  const isOurs = await record(work, { adoption }, { outcome: 'resting', refused: [] });
  return isOurs ? how : 'not_ours';
}

type Page = { adoption: Adoption; types: ForeignTypes; position: AdoptionPosition };

/** One row that the database refuses to change costs its neighbours nothing: the pages become smaller until it stands alone. */
async function movePage(work: OrderWork, { adoption, types, position }: Page): Promise<MovedPage | undefined> {
  const { parts, step } = work;
  let pageRows = SWEEP_PAGE_ROWS;
  const page = (): MovePage => ({ ...adoption, types, step, position, pageRows });
  for (;;) {
    try {
      const moved = await parts.adoption.movePage(page());
      if (moved !== undefined) step.step++;
      return moved;
    } catch (fault) {
      if (!(fault instanceof RowRefused)) throw fault;
      if (pageRows > 1) {
        pageRows = Math.ceil(pageRows / 2);
        continue;
      }
      parts.log.error('order_refused', { order_id: step.orderId, ...refusalFields(fault.refusal) });
      parts.metrics.count('RowsRefused', 1);
      const passed = await parts.adoption.movePage({ ...page(), passOver: true });
      if (passed !== undefined) step.step++;
      return passed;
    }
  }
}
