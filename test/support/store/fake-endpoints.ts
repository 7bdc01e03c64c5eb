import type { FailureClass } from '../../../shared/delivery/attempt-outcome.ts';
import type { EndpointRules } from '../../../shared/endpoints/endpoint-policy.ts';
import { NO_EVIDENCE } from '../../../shared/delivery/endpoint-evidence.ts';
import type { EndpointTurn, HeldFor, SettledAttempt } from '../../../shared/delivery/store-answers.ts';
import type { EndpointRequest } from '../../../shared/operate/endpoint-request.ts';
import type { FakeRow } from './fake-delivery-rules.ts';
import { freshOutageId } from './fake-outcomes.ts';

// The endpoints of the fake store: what sql/queries/ says of them, said again in TypeScript.

export type FakeEndpoint = {
  key: string;
  scope: 'endpoint' | 'origin' | 'organization' | 'everything';
  organizationId: number | undefined;
  origin: string | undefined;
  failures: number;
  failuresInTurn: number;
  failingSinceMs: number | undefined;
  lastFailedMs: number | undefined;
  lastErrorClass?: FailureClass | undefined;
  downSinceMs: number | undefined;
  outageId?: string | undefined;
  wentDownMs: number | undefined;
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

/** Every endpoint that these attempts concern, once. */
export function keysOf(said: readonly Said[]) {
  const keys = said.flatMap(({ row }) =>
    endpointKeys(row).map((one) => ({ ...one, organizationId: row.organizationId })),
  );
  return [...new Map(keys.map((one) => [one.key, one])).values()];
}

/** What an order names; undefined if no endpoint, nor all of an origin, has the key that it gives. */
export function namedBy(
  { action, scope, organizationId = 0, endpointUrl = 'https://any.example/', endpointKey }: EndpointRequest,
  known: ReadonlyMap<string, FakeEndpoint>,
) {
  if (endpointKey === undefined) {
    return endpointKeys({ organizationId, endpointUrl }).find((one) => one.scope === scope);
  }
  const keyed = known.get(endpointKey);
  const isHoldable = keyed?.scope === scope || (keyed?.scope === 'origin' && action !== 'set_endpoint');
  return isHoldable ? keyed : undefined;
}

export function isUp({ failures, downSinceMs }: FakeEndpoint): boolean {
  return failures === 0 && downSinceMs === undefined;
}

export function newEndpoint(given: Pick<FakeEndpoint, 'key' | 'scope' | 'organizationId' | 'origin'>): FakeEndpoint {
  return {
    ...given,
    failures: 0,
    failuresInTurn: 0,
    failingSinceMs: undefined,
    lastFailedMs: undefined,
    downSinceMs: undefined,
    wentDownMs: undefined,
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

/** An outcome that was recorded, and the lease under which it was. */
export type Said = { settled: SettledAttempt; row: FakeRow; leaseExpiresMs: number };

/** What one statement heard of one endpoint. */
export type Heard = {
  failures: number;
  /** One of them began after the failure before had been recorded. */
  comesAfter: boolean;
  answers: number;
  waits: number;
  waitSeconds: number;
  probes: number;
  trips: boolean;
  errorClass: FailureClass | undefined;
};

/** It has no settings that must be kept. */
export function isForgettable(endpoint: FakeEndpoint, nowMs: number): boolean {
  const { maxInFlight, maxPerSecond, isStopped, nextPlaceMs = 0 } = endpoint;
  const hasSettings = maxInFlight !== undefined || maxPerSecond !== undefined || isStopped === true;
  return !hasSettings && nextPlaceMs <= nowMs;
}

/** The next probe is not due before: a probe has failed since, or there has been no time for one. */
export function isDownSince({ downSinceMs, notBeforeMs = 0 }: FakeEndpoint, sinceMs = 0): boolean {
  return downSinceMs !== undefined && notBeforeMs > sinceMs;
}

/** When whatever began before it went down is over. */
export function oldNewsEndsMs({ wentDownMs = -Infinity }: FakeEndpoint, leaseSeconds: number): number {
  return wentDownMs + leaseSeconds * 1000;
}

/** Since when it waits, held or not. */
export function dueMs({ heldDueMs, scheduledForMs }: FakeRow): number {
  return heldDueMs ?? scheduledForMs ?? 0;
}

/** Whether it began after the endpoint last went down. */
export function isNews({ wentDownMs }: FakeEndpoint, { claimedMs = 0 }: FakeRow): boolean {
  return wentDownMs === undefined || claimedMs > wentDownMs;
}

export function heardBy(endpoint: FakeEndpoint, said: readonly Said[], nowMs: number): Heard {
  const heard: Heard = {
    failures: 0,
    comesAfter: false,
    answers: 0,
    waits: 0,
    waitSeconds: 0,
    probes: 0,
    trips: false,
    errorClass: undefined,
  };
  for (const { settled, row, leaseExpiresMs } of said) {
    const { evidence = NO_EVIDENCE, settlement, attempt, token } = settled;
    const { scope } = endpoint;
    const isCounted = (scope === 'endpoint' || scope === 'origin') && leaseExpiresMs > nowMs;
    const effect = isCounted ? evidence[scope] : 'none';
    const hasPlace = endpoint.slots.has(token);
    if (effect === 'wait') {
      heard.waits++;
      heard.waitSeconds = Math.max(heard.waitSeconds, evidence.waitSeconds ?? 0);
    }
    if (!isNews(endpoint, row) || (endpoint.window !== undefined && !hasPlace)) continue;
    if (hasPlace) heard.probes++;
    if (effect === 'answer') heard.answers++;
    if (effect !== 'failure') continue;
    heard.failures++;
    if ((row.claimedMs ?? 0) >= (endpoint.lastFailedMs ?? -Infinity)) heard.comesAfter = true;
    if (settlement.kind !== 'succeeded') {
      heard.errorClass = [heard.errorClass ?? settlement.errorClass, settlement.errorClass].toSorted()[1];
    }
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
  const failuresInTurn = inTurn(endpoint.failuresInTurn, heard);
  const counted = endpoint.window === undefined ? failures : failuresInTurn;
  const isDown =
    isOn &&
    heard.answers === 0 &&
    (wasDown || (heard.failures > 0 && (counted >= rules.downAfterFailures || heard.trips)));
  const waitedMs = nowMs + heard.waitSeconds * 1000;
  if (isDown && (!wasDown || heard.probes > 0)) {
    const delays = rules.probeDelays();
    const delay = delays[Math.min(Math.max(failuresInTurn, 1), delays.length) - 1] ?? 0;
    endpoint.notBeforeMs = Math.max(nowMs + delay * 1000, waitedMs);
  } else if (heard.waitSeconds > 0 && isOn) {
    endpoint.notBeforeMs = Math.max(endpoint.notBeforeMs ?? 0, waitedMs);
  } else if (wasDown && !isDown) endpoint.notBeforeMs = undefined;
  endpoint.window = windowAfter(endpoint.window, heard, { wasDown, isDown, isOn });
  endpoint.failures = failures;
  endpoint.failuresInTurn = failuresInTurn;
  endpoint.failingSinceMs = failures > 0 ? (endpoint.failingSinceMs ?? nowMs) : undefined;
  if (heard.failures > 0) endpoint.lastFailedMs = nowMs;
  if (isDown && !wasDown) Object.assign(endpoint, { wentDownMs: nowMs, outageId: freshOutageId() });
  endpoint.lastErrorClass = heard.errorClass ?? endpoint.lastErrorClass;
  endpoint.downSinceMs = isDown ? (endpoint.downSinceMs ?? nowMs) : undefined;
  if (isDown === wasDown) return undefined;
  return isDown ? 'down' : 'up';
}

/** Failures side by side are one. */
function inTurn(before: number, { failures, answers, comesAfter }: Heard): number {
  if (answers > 0) return 0;
  return failures > 0 ? Math.max(before + Number(comesAfter), 1) : before;
}

function windowAfter(
  window: number | undefined,
  { failures, comesAfter, answers, waits, waitSeconds }: Heard,
  { wasDown, isDown, isOn }: { wasDown: boolean; isDown: boolean; isOn: boolean },
): number | undefined {
  if (isDown) return 1;
  if (wasDown) return 2;
  if (window === undefined) return waitSeconds > 0 && isOn ? 1 : undefined;
  if (comesAfter || waits > 0) return Math.max(Math.floor(window / 2), 1);
  if (failures > 0) return window;
  return Math.min(window + answers, LARGEST_WINDOW);
}
