import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import { NO_EVIDENCE } from '../../../shared/delivery/endpoint-evidence.ts';
import type { EndpointTurn, HeldFor, SettledAttempt } from '../../../shared/delivery/store-answers.ts';
import type { EndpointRequest } from '../../../shared/operate/endpoint-request.ts';
import type { FakeRow } from './fake-delivery-rules.ts';

// The endpoints of the fake store: what sql/queries/ says of them, said again in TypeScript.

export type FakeEndpoint = {
  key: string;
  scope: 'endpoint' | 'origin' | 'organization' | 'everything';
  organizationId: number | undefined;
  origin: string | undefined;
  failures: number;
  failingSinceMs: number | undefined;
  lastFailedMs: number | undefined;
  downSinceMs: number | undefined;
  notBeforeMs: number | undefined;
  window: number | undefined;
  slots: Map<string, number>;
  maxInFlight?: number | undefined;
  maxPerSecond?: number | undefined;
  nextPlaceMs?: number | undefined;
  isStopped?: boolean;
};

export const CALL_GRACE_MS = 20_000;
const POLL_MS = 5000;
const LARGEST_WINDOW = 1000;

export type Gate = { endpoint: FakeEndpoint; room: number; closedFor: HeldFor; opensAtMs: number };

/** The keys of all that can hold a delivery. */
export function endpointKeys({ organizationId, endpointUrl }: Pick<FakeRow, 'organizationId' | 'endpointUrl'>) {
  const { origin, pathname } = new URL(endpointUrl);
  return [
    { scope: 'endpoint', key: `endpoint ${organizationId} ${origin}${pathname}`, origin },
    { scope: 'origin', key: `origin ${organizationId} ${origin}`, origin },
    { scope: 'organization', key: `organization ${organizationId}`, origin: undefined },
    { scope: 'everything', key: 'everything', origin: undefined },
  ] as const;
}

/** What an order about endpoints is about; undefined if nothing has the key it names. */
export function placeOf(
  { scope, organizationId, endpointUrl, endpointKey = '' }: Omit<EndpointRequest, 'action' | 'limits'>,
  known: ReadonlyMap<string, FakeEndpoint>,
) {
  if (scope === 'listed') return known.get(endpointKey);
  const named = { organizationId: organizationId ?? 0, endpointUrl: endpointUrl ?? 'https://any.example/' };
  const found = endpointKeys(named).find((one) => one.scope === scope);
  if (found === undefined) throw new Error('there is no such scope');
  return { ...found, organizationId };
}

export function newEndpoint(given: Pick<FakeEndpoint, 'key' | 'scope' | 'organizationId' | 'origin'>): FakeEndpoint {
  return {
    ...given,
    failures: 0,
    failingSinceMs: undefined,
    lastFailedMs: undefined,
    downSinceMs: undefined,
    notBeforeMs: undefined,
    window: undefined,
    slots: new Map(),
  };
}

export function allowedInFlight({ window, scope, maxInFlight }: FakeEndpoint, rules: EndpointRules): number {
  const recovering = rules.downAfterFailures > 0 ? (window ?? Infinity) : Infinity;
  return Math.min(recovering, scope === 'endpoint' ? (maxInFlight ?? rules.maxInFlight ?? Infinity) : Infinity);
}

export function inFlight({ slots }: FakeEndpoint, nowMs: number): number {
  return [...slots.values()].filter((endsMs) => endsMs > nowMs).length;
}

export function gateOf(endpoint: FakeEndpoint, rules: EndpointRules, nowMs: number): Gate {
  const { window, downSinceMs, notBeforeMs = -Infinity, isStopped } = endpoint;
  const isGoverned = window !== undefined && rules.downAfterFailures > 0;
  const isEarly = isGoverned && notBeforeMs > nowMs;
  const opensAtMs = notBeforeMs > nowMs ? notBeforeMs : nowMs + POLL_MS;
  const room =
    isStopped === true || isEarly ? 0 : Math.max(0, allowedInFlight(endpoint, rules) - inFlight(endpoint, nowMs));
  return { endpoint, room, opensAtMs, closedFor: closedFor() };

  function closedFor(): HeldFor {
    if (isStopped === true) return 'stopped';
    if (!isGoverned) return 'in_flight';
    if (downSinceMs !== undefined) return 'down';
    return isEarly ? 'waiting' : 'recovering';
  }
}

/** What one statement heard of one endpoint. */
export type Heard = {
  failures: number;
  answers: number;
  waits: number;
  waitSeconds: number;
  freed: number;
  trips: boolean;
};

export function heardBy(endpoint: FakeEndpoint, said: readonly { settled: SettledAttempt; row: FakeRow }[]): Heard {
  const heard: Heard = { failures: 0, answers: 0, waits: 0, waitSeconds: 0, freed: 0, trips: false };
  for (const { settled, row } of said) {
    const { evidence = NO_EVIDENCE, settlement, attempt, token } = settled;
    const { scope } = endpoint;
    const effect = scope === 'endpoint' || scope === 'origin' ? evidence[scope] : 'none';
    const hasSlot = endpoint.slots.has(token);
    const isHeard = endpoint.window === undefined || hasSlot;
    if (hasSlot) heard.freed++;
    if (effect === 'wait') {
      heard.waits++;
      heard.waitSeconds = Math.max(heard.waitSeconds, evidence.waitSeconds ?? 0);
    }
    if (!isHeard) continue;
    if (effect === 'answer') heard.answers++;
    if (effect !== 'failure') continue;
    heard.failures++;
    const isExhausted = settlement.kind === 'dead' && settlement.isExhausted === true;
    const firstMs = row.attempts.get(1)?.recordedMs ?? -Infinity;
    if (isExhausted && (attempt === 1 || firstMs >= (endpoint.failingSinceMs ?? Infinity))) heard.trips = true;
  }
  return heard;
}

/** What becomes of an endpoint. Answers whether it turned. */
export function turnEndpoint(
  endpoint: FakeEndpoint,
  heard: Heard,
  { rules, nowMs }: { rules: EndpointRules; nowMs: number },
): EndpointTurn['became'] | undefined {
  const isOn = rules.downAfterFailures > 0;
  const wasDown = endpoint.downSinceMs !== undefined;
  const failures = heard.answers > 0 ? 0 : endpoint.failures + heard.failures;
  const isDown =
    isOn &&
    heard.answers === 0 &&
    (wasDown || (heard.failures > 0 && (failures >= rules.downAfterFailures || heard.trips)));
  const waitedMs = nowMs + heard.waitSeconds * 1000;
  if (isDown && (!wasDown || heard.freed > 0)) {
    const delays = rules.probeDelays();
    const delay = delays[Math.min(Math.max(failures, 1), delays.length) - 1] ?? 0;
    endpoint.notBeforeMs = Math.max(nowMs + delay * 1000, waitedMs);
  } else if (heard.waitSeconds > 0 && isOn) {
    endpoint.notBeforeMs = Math.max(endpoint.notBeforeMs ?? 0, waitedMs);
  } else if (wasDown && !isDown) endpoint.notBeforeMs = undefined;
  endpoint.window = windowAfter(endpoint.window, heard, { wasDown, isDown, isOn });
  endpoint.failures = failures;
  endpoint.failingSinceMs = failures > 0 ? (endpoint.failingSinceMs ?? nowMs) : undefined;
  if (heard.failures > 0) endpoint.lastFailedMs = nowMs;
  endpoint.downSinceMs = isDown ? (endpoint.downSinceMs ?? nowMs) : undefined;
  if (isDown === wasDown) return undefined;
  return isDown ? 'down' : 'up';
}

function windowAfter(
  window: number | undefined,
  { failures, answers, waits, waitSeconds }: Heard,
  { wasDown, isDown, isOn }: { wasDown: boolean; isDown: boolean; isOn: boolean },
): number | undefined {
  if (isDown) return 1;
  if (wasDown) return 2;
  if (window === undefined) return waitSeconds > 0 && isOn ? 1 : undefined;
  if (failures + waits > 0) return Math.max(Math.floor(window / 2), 1);
  return Math.min(window + answers, LARGEST_WINDOW);
}
