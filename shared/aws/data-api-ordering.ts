import * as queries from '../../sql/compiled-queries.ts';
import type { NextDelivery, OrderingKey } from '../delivery/ordering-key.ts';
import type { OrderingStore } from '../delivery/next-in-order.ts';
import { ORDERING_KEY_IDLE_SECONDS } from '../runtime/limits.ts';
import type { SweepStore } from '../sweep/sweep-deliveries.ts';
import type { DataApi, Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** Whoever comes next in an ordering key. In tests `now` replaces the database's clock. */
export function createDataApiOrdering(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): OrderingStore & Pick<SweepStore, 'forgetOrderingKeys'> {
  return {
    async callNextDeliveries(keys, limit) {
      const asked = keys.map((key) => ({ organization_id: key.organizationId, ordering_key: key.orderingKey }));
      const parameters = { keys: JSON.stringify(asked), now: now() ?? null };
      return (await dataApi.execute(queries.callNextDeliveries, parameters, limit)).map(nextDelivery);
    },
    async forgetOrderingKeys(pageRows) {
      const parameters = { idle_seconds: ORDERING_KEY_IDLE_SECONDS, page_rows: pageRows, now: now() ?? null };
      const [row] = await dataApi.execute(queries.forgetOrderingKeys, parameters);
      return row === undefined ? 0 : readColumns(row).integer('forgotten');
    },
  };
}

export function nextDelivery(row: Row): NextDelivery {
  const columns = readColumns(row);
  return {
    deliveryId: columns.integer('id'),
    organizationId: columns.integer('organization_id'),
    orderingKey: columns.string('ordering_key'),
    attempt: columns.integer('attempt'),
    delaySeconds: columns.integer('delay_seconds'),
  };
}

/**
 * The key of the delivery that a row is about, as a member to be spread; nothing where it has none, or where its organization is a
 * number beyond what can be named: nobody of that organization is ever sent.
 */
export function orderingOf(row: Row, organization = 'organization_id'): { ordering?: OrderingKey } {
  const orderingKey = readColumns(row).optionalString('ordering_key');
  const organizationId = row[organization];
  if (orderingKey === undefined || typeof organizationId !== 'number' || !Number.isSafeInteger(organizationId))
    return {};
  return { ordering: { organizationId, orderingKey } };
}
