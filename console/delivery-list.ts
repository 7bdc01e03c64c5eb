import { type ConsoleDatabase, type Reader, readDatabase } from './console-database.ts';
import { type DeliveryPhase, PHASE_SQL, readPhase } from './delivery-phase.ts';
import { type DeliverySearch, isRowId, type SearchTarget, searchTarget } from './delivery-search.ts';
import { numberOf, optionalInstant, optionalText, type Row, textOf } from './row-values.ts';

/** One line of the list. */
export type ListedDelivery = {
  id: string;
  uuid: string;
  runId: string;
  organizationId: string;
  name: string | undefined;
  endpointUrl: string;
  method: string;
  phase: DeliveryPhase;
  attemptCount: number;
  maxAttempts: number;
  dueAt: Date | undefined;
  updatedAt: Date | undefined;
  lastError: string | undefined;
  reason: string | undefined;
  /** An attempt never reported, so the receiver may have got it, however the delivery ended. */
  mayHaveArrived: boolean;
};

export type DeliveryPage = {
  deliveries: ListedDelivery[];
  /** Position to continue from; undefined at the end. */
  next: string | undefined;
  /** True when the page is short because enough rows were looked at, not because there are no more. */
  stoppedLooking: boolean;
};

export const PAGE_ROWS = 50;
/** Rows that one request examines for a filter without an index (host, organization, reason): about 30 ms. */
const MAX_EXAMINED_ROWS = 20_000;

const COLUMNS = `id, delivery_uuid, workflow_run_id, organization_id, webhook_name, endpoint_url, http_method, status,
  attempt_count, max_attempts, scheduled_for, updated_at, lease_expires_at, held_for, last_error, dead_letter_reason`;

/** As an order finds it. */
const HOST_SQL = "substring(split_part(endpoint_url, '/', 3) from '^([[][^]]*[]]|[^:?#]*)')";

/** Only for the rows that are shown. */
const MAY_HAVE_ARRIVED = `exists (
    select from {surehook}.webhook_delivery_attempts a where a.delivery_id = id and a.error_class = 'outcome_unknown'
  ) as may_have_arrived`;

/**
 * The orders in which a page can list deliveries, each along an index: all of them newest first, pending ones by due time,
 * dead ones by when they died. A position is the sort key of a page's last row.
 */
type Order = {
  /** Condition of the index, if it is a partial one. */
  only: string;
  /** Condition for the rows after a position, whose parts are $1 and $2. */
  beyond: string;
  by: string;
  position: string;
};

const MICROSECONDS = (column: string): string => `cast(trunc(extract(epoch from ${column}) * 1000000) as text)`;
const INSTANT = "timestamptz 'epoch' + cast($2 as bigint) * interval '1 microsecond'";

const NEWEST_FIRST: Order = {
  only: 'true',
  beyond: 'id < cast($1 as bigint) and cast($2 as text) is null',
  by: 'id desc',
  position: 'cast(id as text)',
};
const DUE_FIRST: Order = {
  only: "status = 'pending'",
  beyond: `(scheduled_for, id) > (${INSTANT}, cast($1 as bigint))`,
  by: 'scheduled_for, id',
  position: `id || '_' || ${MICROSECONDS('scheduled_for')}`,
};
const LAST_DEAD_FIRST: Order = {
  only: "status = 'dead_letter'",
  beyond: `updated_at <= ${INSTANT} and (updated_at < ${INSTANT} or id > cast($1 as bigint))`,
  by: 'updated_at desc, id',
  position: `id || '_' || ${MICROSECONDS('updated_at')}`,
};

/** One page of at most 50. Every query is bounded by an index or by the number of rows it looks at. */
export async function listDeliveries(database: ConsoleDatabase, search: DeliverySearch): Promise<DeliveryPage> {
  const target = searchTarget(search.text);
  return readDatabase(database, (client) =>
    target.kind === 'everything' || target.kind === 'host' || target.kind === 'host_part'
      ? walk(client, search, target)
      : lookUp(client, search, target),
  );
}

/** Reads along an index, starting at the position. */
async function walk(client: Reader, search: DeliverySearch, target: SearchTarget): Promise<DeliveryPage> {
  const order = orderOf(search);
  const from = readPosition(order, search.after);
  const examined = `select ${COLUMNS} from {surehook}.webhook_deliveries
    where ${order.only} and (${from.length === 0 ? 'cast($1 as text) is null and cast($2 as text) is null' : order.beyond})
    order by ${order.by}`;
  const [id = null, instant = null] = from;
  const found = await client.query<Row>(
    `select ${COLUMNS}, ${PHASE_SQL} as phase, ${MAY_HAVE_ARRIVED}, ${order.position} as position
     from (${examined} limit ${MAX_EXAMINED_ROWS}) d
     where ($3::text is null or status = $3::text::{surehook}.webhook_delivery_status)
       and ($4::text is null or position($4 in lower(split_part(endpoint_url, '/', 3))) > 0)
       and ($5::bigint is null or organization_id = $5) and ($6::text is null or dead_letter_reason = $6)
       and ($7::text is null or ${HOST_SQL} = $7)
     order by ${order.by} limit ${PAGE_ROWS + 1}`,
    [
      id,
      instant,
      search.state ?? null,
      target.kind === 'host_part' ? target.part : null,
      ...filters(search),
      target.kind === 'host' ? target.host : null,
    ],
  );
  const page = pageOf(found.rows);
  if (page.next !== undefined) return page;
  const last = await client.query<Row>(
    `select ${order.position} as position from (${examined} offset ${MAX_EXAMINED_ROWS - 1} limit 1) d`,
    [id, instant],
  );
  const next = last.rows[0] === undefined ? undefined : optionalText(last.rows[0], 'position');
  return next === undefined ? page : { ...page, next, stoppedLooking: true };
}

/** Finds by a number or UUID, through the unique indexes. */
async function lookUp(client: Reader, search: DeliverySearch, target: SearchTarget): Promise<DeliveryPage> {
  const [before = null] = readPosition(NEWEST_FIRST, search.after);
  const found = await client.query<Row>(
    `with asked as materialized (
       select id from {surehook}.webhook_deliveries where id = $1::bigint
       union
       (select id from {surehook}.webhook_deliveries where workflow_run_id = $2::bigint limit ${MAX_EXAMINED_ROWS})
       union
       select id from {surehook}.webhook_deliveries where delivery_uuid = $3::uuid
     )
     select ${COLUMNS}, ${PHASE_SQL} as phase, ${MAY_HAVE_ARRIVED}, cast(id as text) as position
     from asked join {surehook}.webhook_deliveries using (id)
     where ($4::bigint is null or id < $4) and ($5::text is null or status = $5::text::{surehook}.webhook_delivery_status)
       and ($6::bigint is null or organization_id = $6) and ($7::text is null or dead_letter_reason = $7)
     -- An order no index has: or the planner would walk the whole primary key to spare itself the sort of a few rows.
     order by id + 0 desc limit ${PAGE_ROWS + 1}`,
    [
      target.kind === 'number' ? target.id : null,
      target.kind === 'number' || target.kind === 'run' ? target.id : null,
      target.kind === 'uuid' ? target.uuid : null,
      before,
      search.state ?? null,
      ...filters(search),
    ],
  );
  return pageOf(found.rows);
}

function filters(search: DeliverySearch): (string | null)[] {
  return [search.organizationId ?? null, search.reason ?? null];
}

function orderOf(search: DeliverySearch): Order {
  if (search.state === 'pending') return DUE_FIRST;
  return search.state === 'dead_letter' ? LAST_DEAD_FIRST : NEWEST_FIRST;
}

/** Id and microseconds of a position; empty if it is not a position in this order. */
function readPosition(order: Order, position: string | undefined): string[] {
  if (position === undefined) return [];
  const [id = '', instant, ...more] = position.split('_');
  if (!isRowId(id) || more.length > 0) return [];
  if (order === NEWEST_FIRST) return instant === undefined ? [id] : [];
  return instant !== undefined && /^\d{1,17}$/.test(instant) ? [id, instant] : [];
}

function pageOf(rows: readonly Row[]): DeliveryPage {
  const shown = rows.slice(0, PAGE_ROWS);
  const last = shown.at(-1);
  const next = rows.length > PAGE_ROWS && last !== undefined ? optionalText(last, 'position') : undefined;
  return { deliveries: shown.map(readListed), next, stoppedLooking: false };
}

function readListed(row: Row): ListedDelivery {
  return {
    id: textOf(row, 'id'),
    uuid: textOf(row, 'delivery_uuid'),
    runId: textOf(row, 'workflow_run_id'),
    organizationId: textOf(row, 'organization_id'),
    name: optionalText(row, 'webhook_name'),
    endpointUrl: textOf(row, 'endpoint_url'),
    method: textOf(row, 'http_method'),
    phase: readPhase(textOf(row, 'phase')),
    attemptCount: numberOf(row, 'attempt_count'),
    maxAttempts: numberOf(row, 'max_attempts'),
    dueAt: optionalInstant(row, 'scheduled_for'),
    updatedAt: optionalInstant(row, 'updated_at'),
    lastError: optionalText(row, 'last_error'),
    reason: optionalText(row, 'dead_letter_reason'),
    mayHaveArrived: row['may_have_arrived'] === true,
  };
}
