import { egressPolicy } from '../../../shared/egress/egress-guard.ts';
import { parseEndpointUrl } from '../../../shared/egress/endpoint-url.ts';
import {
  type AcceptedRequest,
  type EnqueueContext,
  parseEnqueueRequest,
} from '../../../shared/enqueue/enqueue-request.ts';

const policy = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });

export const CONTEXT: EnqueueContext = {
  judgeUrl: (raw) => parseEndpointUrl(raw, policy),
  nowMs: Date.parse('2026-11-23T12:00:00.000Z'),
  defaultMaxAttempts: 5,
  headerPrefix: 'X-Dograh',
};

/** A sound request; `changes` are the only attributes that matter, and undefined takes one away. */
export function request(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const sound = {
    workflow_run_id: 7,
    organization_id: 3,
    webhook_node_id: 'node-1',
    endpoint_url: 'https://hooks.example.com/in',
    payload: { a: 1 },
  };
  return Object.fromEntries(Object.entries({ ...sound, ...changes }).filter(([, value]) => value !== undefined));
}

/** What one request becomes, as JSON would bring it. */
export function parse(changes: Record<string, unknown> = {}, context: Partial<EnqueueContext> = {}) {
  const parsed = parseEnqueueRequest(request(changes), { ...CONTEXT, ...context });
  const item = parsed.kind === 'refused' ? parsed : parsed.items[0];
  if (parsed.kind === 'batch' || item === undefined) throw new Error('one request makes one item');
  return item;
}

export function accepted(
  changes: Record<string, unknown> = {},
  context: Partial<EnqueueContext> = {},
): AcceptedRequest {
  const item = parse(changes, context);
  if (item.kind !== 'accepted') throw new Error(JSON.stringify(item));
  return item.delivery;
}

/** `errorType: errorMessage` of a request that must be refused. */
export function refusal(changes: Record<string, unknown>, context: Partial<EnqueueContext> = {}): string {
  const item = parse(changes, context);
  if (item.kind !== 'refused') throw new Error(`was ${item.kind}`);
  return `${item.errorType}: ${item.errorMessage}`;
}
