import type { AnnouncedDelivery, AnnounceStore } from '../../../shared/enqueue/announce-store.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../../../shared/runtime/limits.ts';
import type { FakeRow } from './fake-delivery-rules.ts';
import type { FakeTables } from './fake-delivery-store.ts';

/** Announcing in memory, held to the contract of the real store. */
export function openFakeAnnouncements(tables: FakeTables, nowMs: () => number): AnnounceStore {
  return {
    async announceDeliveries(deliveryUuids) {
      const rows = [...tables.rows.values()].filter(({ deliveryUuid }) => deliveryUuids.includes(deliveryUuid));
      return { found: rows.map((row) => announced(row, tables, nowMs())) };
    },
  };
}

function announced(row: FakeRow, tables: FakeTables, nowMs: number): AnnouncedDelivery {
  const { deliveryUuid, deliveryId, organizationId, scheduledForMs = nowMs } = row;
  if (row.status !== 'pending') return { deliveryUuid, state: 'over' };
  if (row.claimCount > 0 || row.heldBy !== undefined || row.heldFor !== undefined) {
    return { deliveryUuid, state: 'under_way' };
  }
  const dueInSeconds = Math.max(0, Math.ceil((scheduledForMs - nowMs) / 1000));
  if (dueInSeconds <= MAX_CHAINED_DELAY_SECONDS && !tables.locked.has(deliveryId)) row.awaitsHandOut = false;
  return { deliveryUuid, state: 'waiting', deliveryId, organizationId, dueInSeconds, scheduledForMs };
}
