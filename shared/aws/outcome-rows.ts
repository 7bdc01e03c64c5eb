import { FAILURE_CLASSES } from '../delivery/attempt-outcome.ts';
import type { Outcome } from '../delivery/outcome.ts';
import type { Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** A row of `webhook_outcomes`, which statements answer as JSON. */
export function outcomeOf(json: string): Outcome {
  const columns = readColumns(JSON.parse(json) as Row);
  const happenedAtMs = Date.parse(columns.string('happened_at'));
  /** Rows that SQL wrote may hold infinity, or a year that no event can name: that must not hold up what waits behind them. */
  const instant = (column: string): number => {
    const at = Date.parse(columns.string(column));
    return Number.isNaN(at) ? happenedAtMs : at;
  };
  const reason = columns.optionalString('reason');
  const common = {
    id: columns.integer('id'),
    eventId: columns.string('event_id'),
    happenedAtMs,
    organizationId: columns.integer('organization_id'),
    origin: columns.optionalString('origin'),
    reason: FAILURE_CLASSES.find((known) => known === reason),
  };
  const endpointKey = columns.optionalString('endpoint_key');
  const type = columns.oneOf('type', ['delivered', 'dead_lettered', 'recovered', 'down', 'up']);
  switch (type) {
    case 'delivered':
    case 'dead_lettered':
    case 'recovered':
      return {
        ...common,
        type,
        deliveryId: columns.integer('delivery_id'),
        deliveryUuid: columns.string('delivery_uuid'),
        workflowRunId: columns.integer('workflow_run_id'),
        webhookNodeId: columns.string('webhook_node_id'),
        webhookName: columns.optionalString('webhook_name'),
        lastStatusCode: columns.optionalInteger('status_code'),
        attempts: columns.integer('attempts'),
        createdAtMs: instant('created_at'),
      };
    case 'down':
    case 'up':
      return {
        ...common,
        type,
        scope: columns.oneOf('scope', ['endpoint', 'origin']),
        outageId: columns.string('outage_id'),
        ...(endpointKey !== undefined && type === 'down' && { endpointKey }),
        failures: columns.integer('failures'),
        downSinceMs: instant('down_since'),
      };
  }
}
