import type { CountedOutcome } from '../delivery/attempt-outcome.ts';
import { type EndpointEvidence, NO_EVIDENCE } from '../delivery/endpoint-evidence.ts';

const ANSWERED: EndpointEvidence = { endpoint: 'answer', origin: 'answer' };
const UNREACHED: EndpointEvidence = { endpoint: 'none', origin: 'failure' };

/**
 * What an outcome says of its endpoint. What the network does counts for the origin, so that URLs with an id in their path go
 * down together; what the receiver says or leaves unsaid counts for the endpoint. A receiver that is merely busy has not failed.
 * What is our own doing, or was never sent, says nothing.
 */
export function evidenceOf(outcome: CountedOutcome): EndpointEvidence {
  switch (outcome.kind) {
    case 'accepted':
      return ANSWERED;
    case 'refused':
      return outcome.status === undefined ? NO_EVIDENCE : ANSWERED;
    case 'failed':
      return outcome.status === undefined ? ofSilence(outcome) : ofAnswer(outcome.status, outcome);
  }
}

type Failed = Extract<CountedOutcome, { kind: 'failed' }>;

function ofAnswer(status: number, { because, retryAfterSeconds }: Failed): EndpointEvidence {
  if (because !== 'status') return ANSWERED;
  if (status === 429 || (status === 503 && retryAfterSeconds !== undefined)) {
    return { endpoint: 'wait', origin: 'answer', waitSeconds: retryAfterSeconds ?? 0 };
  }
  return { endpoint: 'failure', origin: 'answer' };
}

function ofSilence({ because, isUnconnected }: Failed): EndpointEvidence {
  switch (because) {
    case 'dns':
    case 'connection':
    case 'tls':
      return UNREACHED;
    case 'timeout':
      return isUnconnected === true ? UNREACHED : { endpoint: 'failure', origin: 'none' };
    case 'protocol':
      return { endpoint: 'failure', origin: 'none' };
    default:
      return NO_EVIDENCE;
  }
}
