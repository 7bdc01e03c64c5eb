import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { type ExaminedStep, examineEndpoint, type Reaching } from '../egress/examine-endpoint.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { type AttemptParts, attemptDelivery } from './attempt-delivery.ts';

/** What is asked of a receiver. It has been judged by whoever asks: only `inspect` may. */
export type Examination = {
  endpointUrl: string;
  organizationId: number;
  credentialUuid: string | undefined;
  /** Whether a test request is sent. */
  sends: boolean;
};

/** Longest that the way to a receiver is waited for: whoever asks waits, too. */
const EXAMINED_MS = 15_000;
const BODY = new TextEncoder().encode(
  '{"surehook":"test","message":"A test request of an operator. It needs no answer but a status."}',
);

/** Reads what `inspect` asks deliver for; undefined for anything else. */
export function readExamination(event: unknown): Examination | undefined {
  const asked = isJsonObject(event) ? event['examine'] : undefined;
  if (!isJsonObject(asked)) return undefined;
  const { endpoint_url: endpointUrl, organization_id: organizationId, credential_uuid: credentialUuid } = asked;
  if (typeof endpointUrl !== 'string') return undefined;
  return {
    endpointUrl,
    organizationId: typeof organizationId === 'number' ? organizationId : 0,
    credentialUuid: typeof credentialUuid === 'string' ? credentialUuid : undefined,
    sends: asked['send'] === true,
  };
}

/**
 * Goes the way of a webhook from where webhooks are sent, step by step; with `sends`, to its answer. The test request is signed
 * as every other, under an id of its own. Never rejects.
 */
export async function examineReceiver(
  examination: Examination,
  parts: AttemptParts & { reaching: Reaching },
): Promise<ExaminedStep[]> {
  const steps = await examineEndpoint(examination.endpointUrl, parts.reaching, EXAMINED_MS);
  if (examination.credentialUuid !== undefined) steps.push(await examineCredential(examination, parts));
  if (examination.sends && steps.every(({ ok }) => ok)) steps.push(await sendTest(examination, parts));
  return steps;
}

async function examineCredential({ organizationId, credentialUuid = '' }: Examination, parts: AttemptParts) {
  const beganAt = parts.clock.monotonicMs();
  const answer = await parts.credentials.resolve(organizationId, credentialUuid);
  const ms = Math.round(parts.clock.monotonicMs() - beganAt);
  return answer.kind === 'resolved'
    ? { step: 'credential', ok: true, detail: signs(answer.credential.signingSecrets.length), ms }
    : { step: 'credential', ok: false, detail: `${answer.kind}: ${answer.detail}`, ms };
}

function signs(secrets: number): string {
  return secrets === 0 ? 'it can be used, and signs nothing' : `it can be used, and signs with ${secrets}`;
}

async function sendTest(examination: Examination, parts: AttemptParts): Promise<ExaminedStep> {
  const delivery: ClaimedDelivery = {
    deliveryId: 0,
    deliveryUuid: parts.clock.uuid(),
    workflowRunId: 0,
    organizationId: examination.organizationId,
    webhookName: undefined,
    endpointUrl: examination.endpointUrl,
    httpMethod: 'POST',
    customHeaders: [],
    credentialUuid: examination.credentialUuid,
    body: BODY,
    attempt: 1,
    maxAttempts: 1,
    token: '',
  };
  const { outcome, durationMs } = await attemptDelivery(delivery, parts, parts.clock.monotonicMs() + EXAMINED_MS);
  const ms = Math.round(durationMs);
  if (outcome.kind === 'accepted') return { step: 'send', ok: true, detail: `status ${outcome.status}`, ms };
  return { step: 'send', ok: false, detail: outcome.detail, ms };
}
