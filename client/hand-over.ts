import { setTimeout } from 'node:timers/promises';
import type { NotTaken } from './enqueue-request.ts';
import type { Call } from './split-requests.ts';
import { isRetryable, SurehookError } from './surehook-error.ts';

/** Seconds before the first repetition; doubled before each further one. */
const FIRST_PAUSE_MS = 1_000;

/** How often a request is sent again, and how the time between is spent. */
export type Patience = {
  retries: number;
  /** At least 0 and less than 1. */
  random(): number;
  wait(ms: number): Promise<unknown>;
};

export const REAL_PATIENCE = { random: Math.random, wait: (ms: number) => setTimeout(ms) };

type Sender<Taken> = {
  patience: Patience;
  /** One call; answers in order. Throws SurehookError if it fails as a whole. */
  send(requests: readonly string[]): Promise<(Taken | NotTaken)[]>;
};

/**
 * Makes the calls one after the other and returns a result for each request, in order. What failed for now is sent again, and
 * nothing else is. Throws what is no SurehookError: a client that cannot be used at all.
 */
export async function handOver<Taken extends object>(
  calls: readonly Call[],
  { patience, send }: Sender<Taken>,
): Promise<(Taken | NotTaken)[]> {
  const results: (Taken | NotTaken)[] = [];
  for (const { requests } of calls) results.push(...(await sendPatiently(requests, { patience, send })));
  return results;
}

async function sendPatiently<Taken extends object>(
  requests: readonly string[],
  { patience, send }: Sender<Taken>,
): Promise<(Taken | NotTaken)[]> {
  let results = await resultsOf(requests, send);
  for (let again = 0; again < patience.retries; again++) {
    const waiting = results.flatMap((result, index) => (passes(result) ? [index] : []));
    if (waiting.length === 0) return results;
    await patience.wait(FIRST_PAUSE_MS * 2 ** again * (1 + patience.random() / 10));
    const later = await resultsOf(
      waiting.map((index) => requests[index] ?? ''),
      send,
    );
    results = results.map((result, index) => later[waiting.indexOf(index)] ?? result);
  }
  return results;
}

/** A call that fails as a whole fails each of its requests. */
async function resultsOf<Taken extends object>(
  requests: readonly string[],
  send: Sender<Taken>['send'],
): Promise<(Taken | NotTaken)[]> {
  try {
    const answers = await send(requests);
    const missing: NotTaken = { error: { errorType: 'CallFailed', errorMessage: 'the function answered too little' } };
    return requests.map((_, index) => answers[index] ?? missing);
  } catch (error) {
    if (!(error instanceof SurehookError)) throw error;
    const { errorType, message: errorMessage } = error;
    return requests.map(() => ({ error: { errorType, errorMessage } }));
  }
}

function passes(result: object): boolean {
  return 'error' in result && isRetryable((result as NotTaken).error.errorType);
}
