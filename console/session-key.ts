import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { html } from './html.ts';
import { type Answer, page, seeOther } from './respond.ts';

/**
 * Lets in the browser that opened the printed address, and nobody else who can reach the port: the key becomes a cookie that other
 * sites' pages cannot send, and is gone from the address bar.
 *
 * @param port part of the cookie's name, because cookies do not keep ports apart
 */
export function createSessionKey(port: number): {
  key: string;
  /** What a request is answered before the console sees it; undefined: nothing, it may pass. */
  answer(request: IncomingMessage): Answer | undefined;
} {
  const key = randomBytes(32).toString('base64url');
  const cookie = `surehook-key-${port}`;
  const isKey = (given: string | null | undefined): boolean =>
    typeof given === 'string' && given.length === key.length && timingSafeEqual(Buffer.from(given), Buffer.from(key));
  return {
    key,
    answer({ method, url: target = '', headers }) {
      const url = URL.parse(target, 'http://127.0.0.1');
      if (method === 'GET' && isKey(url?.searchParams.get('key'))) {
        url?.searchParams.delete('key');
        const back = seeOther(`${url?.pathname ?? '/'}${url?.search ?? ''}`.replace(/^\/{2,}/, '/'));
        const set = `${cookie}=${key}; Path=/; HttpOnly; SameSite=Strict`;
        return { ...back, headers: { ...back.headers, 'set-cookie': set } };
      }
      const given = new RegExp(`(?:^|;\\s*)${cookie}=([^;]*)`).exec(headers.cookie ?? '')?.[1];
      return isKey(given) ? undefined : page(NO_KEY, 403);
    },
  };
}

const NO_KEY = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>Surehook</title>
    </head>
    <body>
      <h1>Open the address that surehook console printed</h1>
      <p>
        It ends in a key that lets this browser in. The console acts with the AWS credentials of whoever started it.
      </p>
    </body>
  </html> `.text;
