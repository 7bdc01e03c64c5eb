import { sendsBody } from '../delivery/http-method.ts';
import type { EndpointTarget } from './endpoint-url.ts';

/** A request whose names and values have been judged: nothing in it needs escaping. */
type JudgedRequest = {
  method: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array | undefined;
};

/**
 * The head of a request with, where it is small, its body behind it, so that both leave in one piece. Whoever calls this: a GET
 * or DELETE is sent without a body.
 */
export function requestBytes(target: EndpointTarget, { method, headers, body }: JudgedRequest): Buffer[] {
  const { pathname, search } = target.url;
  const sent = sendsBody(method) ? (body ?? new Uint8Array()) : undefined;
  const head = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `host: ${authorityOf(target)}`,
    'connection: keep-alive',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(sent === undefined ? [] : [`content-length: ${sent.length}`]),
    '',
    '',
  ].join('\r\n');
  const bytes = Buffer.from(head, 'latin1');
  if (sent === undefined || sent.length === 0) return [bytes];
  return sent.length <= MAX_COPIED_BYTES
    ? [Buffer.concat([bytes, sent])]
    : [bytes, Buffer.from(sent.buffer, sent.byteOffset, sent.length)];
}

/** To copy as much costs less than a second write. */
const MAX_COPIED_BYTES = 64 * 1024;

/** Scheme, host and port: what a connection leads to. */
export function originOf(target: EndpointTarget): string {
  return `${target.url.protocol}//${authorityOf(target)}`;
}

/** Without a name's trailing dot, which no receiver expects in `Host`, and without the port that the scheme implies. */
function authorityOf({ host, tls, port }: EndpointTarget): string {
  const authority = host.includes(':') ? `[${host}]` : host;
  return `${authority}${port === (tls ? 443 : 80) ? '' : `:${port}`}`;
}
