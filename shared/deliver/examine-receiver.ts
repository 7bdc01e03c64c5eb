import type { ClaimedDelivery } from '../delivery/delivery.ts';
import { type ExaminedStep, examineEndpoint, type Reaching } from '../egress/examine-endpoint.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import type { Credential } from '../credentials/credentials.ts';
import { askForToken } from './ask-for-token.ts';
import { type AttemptParts, attemptDelivery } from './attempt-delivery.ts';
import { certificateFault, tokenKeyOf } from './find-credential.ts';

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
/** And its token endpoint. */
const TOKEN_MS = 5_000;
const DAY_MS = 86_400_000;
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
  const { credential, steps: asked } = await examineCredential(examination, parts);
  const { clientCertificate } = credential ?? {};
  const steps = await examineEndpoint(examination.endpointUrl, { ...parts.reaching, clientCertificate }, EXAMINED_MS);
  steps.push(...asked);
  if (credential?.oauthClient !== undefined) steps.push(await examineToken(examination, credential, parts));
  if (examination.sends && steps.every(({ ok }) => ok)) steps.push(await sendTest(examination, parts));
  return steps;
}

type ExaminedCredential = { credential?: Credential; steps: ExaminedStep[] };

async function examineCredential(
  { organizationId, credentialUuid, endpointUrl }: Examination,
  parts: AttemptParts,
): Promise<ExaminedCredential> {
  if (credentialUuid === undefined) return { steps: [] };
  const { tell, clock } = { tell: stepFrom(parts.clock), clock: parts.clock };
  const answer = await parts.credentials.resolve(organizationId, credentialUuid);
  if (answer.kind !== 'resolved') return { steps: [tell('credential', false, `${answer.kind}: ${answer.detail}`)] };
  const { credential } = answer;
  const fault = certificateFault(credential, endpointUrl, clock.nowMs());
  if (fault !== undefined) return { steps: [tell('credential', false, `invalid: the secret ${answer.name} ${fault}`)] };
  return { credential, steps: [tell('credential', true, usable(credential, clock.nowMs()))] };
}

function usable({ signingSecrets, clientCertificate }: Credential, nowMs: number): string {
  const { length } = signingSecrets;
  const signs = length === 0 ? 'it can be used, and signs nothing' : `it can be used, and signs with ${length}`;
  if (clientCertificate === undefined) return signs;
  const daysLeft = Math.floor((clientCertificate.validUntilMs - nowMs) / DAY_MS);
  return `${signs}; it has a client certificate, ${daysLeft} days left`;
}

/** A token is asked for anew: one of yesterday would prove nothing. The test request is then sent with it. */
async function examineToken(
  { organizationId }: Examination,
  credential: Credential,
  parts: AttemptParts,
): Promise<ExaminedStep> {
  const tell = stepFrom(parts.clock);
  const limits = { timeoutMs: TOKEN_MS, mustStartByMonotonicMs: Infinity };
  const key = tokenKeyOf(organizationId, credential);
  const ask = () => askForToken({ organizationId, credential }, { ...parts, ...limits });
  const answer = key === undefined ? await ask() : await parts.tokens.resolve(key, ask, 'renewed');
  if (answer.kind !== 'issued') return tell('token', false, answer.detail);
  return tell('token', true, `one was issued, and is used for ${Math.floor(answer.keptMs / 1000)} s`);
}

/** A step that begins now, once it is over. */
function stepFrom(clock: AttemptParts['clock']): (step: string, ok: boolean, detail: string) => ExaminedStep {
  const beganAt = clock.monotonicMs();
  return (step, ok, detail) => ({ step, ok, detail, ms: Math.round(clock.monotonicMs() - beganAt) });
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
