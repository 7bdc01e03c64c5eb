import type { IncomingMessage } from 'node:http';

const MAX_FORM_BYTES = 300 * 1024;
/**
 * How much an oversized request may still send before the connection is cut. It is read and discarded, so that the client
 * sees the refusal.
 */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

export type FormBody = { kind: 'form'; fields: URLSearchParams } | { kind: 'too large' } | { kind: 'not a form' };

/** Reads the fields of a posted form, at most 300 KiB. Rejects when the client goes away. */
export async function readForm(request: IncomingMessage): Promise<FormBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) request.destroy();
    if (bytes <= MAX_FORM_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_FORM_BYTES) return { kind: 'too large' };
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (bytes > 0 && type !== 'application/x-www-form-urlencoded') return { kind: 'not a form' };
  return { kind: 'form', fields: new URLSearchParams(Buffer.concat(chunks).toString('utf8')) };
}
