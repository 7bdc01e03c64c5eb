import * as queries from '../../sql/compiled-queries.ts';
import type { OrderPage, OrderStore, PageAnswer } from '../operate/order-store.ts';
import type { DeathStore } from '../observe/count-deaths.ts';
import { MAX_CHAINED_DELAY_SECONDS, SWEEP_PAGE_ROWS } from '../runtime/limits.ts';
import { type DataApi, PAGE_TRY_MS } from './data-api.ts';
import { createDataApiDeaths } from './data-api-deaths.ts';
import { createDataApiOrdering, orderingOf } from './data-api-ordering.ts';
import { readColumns } from './data-api-rows.ts';
import { namingTheRefused } from './isolate-refused-rows.ts';
import { lookParameters, nextPosition, ORDER_STATES, orderRecord, pageAnswer, takenOrder } from './order-rows.ts';

/** Deliveries that one statement looks at: if each is on a page that must be read from storage, it takes about 10 s. */
const ROWS_PER_LOOK = { counting: 10_000, finding: 10_000 };
/** Refused deliveries that an order keeps by name: they fit one row of the Data API. */
const NAMED_REFUSED = 500;

/** Orders in Aurora PostgreSQL. In tests `now` replaces the database's clock, and `rowsPerLook` makes looks small. */
export function createDataApiOrderStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
  rowsPerLook = ROWS_PER_LOOK,
): OrderStore & DeathStore {
  return {
    ...createDataApiDeaths(dataApi),
    callNextDeliveries: createDataApiOrdering(dataApi, now).callNextDeliveries,
    async countMatches(look, { tells } = { tells: 'matched' }) {
      const page = { look_rows: rowsPerLook.counting, page_rows: null, by: '[]', dealt_with: tells === 'dealt with' };
      const parameters = { ...lookParameters(look), ...page };
      const [row = {}] = await dataApi.execute(queries.matchDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      const columns = readColumns(row);
      const dealtWith = { dismissed: columns.integer('dismissed'), expunged: columns.integer('expunged') };
      return { matched: columns.integer('matched'), ...dealtWith, next: nextPosition(row) };
    },
    async findMatches(look) {
      const page = { look_rows: rowsPerLook.finding, page_rows: SWEEP_PAGE_ROWS, by: null, dealt_with: false };
      const parameters = { ...lookParameters(look), ...page };
      const [row = {}] = await dataApi.execute(queries.matchDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      const ids: unknown = JSON.parse(readColumns(row).optionalString('ids') ?? '[]');
      return { deliveryIds: Array.isArray(ids) ? ids.map(Number) : [], next: nextPosition(row) };
    },
    async findNamed({ deliveryIds, deliveryUuids }) {
      const parameters = { ids: JSON.stringify(deliveryIds), uuids: JSON.stringify(deliveryUuids) };
      const rows = await dataApi.execute(queries.findNamed, parameters);
      return rows.map((row) => {
        const columns = readColumns(row);
        return {
          deliveryId: columns.integer('id'),
          deliveryUuid: columns.string('delivery_uuid'),
          status: columns.oneOf('status', ['pending', 'succeeded', 'dead_letter']),
        };
      });
    },
    async openOrder(order) {
      const [row = {}] = await dataApi.execute(queries.openOrder, {
        order_key: order.orderKey,
        action: order.action,
        request: JSON.stringify(order.request),
        note: order.note ?? null,
        given_by: order.by ?? null,
        matched: order.matched,
        refused_named: JSON.stringify(order.refused),
        per_second: order.perSecond ?? null,
        more_attempts: order.moreAttempts ?? null,
        position: '{}',
        now: now() ?? null,
      });
      const columns = readColumns(row);
      return { orderId: columns.integer('id'), isSame: columns.boolean('is_same') };
    },
    async findOrders({ orderId, state, afterId, pageRows, namedRows }) {
      const rows = await dataApi.execute(queries.findOrders, {
        id: orderId ?? null,
        state: state ?? null,
        after_id: afterId ?? null,
        page_rows: pageRows,
        named_rows: namedRows,
      });
      return rows.map(orderRecord);
    },
    async listUnfinishedOrders(pageRows) {
      const parameters = { page_rows: pageRows, now: now() ?? null };
      const rows = await dataApi.execute(queries.listUnfinishedOrders, parameters);
      return rows.map((row) => readColumns(row).integer('id'));
    },
    async takeOrder(orderId, { token, leaseSeconds }) {
      const parameters = { id: orderId, token, lease_seconds: leaseSeconds, now: now() ?? null };
      const [row] = await dataApi.execute(queries.takeOrder, parameters);
      return row && takenOrder(row);
    },
    workPage: (page) => namingTheRefused(() => workPage(dataApi, page, now())),
    async restPage({ orderId, token, step, afterId, pageRows, doing }) {
      const parameters = {
        order_id: orderId,
        token,
        step,
        after_id: afterId,
        page_rows: pageRows,
        names_only: doing === 'naming',
        now: now() ?? null,
      };
      const time = { firstTryMs: PAGE_TRY_MS };
      const rows = await namingTheRefused(() => dataApi.execute(queries.restDeliveries, parameters, time));
      return rows.map((row) => {
        const columns = readColumns(row);
        const isAtRest = columns.boolean('is_at_rest');
        return { deliveryId: columns.integer('id'), isAtRest, ...orderingOf(row) };
      });
    },
    async recordProgress({ orderId, token, step, refused, position, outcome }) {
      const rows = await dataApi.execute(queries.recordOrderProgress, {
        id: orderId,
        token,
        step,
        refused_named: JSON.stringify(refused),
        named_rows: NAMED_REFUSED,
        position: JSON.stringify(position),
        outcome,
        now: now() ?? null,
      });
      return rows.length > 0;
    },
    async changeOrder(orderId, verb) {
      const [row] = await dataApi.execute(queries.changeOrder, { id: orderId, verb, now: now() ?? null });
      if (row === undefined) return undefined;
      const columns = readColumns(row);
      return { before: columns.oneOf('state_before', ORDER_STATES), state: columns.oneOf('state', ORDER_STATES) };
    },
  };
}

async function workPage(dataApi: DataApi, page: OrderPage, now: string | undefined): Promise<PageAnswer[] | undefined> {
  const { orderId, token, step, action, deliveryIds, position, newUuids } = page;
  const common = {
    order_id: orderId,
    token,
    step,
    ids: JSON.stringify(deliveryIds),
    position: JSON.stringify(position),
    named_rows: NAMED_REFUSED,
    now: now ?? null,
  };
  const paced = { ...common, chained_delay_seconds: MAX_CHAINED_DELAY_SECONDS };
  const time = { firstTryMs: PAGE_TRY_MS };
  const run = () => {
    switch (action) {
      case 'redeliver':
        return dataApi.execute(queries.redeliverDeliveries, paced, time);
      case 'replay': {
        const uuids = deliveryIds.map((id, index) => ({ id, delivery_uuid: newUuids[index] }));
        return dataApi.execute(queries.replayDeliveries, { ...paced, uuids: JSON.stringify(uuids) }, time);
      }
      case 'dismiss':
        return dataApi.execute(queries.dismissDeliveries, common, time);
      case 'cancel':
        return dataApi.execute(queries.cancelDeliveries, common, time);
      case 'expunge':
        return dataApi.execute(queries.expungeDeliveries, common, time);
    }
  };
  const rows = await run();
  return rows.length === 0 ? undefined : rows.map(pageAnswer);
}
