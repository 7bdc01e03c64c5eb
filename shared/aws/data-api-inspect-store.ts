import { nameForeignTable } from '../runtime/foreign-table.ts';
import * as queries from '../../sql/compiled-queries.ts';
import { parseExchange } from '../delivery/exchange.ts';
import { soundTrace } from '../delivery/trace-context.ts';
import { parseDatabaseFacts } from '../operate/database-facts.ts';
import type { DeliveryFacts, Stop } from '../operate/delivery-facts.ts';
import type {
  CountedBy,
  CountedGroup,
  DeliveryKey,
  DeliveryPage,
  InspectStore,
  ListedDelivery,
} from '../operate/inspect-store.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { MAX_PAYLOAD_BYTES, PAYLOAD_SLICE_BYTES } from '../runtime/limits.ts';
import { type DataApi, PAGE_TRY_MS, type Row } from './data-api.ts';
import { type Columns, readColumns, UnexpectedRow } from './data-api-rows.ts';
import { createDataApiOrderStore } from './data-api-order-store.ts';
import { listedEndpoint } from './endpoint-rows.ts';
import { lookParameters, nextPosition, selectionParameters } from './order-rows.ts';

/** Rows that one statement looks at: each of a list's stays below 100 ms; groups of a count fit a response of 1 MiB. */
const ROWS_PER_LOOK = { listing: 5_000, counting: 10_000, countingEndpoints: 2_000 };
/** What a count of the backlog goes up to, in a few milliseconds. */
const MOST_COUNTED = 10_000;
/** And of what each endpoint of a page holds. */
const MOST_HELD = 1_000;
/** The latest attempts that one answer of the Data API, 1 MiB, holds whatever their texts. */
const MOST_ATTEMPTS = 60;
/** A row that was not written by enqueue may hold more: the rest is left out. */
const MOST_SLICES = Math.ceil((2 * MAX_PAYLOAD_BYTES) / PAYLOAD_SLICE_BYTES);

/** Deliveries to be looked at, in Aurora PostgreSQL. In tests `now` replaces the database's clock. */
export function createDataApiInspectStore(
  dataApi: DataApi,
  now: () => string | undefined = () => undefined,
): InspectStore & Pick<ReturnType<typeof createDataApiOrderStore>, 'findNamed'> {
  const { findOrders, findNamed } = createDataApiOrderStore(dataApi, now);
  return {
    findOrders,
    findNamed,
    async findHiddenRelations() {
      const { sql, parameters } = queries.lookAtDatabase;
      const [row = {}] = await dataApi.execute({ sql: nameForeignTable(sql, undefined), parameters }, {});
      const { role, relations } = parseDatabaseFacts(readColumns(row).string('facts'));
      return { role, relations: relations.filter(({ hidesRows }) => hidesRows).map(({ name }) => name) };
    },
    async showDelivery(which) {
      const [row] = await dataApi.execute(queries.showDelivery, { ...keyParameters(which), now: now() ?? null });
      if (row === undefined) return undefined;
      const delivery = objectOf(readColumns(row).string('delivery'));
      const columns = readColumns(delivery);
      return {
        ...factsOf(columns),
        deliveryId: readColumns(row).integer('id'),
        endpointUrl: columns.string('endpoint_url'),
        credentialUuid: columns.optionalString('credential_uuid'),
        customHeaders: headersOf(columns),
        trace: soundTrace(columns.optionalString('traceparent'), columns.optionalString('tracestate')),
        payloadBytes: columns.integer('payload_bytes'),
        firstAttemptAtMs: columns.optionalInteger('first_attempt_at_ms'),
        claimCount: columns.integer('claim_count'),
        claimedAtMs: columns.optionalInteger('claimed_at_ms'),
        putBackAtMs: columns.optionalInteger('put_back_at_ms'),
        waitingBehind: columns.optionalInteger('waiting_behind'),
        redeliveredBy: columns.optionalInteger('redelivered_by'),
        awaitsTurn: columns.boolean('awaits_turn'),
        cancelledBy: columns.optionalInteger('cancelled_by'),
        stop: stopOf(delivery['stop']),
        dismissal: dismissalOf(delivery['dismissal']),
      };
    },
    async listAttempts(deliveryId) {
      const rows = await dataApi.execute(queries.listAttempts, { id: deliveryId, page_rows: MOST_ATTEMPTS });
      return rows.map((row) => {
        const columns = readColumns(row);
        return {
          attempt: columns.integer('attempt'),
          startedAtMs: columns.integer('started_at_ms'),
          durationMs: columns.optionalInteger('duration_ms'),
          statusCode: columns.optionalInteger('status_code'),
          errorClass: columns.optionalString('error_class'),
          error: columns.optionalString('error'),
          responseExcerpt: columns.optionalString('response_excerpt'),
          exchange: parseExchange(JSON.parse(columns.optionalString('exchange') ?? 'null')),
        };
      });
    },
    async readPayload(deliveryId) {
      const slices = { slice_bytes: PAYLOAD_SLICE_BYTES, max_slices: MOST_SLICES };
      const rows = await dataApi.execute(queries.readPayload, { id: deliveryId, ...slices });
      return Buffer.concat(rows.map((row) => Buffer.from(readColumns(row).string('bytes'), 'base64'))).toString('utf8');
    },
    async listDeliveries({ walk, selection, statuses, filter, after, lookRows, pageRows }) {
      const parameters = {
        ...selectionParameters(selection),
        walk,
        statuses: JSON.stringify(statuses),
        phase: filter.phase ?? null,
        held_by: filter.heldBy ?? null,
        after_at: after?.at ?? null,
        after_id: after?.id ?? null,
        look_rows: Math.max(Math.min(lookRows, ROWS_PER_LOOK.listing), pageRows),
        page_rows: pageRows,
        now: now() ?? null,
      };
      const rows = await dataApi.execute(queries.listDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      const isDelivery = (row: Row) => readColumns(row).optionalString('delivery') !== undefined;
      return { ...listedRows(rows.filter(isDelivery)), next: nextPosition(rows.find((row) => !isDelivery(row)) ?? {}) };
    },
    async countGroups(look, by) {
      const parameters = {
        ...lookParameters(look),
        look_rows: by.includes('endpoint') ? ROWS_PER_LOOK.countingEndpoints : ROWS_PER_LOOK.counting,
        dealt_with: false,
        page_rows: null,
        by: JSON.stringify(by),
      };
      const rows = await dataApi.execute(queries.matchDeliveries, parameters, { firstTryMs: PAGE_TRY_MS });
      const head = rows.find((row) => readColumns(row).string('line') === 'look') ?? {};
      const groups = rows.filter((row) => readColumns(row).string('line') === 'group');
      return {
        matched: readColumns(head).integer('matched'),
        groups: groups.map((row) => groupOf(row, by)),
        next: nextPosition(head),
      };
    },
    async listEndpoints({ organizationId, state, afterKey, pageRows }) {
      const rows = await dataApi.execute(queries.listEndpoints, {
        organization_id: organizationId ?? null,
        state: state ?? null,
        after_key: afterKey ?? null,
        page_rows: pageRows,
        most: MOST_HELD,
        now: now() ?? null,
      });
      return { endpoints: rows.map(listedEndpoint), most: MOST_HELD };
    },
    async countBacklog() {
      const [row = {}] = await dataApi.execute(queries.countBacklog, { most: MOST_COUNTED, now: now() ?? null });
      const columns = readColumns(row);
      return {
        most: MOST_COUNTED,
        due: columns.integer('due'),
        inFlight: columns.integer('in_flight'),
        later: columns.integer('later'),
        behind: columns.integer('behind'),
        held: columns.integer('held'),
        deadLetters: columns.integer('dead_letters'),
        standingDeadLetters: columns.integer('standing'),
        lastHour: { looked: columns.integer('looked_last_hour'), succeeded: columns.integer('succeeded_last_hour') },
        oldestDueSeconds: columns.integer('oldest_due_seconds'),
      };
    },
  };
}

function keyParameters(which: DeliveryKey) {
  return {
    id: 'deliveryId' in which ? which.deliveryId : null,
    uuid: 'deliveryUuid' in which ? which.deliveryUuid : null,
    run_id: 'workflowRunId' in which ? which.workflowRunId : null,
    node_id: 'workflowRunId' in which ? which.webhookNodeId : null,
  };
}

/** One row that cannot be read costs its neighbours nothing. */
function listedRows(rows: readonly Row[]): Omit<DeliveryPage, 'next'> {
  const page: Omit<DeliveryPage, 'next'> = { deliveries: [], unreadable: [] };
  for (const row of rows) {
    const columns = readColumns(objectOf(readColumns(row).string('delivery')));
    try {
      page.deliveries.push(listedDelivery(row, columns));
    } catch (fault) {
      if (!(fault instanceof UnexpectedRow)) throw fault;
      page.unreadable.push(columns.string('delivery_uuid'));
    }
  }
  return page;
}

function listedDelivery(row: Row, columns: Columns): ListedDelivery {
  return {
    ...factsOf(columns),
    deliveryId: readColumns(row).integer('id'),
    endpoint: columns.optionalString('endpoint') ?? '',
    mayHaveArrived: columns.boolean('may_have_arrived'),
  };
}

function factsOf(columns: Columns): DeliveryFacts {
  return {
    deliveryUuid: columns.string('delivery_uuid'),
    workflowRunId: columns.integer('workflow_run_id'),
    organizationId: columns.integer('organization_id'),
    webhookNodeId: columns.string('webhook_node_id'),
    webhookName: columns.optionalString('webhook_name'),
    httpMethod: columns.string('http_method'),
    status: columns.oneOf('status', ['pending', 'succeeded', 'dead_letter']),
    attemptCount: columns.integer('attempt_count'),
    maxAttempts: columns.integer('max_attempts'),
    lastStatusCode: columns.optionalInteger('last_status_code'),
    lastError: columns.optionalString('last_error'),
    reason: columns.optionalString('reason'),
    succeededLate: columns.boolean('succeeded_late'),
    awaitsHandOut: columns.boolean('awaits_hand_out'),
    heldFor: columns.optionalString('held_for'),
    heldSinceMs: columns.optionalInteger('held_since_ms'),
    heldDueAtMs: columns.optionalInteger('held_due_at_ms'),
    isCancelled: columns.boolean('cancelled'),
    expungeAtEnd: columns.boolean('expunge_at_end'),
    replayOf: columns.optionalInteger('replay_of'),
    orderingKey: columns.optionalString('ordering_key'),
    holdsKey: columns.boolean('holds_key'),
    behind: behindOf(columns.optionalObject('behind')),
    scheduledForMs: columns.optionalInteger('scheduled_for_ms'),
    leaseExpiresAtMs: columns.optionalInteger('lease_expires_at_ms'),
    createdAtMs: columns.integer('created_at_ms'),
    updatedAtMs: columns.integer('updated_at_ms'),
    dismissedAtMs: columns.optionalInteger('dismissed_at_ms'),
    expungedAtMs: columns.optionalInteger('expunged_at_ms'),
    nowMs: columns.integer('now_ms'),
  };
}

function groupOf(row: Row, by: readonly CountedBy[]): CountedGroup {
  const columns = readColumns(row);
  const values = {
    status: columns.optionalString('status') ?? null,
    reason: columns.optionalString('reason') ?? null,
    endpoint: columns.optionalString('endpoint') ?? null,
    organization: columns.optionalInteger('organization_id') ?? null,
  };
  return { ...Object.fromEntries(by.map((name) => [name, values[name]])), count: columns.integer('matched') };
}

/** A row that was not written by enqueue may hold anything there. */
function headersOf(columns: Columns): readonly { key: string; value: string }[] {
  try {
    return columns.headerList('custom_headers');
  } catch (fault) {
    if (fault instanceof UnexpectedRow) return [];
    throw fault;
  }
}

function behindOf(found: Row | undefined): DeliveryFacts['behind'] {
  if (found === undefined) return undefined;
  const columns = readColumns(found);
  return {
    deliveryId: columns.integer('delivery_id'),
    status: columns.oneOf('status', ['pending', 'succeeded', 'dead_letter']),
  };
}

function stopOf(value: unknown): Stop | undefined {
  if (!isJsonObject(value)) return undefined;
  const columns = readColumns(value as Row);
  return {
    scope: columns.string('scope'),
    sinceMs: columns.integer('since_ms'),
    note: columns.optionalString('note'),
  };
}

function dismissalOf(value: unknown) {
  if (!isJsonObject(value)) return undefined;
  const columns = readColumns(value as Row);
  return {
    orderId: columns.integer('order_id'),
    note: columns.optionalString('note'),
    by: columns.optionalString('by'),
  };
}

function objectOf(json: string): Row {
  const value: unknown = JSON.parse(json);
  if (!isJsonObject(value)) throw new UnexpectedRow('delivery', 'a JSON object');
  // Checked column by column where it is read.
  return value as Row;
}
