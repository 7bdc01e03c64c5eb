import * as z from 'zod/mini';
import { readEndpoint } from './endpoint-selector.ts';
import type { ActionSchema, Members } from './read-request.ts';
import { endpoint, id, integer, optional, says, uuid } from './selection-schema.ts';

/** What operators do to whatever can hold deliveries back. */
export const ENDPOINT_ACTIONS = ['hold', 'resume', 'set_endpoint'] as const;
export type EndpointAction = (typeof ENDPOINT_ACTIONS)[number];

/** What is changed, and how. */
export type EndpointRequest = {
  action: EndpointAction;
  scope: 'everything' | 'organization' | 'endpoint';
  organizationId: number | undefined;
  /** Without its query. */
  endpointUrl: string | undefined;
  /** Of an endpoint that has a row: what `endpoints` calls it, in place of its organization and URL. */
  endpointKey?: string;
  /** Null takes a limit away; undefined leaves it. */
  limits: { maxInFlight?: number | null; maxPerSecond?: number | null };
};

/** As settings allow for all endpoints. */
const LIMIT_BELOW = 100_000;
const LEAST_PER_SECOND = 0.001;

const OBJECT = says('must be a JSON object');
const LIMITS = ['max_in_flight', 'max_per_second'];
const SCOPES = 'give everything, or organization_id, or organization_id and endpoint_url, or endpoint_key';
const ENDPOINT = 'give organization_id and endpoint_url, or endpoint_key';

/** @param common members that every order may have */
export function endpointActions(common: z.core.$ZodLooseShape): Record<EndpointAction, ActionSchema> {
  const scope = {
    everything: optional(z.literal(true, says('must be true'))),
    organization_id: optional(id),
    endpoint_url: optional(endpoint),
    endpoint_key: optional(uuid),
  };
  const { everything: _, ...oneEndpoint } = scope;
  const holding = (action: 'hold' | 'resume'): ActionSchema => ({
    schema: z.strictObject({ action: z.literal(action), ...scope, ...common }, OBJECT),
    selects: false,
  });
  const perSecond = says(`must be a number from ${LEAST_PER_SECOND} to ${LIMIT_BELOW - 1}`);
  const limits = {
    max_in_flight: optional(integer(1, LIMIT_BELOW - 1)),
    max_per_second: optional(
      z.number(perSecond).check(z.minimum(LEAST_PER_SECOND, perSecond), z.maximum(LIMIT_BELOW - 1, perSecond)),
    ),
  };
  return {
    hold: holding('hold'),
    resume: holding('resume'),
    set_endpoint: {
      schema: z.strictObject({ action: z.literal('set_endpoint'), ...oneEndpoint, ...limits, ...common }, OBJECT),
      selects: false,
      nulls: LIMITS,
    },
  };
}

type Read = { ok: true; change: EndpointRequest } | { ok: false; errorMessage: string };

/** Reads the members of a request that has passed its schema: nobody stops everything by leaving something out. */
export function readEndpointRequest(action: EndpointAction, members: Members): Read {
  // Each member that is present has passed its rule.
  const given = members as Partial<{
    everything: true;
    organization_id: number;
    endpoint_url: string;
    endpoint_key: string;
    max_in_flight: number | null;
    max_per_second: number | null;
  }>;
  const { everything, organization_id: organizationId, endpoint_url: url, endpoint_key: key } = given;
  const named = [everything, organizationId ?? url, key].filter((one) => one !== undefined);
  const isOneScope = named.length === 1 && (url === undefined || organizationId !== undefined);
  if (!isOneScope) return { ok: false, errorMessage: action === 'set_endpoint' ? ENDPOINT : SCOPES };
  if (action === 'set_endpoint' && (url ?? key) === undefined) return { ok: false, errorMessage: ENDPOINT };
  if (action === 'set_endpoint' && !LIMITS.some((name) => name in members)) {
    return { ok: false, errorMessage: `at least one of ${LIMITS.join(', ')} must be given` };
  }
  const place = (url ?? key) === undefined ? 'organization' : 'endpoint';
  return {
    ok: true,
    change: {
      action,
      scope: everything === undefined ? place : 'everything',
      organizationId,
      endpointUrl: url === undefined ? undefined : readEndpoint(url),
      ...(key !== undefined && { endpointKey: key.toLowerCase() }),
      limits: {
        ...(given.max_in_flight !== undefined && { maxInFlight: given.max_in_flight }),
        ...(given.max_per_second !== undefined && { maxPerSecond: given.max_per_second }),
      },
    },
  };
}
