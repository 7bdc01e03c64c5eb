import { type Answered, idAt, instantAt, listAt, numberAt, objectOf, textAt } from './answer-values.ts';

/** An endpoint in trouble or with limits, or whatever else can hold deliveries, as `inspect` tells it. */
export type Endpoint = {
  key: string;
  scope: 'everything' | 'organization' | 'origin' | 'endpoint';
  organizationId: string | undefined;
  /** Its origin. */
  endpoint: string | undefined;
  state: EndpointState | undefined;
  failures: number;
  errorClass: string | undefined;
  failingSince: Date | undefined;
  downSince: Date | undefined;
  nextProbeAt: Date | undefined;
  held: number;
  maxInFlight: number | undefined;
  maxPerSecond: number | undefined;
  heldSince: Date | undefined;
  note: string | undefined;
};

export const ENDPOINT_STATES = ['failing', 'down', 'held', 'waiting', 'limited'] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

/** `most`: each count of what is held stops there, and then says: at least. */
export type EndpointList = { endpoints: readonly Endpoint[]; next: string | undefined; most: number };

/** Reads the answer to `endpoints`. */
export function readEndpoints(answer: unknown): EndpointList {
  const answered = objectOf(answer);
  return {
    endpoints: listAt(answered, 'endpoints').map((entry) => readEndpoint(objectOf(entry))),
    next: textAt(answered, 'next'),
    most: numberAt(answered, 'counted_up_to') ?? Infinity,
  };
}

function readEndpoint(entry: Answered): Endpoint {
  const scope = textAt(entry, 'scope');
  return {
    key: textAt(entry, 'key') ?? '',
    scope: (['everything', 'organization', 'origin'] as const).find((one) => one === scope) ?? 'endpoint',
    organizationId: idAt(entry, 'organization_id'),
    endpoint: textAt(entry, 'endpoint'),
    state: ENDPOINT_STATES.find((one) => one === entry['state']),
    failures: numberAt(entry, 'failures') ?? 0,
    errorClass: textAt(entry, 'last_error_class'),
    failingSince: instantAt(entry, 'failing_since'),
    downSince: instantAt(entry, 'down_since'),
    nextProbeAt: instantAt(entry, 'next_probe_at'),
    held: numberAt(entry, 'held_deliveries') ?? 0,
    maxInFlight: numberAt(entry, 'max_in_flight'),
    maxPerSecond: numberAt(entry, 'max_per_second'),
    heldSince: instantAt(entry, 'held_since'),
    note: textAt(entry, 'note'),
  };
}
