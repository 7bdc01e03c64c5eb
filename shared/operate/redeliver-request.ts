import * as z from 'zod/mini';
import { FAILURE_CLASSES } from '../delivery/attempt-outcome.ts';
import { MAX_ATTEMPTS_LIMIT } from '../runtime/limits.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';

/** Which dead letters; they must match every filter given. */
export type DeadLetterFilter = {
  deliveryIds?: number[];
  organizationId?: number;
  reason?: string;
  /** With or without its port. */
  endpointHost?: string;
  /** Milliseconds since the epoch: died at or after, and before. */
  deadSinceMs?: number;
  deadUntilMs?: number;
};

export type RedeliverOrder = {
  filter: DeadLetterFilter;
  dryRun: boolean;
  /** Further attempts each may have. */
  moreAttempts: number;
  /** Deliveries a second for each endpoint host. */
  perSecond: number;
};

export type ParsedRedeliver = { ok: true; order: RedeliverOrder } | { ok: false; errorMessage: string };

/** Ids in one request: as many as a person picks and one statement can hold. */
const MAX_IDS = 1000;
/** Slow enough for an endpoint that has just come back, 36,000 an hour. */
const DEFAULT_PER_SECOND = 10;
const MAX_PER_SECOND = 1000;

const id = z.number().check(z.int(), z.positive());
const instant = z.string().check(z.refine((text) => parseRfc3339(text) !== undefined));

const redeliverSchema = z.strictObject({
  delivery_ids: z.optional(z.array(id).check(z.minLength(1), z.maxLength(MAX_IDS))),
  organization_id: z.optional(id),
  reason: z.optional(z.enum(FAILURE_CLASSES)),
  endpoint_host: z.optional(z.string().check(z.minLength(1), z.maxLength(260))),
  dead_since: z.optional(instant),
  dead_until: z.optional(instant),
  dry_run: z.optional(z.boolean()),
  max_attempts: z.optional(z.number().check(z.int(), z.gte(1), z.lte(MAX_ATTEMPTS_LIMIT))),
  per_second: z.optional(z.number().check(z.int(), z.gte(1), z.lte(MAX_PER_SECOND))),
});

const WANTED: Readonly<Record<keyof z.infer<typeof redeliverSchema>, string>> = {
  delivery_ids: `must be a list of 1 to ${MAX_IDS} ids`,
  organization_id: 'must be an integer of at least 1',
  reason: `must be one of ${FAILURE_CLASSES.join(', ')}`,
  endpoint_host: 'must be a host name, with or without a port',
  dead_since: 'must be an RFC 3339 time with an offset',
  dead_until: 'must be an RFC 3339 time with an offset',
  dry_run: 'must be true or false',
  max_attempts: `must be an integer from 1 to ${MAX_ATTEMPTS_LIMIT}`,
  per_second: `must be an integer from 1 to ${MAX_PER_SECOND}`,
};

/**
 * Reads a redelivery request; reports every fault at once. At least one filter must be given: nobody means all by accident.
 */
export function parseRedeliverRequest(input: unknown, defaultAttempts: number): ParsedRedeliver {
  const parsed = redeliverSchema.safeParse(input);
  if (!parsed.success) return { ok: false, errorMessage: faultsOf(parsed.error.issues) };
  const { delivery_ids, organization_id, reason, endpoint_host, dead_since, dead_until } = parsed.data;
  const deadSinceMs = dead_since === undefined ? undefined : parseRfc3339(dead_since);
  const deadUntilMs = dead_until === undefined ? undefined : parseRfc3339(dead_until);
  const filter: DeadLetterFilter = {
    ...(delivery_ids === undefined ? {} : { deliveryIds: [...new Set(delivery_ids)] }),
    ...(organization_id === undefined ? {} : { organizationId: organization_id }),
    ...(reason === undefined ? {} : { reason }),
    ...(endpoint_host === undefined ? {} : { endpointHost: endpoint_host.toLowerCase() }),
    ...(deadSinceMs === undefined ? {} : { deadSinceMs }),
    ...(deadUntilMs === undefined ? {} : { deadUntilMs }),
  };
  if (Object.keys(filter).length === 0) {
    const names = 'delivery_ids, organization_id, reason, endpoint_host, dead_since, dead_until';
    return { ok: false, errorMessage: `at least one of ${names} must be given` };
  }
  return {
    ok: true,
    order: {
      filter,
      dryRun: parsed.data.dry_run ?? false,
      moreAttempts: parsed.data.max_attempts ?? defaultAttempts,
      perSecond: parsed.data.per_second ?? DEFAULT_PER_SECOND,
    },
  };
}

function faultsOf(issues: readonly { code?: string; path: PropertyKey[]; keys?: string[] }[]): string {
  const faults = issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return (issue.keys ?? []).map((key) => `${key.slice(0, 64)}: unknown field`);
    const field = Object.entries(WANTED).find(([name]) => name === issue.path[0]);
    return field === undefined ? ['the request must be a JSON object'] : [`${field[0]}: ${field[1]}`];
  });
  return [...new Set(faults)].join('; ');
}
