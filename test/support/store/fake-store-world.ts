import { endpointKeys, newEndpoint } from './fake-endpoints.ts';
import { type AttemptRecord, type DeliveryRecord, NOON, RULES, type StoreBench } from './store-world.ts';
import { openFakeAnnouncements } from './fake-announcements.ts';
import { FakeDeliveryStore, FakeTables } from './fake-delivery-store.ts';

/** The fake store as the contract suite looks at it. */
/** @param rowsPerLook dead letters that one call looks at */
export function openFakeStore(rowsPerLook = Infinity): StoreBench {
  const tables = new FakeTables();
  const rules = { ...RULES };
  let nowMs = Date.parse(NOON);
  const row = (deliveryId: number) => tables.rows.get(deliveryId);
  return {
    store: new FakeDeliveryStore({ nowMs: () => nowMs, rowsPerLook, rules }, tables),
    announcements: openFakeAnnouncements(tables, () => nowMs),
    setNow: (iso) => (nowMs = Date.parse(iso)),
    async delivery(deliveryId): Promise<DeliveryRecord | undefined> {
      return structuredClone(row(deliveryId));
    },
    async attempts(deliveryId): Promise<AttemptRecord[]> {
      const attempts = [...(row(deliveryId)?.attempts.values() ?? [])].toSorted((a, b) => a.attempt - b.attempt);
      return attempts.map(({ attempt, statusCode, errorClass, error, excerpt, exchange }) => ({
        attempt,
        statusCode,
        errorClass,
        error,
        excerpt,
        exchange,
      }));
    },
    setRules: (some) => void Object.assign(rules, some),
    async endpoints() {
      return [...tables.endpoints.values()]
        .toSorted((a, b) => a.scope.localeCompare(b.scope))
        .map(({ key, scope, failures, downSinceMs, notBeforeMs, window, slots }) => ({
          key,
          scope,
          failures,
          downSinceMs,
          notBeforeMs,
          window,
          slots: slots.size,
        }));
    },
    async setEndpoint(organizationId, endpointUrl, settings) {
      const [{ key, scope, origin }] = endpointKeys({ organizationId, endpointUrl });
      const known = tables.endpoints.get(key) ?? newEndpoint({ key, scope, organizationId, origin });
      const limits = { maxInFlight: undefined, maxPerSecond: undefined, isStopped: false };
      tables.endpoints.set(key, { ...known, ...limits, ...settings });
    },
    async addRun(runId, organizationId) {
      tables.runs.set(runId, organizationId ?? null);
    },
    async moveRun(runId, organizationId) {
      tables.runs.set(runId, organizationId ?? null);
    },
    async removeRun(runId) {
      tables.runs.delete(runId);
    },
    async remove(deliveryId) {
      tables.rows.delete(deliveryId);
    },
    async lock(deliveryId) {
      tables.locked.add(deliveryId);
      const commit = async () => void tables.locked.delete(deliveryId);
      return { commit, [Symbol.asyncDispose]: commit };
    },
    async refuse(deliveryId, what) {
      tables.refused.set(deliveryId, { refusal: { sqlState: 'P0001' }, what });
    },
    async refuseToStore(webhookNodeId) {
      tables.refusedNodes.add(webhookNodeId);
    },
    async refuseNothing() {
      tables.refused.clear();
      tables.refusedNodes.clear();
    },
    async insertedByOther(deliveryId) {
      Object.assign(row(deliveryId) ?? {}, { awaitsHandOut: true });
    },
    async setClaimCount(deliveryId, claimCount) {
      Object.assign(row(deliveryId) ?? {}, { claimCount });
    },
  };
}
