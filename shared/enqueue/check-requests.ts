import { DIFFERENT_REQUEST } from './accept-delivery.ts';
import { parseAnnouncement } from './announce-request.ts';
import { type AcceptedRequest, type EnqueueContext, parseEnqueueRequest } from './enqueue-request.ts';
import { MAX_QUEUE_MESSAGE_BYTES } from '../runtime/limits.ts';
import type { RequestErrorType } from './request-faults.ts';
import { readRequestText } from './request-text.ts';
import { tooLargeBecause } from './json-size.ts';

/** How a request would be handed over: the function's runtime has changed some numbers before, and the sizes differ. */
export type Way = 'invoke' | 'queue';

/** What enqueue would say of one delivery of a request, as far as the request alone shows it. */
export type CheckedDelivery = { at: string } & (
  | { verdict: 'taken'; body: string; warnings: readonly string[] }
  | { verdict: 'skipped' }
  /** No delivery: it has others sent, so many. */
  | { verdict: 'announces'; deliveries: number }
  | { verdict: 'refused'; errorType: RequestErrorType; errorMessage: string }
);

/**
 * Checks requests as enqueue would, in order, without an account or a database: whether a run exists, and whose it is, is not
 * looked at. Knows a run and node again within what it has seen, as the table would.
 */
export class RequestCheck {
  readonly #way: Way;
  readonly #context: EnqueueContext;
  readonly #digests = new Map<string, string>();

  constructor(way: Way, context: EnqueueContext) {
    this.#way = way;
    this.#context = context;
  }

  /** One text is one request. `at` in the answer is empty, or `deliveries[3]`. */
  check(text: string): CheckedDelivery[] {
    const read = this.#read(text);
    if ('errorType' in read) return [{ at: '', verdict: 'refused', ...read }];
    const announcement = parseAnnouncement(read.input);
    if (announcement?.kind === 'announcement') {
      return [{ at: '', verdict: 'announces', deliveries: announcement.deliveryUuids.length }];
    }
    const parsed = announcement ?? parseEnqueueRequest(read.input, this.#context);
    if (parsed.kind === 'refused') {
      const { errorType, errorMessage } = parsed;
      return [{ at: '', verdict: 'refused', errorType, errorMessage }];
    }
    return parsed.items.map((item, index): CheckedDelivery => {
      const at = parsed.kind === 'batch' ? `deliveries[${index}]` : '';
      switch (item.kind) {
        case 'disabled':
          return { at, verdict: 'skipped' };
        case 'refused':
          return { at, verdict: 'refused', errorType: item.errorType, errorMessage: item.errorMessage };
        case 'accepted': {
          const warnings = this.#differs(item.delivery) ? [...item.warnings, DIFFERENT_REQUEST] : item.warnings;
          return { at, verdict: 'taken', body: item.delivery.body, warnings };
        }
      }
    });
  }

  #read(text: string): { input: unknown } | { errorType: RequestErrorType; errorMessage: string } {
    const tooLarge = (errorMessage: string) => ({ errorType: 'PayloadTooLarge' as const, errorMessage });
    if (this.#way === 'queue' && Buffer.byteLength(text) > MAX_QUEUE_MESSAGE_BYTES) {
      return tooLarge(`more than ${MAX_QUEUE_MESSAGE_BYTES} bytes in all`);
    }
    const read = readRequestText(text);
    if (read.kind === 'fault') return { errorType: 'InvalidRequest', errorMessage: read.fault };
    if (this.#way === 'queue') return { input: read.input };
    // As Lambda hands it over.
    const input: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    const because = tooLargeBecause(input);
    return because === undefined ? { input } : tooLarge(because);
  }

  /** Whether an earlier request for the same run and node asked for something else. */
  #differs({ workflowRunId, webhookNodeId, requestDigest }: AcceptedRequest): boolean {
    const key = `${workflowRunId} ${webhookNodeId}`;
    const first = this.#digests.get(key) ?? requestDigest;
    this.#digests.set(key, first);
    return first !== requestDigest;
  }
}
