import {
  MAX_ANNOUNCED,
  MAX_DELIVERIES_PER_REQUEST,
  MAX_INVOKE_REQUEST_BYTES,
  MAX_QUEUE_MESSAGE_BYTES,
} from '../shared/runtime/limits.ts';

/** A call's whole JSON may have this many bytes of UTF-8. */
export const CALL_BYTES = {
  invoke: MAX_INVOKE_REQUEST_BYTES,
  // A message that is refused moves on with its reasons, which count as well.
  queue: MAX_QUEUE_MESSAGE_BYTES - 4096,
} as const;

/** Requests of one call, as JSON, and the place of the first among all. */
export type Call = { first: number; requests: readonly string[] };

/** What is around and between the requests of a batch. */
const FRAME_BYTES = Buffer.byteLength(batchOf([]));
const COMMA_BYTES = 1;

/** As few calls as possible, in order. A request that is too large for any call is one of its own. */
export function splitRequests(requests: readonly string[], maxBytes: number): Call[] {
  const calls: { first: number; requests: string[] }[] = [];
  let bytes = 0;
  for (const [index, request] of requests.entries()) {
    const more = Buffer.byteLength(request) + COMMA_BYTES;
    const call = calls.at(-1);
    if (call !== undefined && call.requests.length < MAX_DELIVERIES_PER_REQUEST && bytes + more <= maxBytes) {
      call.requests.push(request);
      bytes += more;
    } else {
      calls.push({ first: index, requests: [request] });
      bytes = FRAME_BYTES + more;
    }
  }
  return calls;
}

/** As few announcements as possible, in order. */
export function splitUuids(deliveryUuids: readonly string[]): Call[] {
  const calls: Call[] = [];
  for (let first = 0; first < deliveryUuids.length; first += MAX_ANNOUNCED) {
    calls.push({ first, requests: deliveryUuids.slice(first, first + MAX_ANNOUNCED) });
  }
  return calls;
}

/** The JSON of an announcement. */
export function announcementOf(deliveryUuids: readonly string[]): string {
  return JSON.stringify({ announce: { delivery_uuids: deliveryUuids } });
}

/** The JSON of a request of several deliveries. */
export function batchOf(requests: readonly string[]): string {
  return `{"deliveries":[${requests.join(',')}]}`;
}
