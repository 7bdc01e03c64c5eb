/** What one attempt says of what it was sent to: that it failed, that it answered, that it asks to wait, or nothing. */
const ENDPOINT_EFFECTS = ['failure', 'answer', 'wait', 'none'] as const;
type EndpointEffect = (typeof ENDPOINT_EFFECTS)[number];

/**
 * What an attempt says of its endpoint (what the receiver does) and of its origin (what the network does on the way there).
 * `waitSeconds`: how long the receiver asks everybody to wait; 0 if it names no time.
 */
export type EndpointEvidence = { endpoint: EndpointEffect; origin: EndpointEffect; waitSeconds?: number };

export const NO_EVIDENCE: EndpointEvidence = { endpoint: 'none', origin: 'none' };

/** Undefined for whatever this version does not understand. */
export function parseEndpointEvidence(value: unknown): EndpointEvidence | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { endpoint, origin, wait_seconds: waitSeconds } = value as Record<string, unknown>;
  if (!isEffect(endpoint) || !isEffect(origin)) return undefined;
  if (waitSeconds === undefined) return { endpoint, origin };
  return typeof waitSeconds === 'number' && waitSeconds >= 0 ? { endpoint, origin, waitSeconds } : undefined;
}

function isEffect(value: unknown): value is EndpointEffect {
  return ENDPOINT_EFFECTS.some((effect) => effect === value);
}
