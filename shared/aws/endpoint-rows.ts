import { ENDPOINT_STATES, type ListedEndpoint } from '../operate/inspect-store.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';
import type { Row } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** An endpoint as `list_endpoints` tells it. */
export function listedEndpoint(row: Row): ListedEndpoint {
  const columns = readColumns(row);
  const instant = (name: string) => {
    const text = columns.optionalString(name);
    return text === undefined ? undefined : parseRfc3339(text);
  };
  const perSecond = columns.optionalString('max_per_second');
  return {
    key: columns.string('key'),
    scope: columns.string('scope'),
    organizationId: columns.optionalInteger('organization_id'),
    origin: columns.optionalString('origin'),
    state: columns.oneOf('state', ENDPOINT_STATES),
    failures: columns.integer('failures'),
    errorClass: columns.optionalString('error_class'),
    failingSinceMs: instant('failing_since'),
    downSinceMs: instant('down_since'),
    nextProbeAtMs: instant('next_probe_at'),
    maxInFlight: columns.optionalInteger('max_in_flight'),
    maxPerSecond: perSecond === undefined ? undefined : Number(perSecond),
    stoppedAtMs: instant('stopped_at'),
    note: columns.optionalString('note'),
    held: columns.integer('held'),
  };
}
