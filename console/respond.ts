import type { ServerResponse } from 'node:http';

/**
 * Nothing from other origins, nothing inline. Not `no-referrer`: with it browsers send `Origin: null` with a form, and the
 * guard could not recognize the console's own forms. `same-origin` tells other sites just as little.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

export type Answer = {
  status: number;
  type: string;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
};

/** @param markup every value of which has been escaped */
export function page(markup: string, status = 200): Answer {
  return { status, type: 'text/html; charset=utf-8', body: markup };
}

export function plainText(body: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

/** After a form: the browser fetches the other page, and a reload repeats nothing. */
export function seeOther(path: string): Answer {
  return { status: 303, type: 'text/plain; charset=utf-8', body: '', headers: { location: path } };
}

export function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    ...answer.headers,
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}
