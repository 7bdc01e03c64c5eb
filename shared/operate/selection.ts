import type { FailureClass } from '../delivery/attempt-outcome.ts';
import type { DeliveryStatus } from '../delivery/delivery.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';
import { type HostSelector, readEndpoint, readHost } from './endpoint-selector.ts';
import type { Members } from './read-request.ts';

/** Which deliveries; they must meet everything that is given. Instants are milliseconds since the epoch. */
export type Selection = {
  deliveryIds?: readonly number[];
  deliveryUuids?: readonly string[];
  organizationId?: number;
  workflowRunId?: number;
  webhookNodeId?: string;
  webhookName?: string;
  orderingKey?: string;
  credentialUuid?: string;
  status?: DeliveryStatus;
  reason?: FailureClass;
  endpointHost?: HostSelector;
  /** Without its query. */
  endpointUrl?: string;
  createdSinceMs?: number;
  createdUntilMs?: number;
  deadSinceMs?: number;
  deadUntilMs?: number;
  /** Only dead letters that nobody has dismissed, erased or cancelled. */
  standing?: true;
};

/**
 * The index along which a selection is looked for. `dead_rows` are dead letters by the time of their death, as `dead`, but what is
 * asked of them is not in the index.
 */
export type Walk = 'ids' | 'run' | 'dead_host' | 'dead_rows' | 'dead' | 'pending' | 'organization' | 'all';

/** A position of a walk, as the database writes it. */
export type WalkPosition = { at: string; id: string };

/** Reads the members of a request that has passed its schema. */
export function selectionOf(members: Members): Selection {
  // Each member that is present has passed its rule.
  const given = members as { [Name in keyof Wire]?: Wire[Name] };
  const host = given.endpoint_host === undefined ? undefined : readHost(given.endpoint_host);
  const endpoint = given.endpoint_url === undefined ? undefined : readEndpoint(given.endpoint_url);
  return withoutUndefined({
    deliveryIds: given.delivery_ids && [...new Set(given.delivery_ids)],
    deliveryUuids: given.delivery_uuids && [...new Set(given.delivery_uuids.map((one) => one.toLowerCase()))],
    organizationId: given.organization_id,
    workflowRunId: given.workflow_run_id,
    webhookNodeId: given.webhook_node_id,
    webhookName: given.webhook_name,
    orderingKey: given.ordering_key,
    credentialUuid: given.credential_uuid?.toLowerCase(),
    status: given.status,
    reason: given.reason,
    endpointHost: host,
    endpointUrl: endpoint,
    createdSinceMs: instantOf(given.created_since),
    createdUntilMs: instantOf(given.created_until),
    deadSinceMs: instantOf(given.dead_since),
    deadUntilMs: instantOf(given.dead_until),
    standing: given.standing,
  });
}

type Wire = {
  delivery_ids: number[];
  delivery_uuids: string[];
  organization_id: number;
  workflow_run_id: number;
  webhook_node_id: string;
  webhook_name: string;
  ordering_key: string;
  credential_uuid: string;
  status: DeliveryStatus;
  reason: FailureClass;
  endpoint_host: string;
  endpoint_url: string;
  created_since: string;
  created_until: string;
  dead_since: string;
  dead_until: string;
  standing: true;
};

/** Only dead letters have a reason and a time of death. */
export function selectsDeadLetters({ status, ...selection }: Selection): boolean {
  const { reason, deadSinceMs, deadUntilMs, standing } = selection;
  return status === 'dead_letter' || [reason, deadSinceMs, deadUntilMs, standing].some((one) => one !== undefined);
}

/** The statuses that a selection can find among those that an action works on; empty: it can find nothing. */
export function statusesOf(selection: Selection, among: readonly DeliveryStatus[]): DeliveryStatus[] {
  const { status } = selection;
  return among.filter(
    (one) => (status === undefined || one === status) && (one === 'dead_letter' || !selectsDeadLetters(selection)),
  );
}

/** The way that finds a selection soonest. `statuses`: what it can find. */
export function walkOf(selection: Selection, statuses: readonly DeliveryStatus[]): Walk {
  const { deliveryIds, workflowRunId, endpointHost, endpointUrl, organizationId } = selection;
  if (deliveryIds !== undefined) return 'ids';
  if (workflowRunId !== undefined) return 'run';
  const [only] = statuses.length === 1 ? statuses : [];
  if (only === 'dead_letter') {
    if (endpointHost !== undefined || endpointUrl !== undefined) return 'dead_host';
    return needsRows(selection) ? 'dead_rows' : 'dead';
  }
  if (only === 'pending') return 'pending';
  return organizationId === undefined ? 'all' : 'organization';
}

/** The host whose deliveries a selection names, if it names one. */
export function hostOf({ endpointHost, endpointUrl }: Selection): HostSelector | undefined {
  return endpointHost ?? (endpointUrl === undefined ? undefined : readHost(endpointUrl));
}

function needsRows(selection: Selection): boolean {
  const { webhookNodeId, webhookName, orderingKey, credentialUuid, createdSinceMs, createdUntilMs } = selection;
  return [webhookNodeId, webhookName, orderingKey, credentialUuid, createdSinceMs, createdUntilMs].some(
    (one) => one !== undefined,
  );
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseRfc3339(text);
}

function withoutUndefined<T extends object>(given: { [Name in keyof T]: T[Name] | undefined }): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
