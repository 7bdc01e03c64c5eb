import type { AwsRequest, AwsResponse } from '../aws-service.ts';
import type { DataApiRequest } from './request.ts';

/** What a test does to a call, before its effect or after it: the two look the same to the caller. */
export type Interception =
  | { kind: 'proceed' }
  | { kind: 'answer'; effect: 'none' | 'done'; response: AwsResponse }
  | { kind: 'hang'; effect: 'none' | 'done' };

/** Called once for each well-formed call. */
export type Intercept = (call: DataApiRequest) => Interception | Promise<Interception>;

/** Carries a call out as a test wants it. A hanging call ends when its client disconnects or when `closing` aborts. */
export async function intercepted(
  interception: Interception,
  { request, closing, serve }: { request: AwsRequest; closing: AbortSignal; serve: () => Promise<AwsResponse> },
): Promise<AwsResponse> {
  if (interception.kind === 'proceed') return await serve();
  if (interception.effect === 'done') await serve();
  if (interception.kind === 'answer') return interception.response;
  await new Promise<void>((resolve) => {
    const gone = AbortSignal.any([request.signal, closing]);
    if (gone.aborted) resolve();
    gone.addEventListener('abort', () => resolve(), { once: true });
  });
  return { status: 503, headers: {}, body: '' };
}
