import type { EndpointSearch, ListedEndpoint } from './inspect-store.ts';

/** Endpoints in JSON's names, and where the next page begins. */
export function endpointsFields(
  { endpoints, most }: { endpoints: readonly ListedEndpoint[]; most: number },
  { pageRows }: Pick<EndpointSearch, 'pageRows'>,
): Readonly<Record<string, unknown>> {
  const last = endpoints.length < pageRows ? undefined : endpoints.at(-1);
  return { endpoints: endpoints.map(endpointFields), next: last?.key ?? null, counted_up_to: most };
}

function endpointFields(endpoint: ListedEndpoint): Readonly<Record<string, unknown>> {
  return {
    key: endpoint.key,
    scope: endpoint.scope,
    organization_id: endpoint.organizationId ?? null,
    endpoint: endpoint.origin ?? null,
    state: endpoint.state,
    failures: endpoint.failures,
    last_error_class: endpoint.errorClass ?? null,
    failing_since: timeOf(endpoint.failingSinceMs),
    down_since: timeOf(endpoint.downSinceMs),
    next_probe_at: timeOf(endpoint.nextProbeAtMs),
    held_deliveries: endpoint.held,
    max_in_flight: endpoint.maxInFlight ?? null,
    max_per_second: endpoint.maxPerSecond ?? null,
    held_since: timeOf(endpoint.stoppedAtMs),
    note: endpoint.note ?? null,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
