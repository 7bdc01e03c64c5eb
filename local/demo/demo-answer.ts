/** What the demo receiver does with one request. */
export type DemoAnswer =
  | {
      kind: 'status';
      status: number;
      headers: Readonly<Record<string, string>>;
      /** Seconds between the end of the request and the answer. */
      afterSeconds: number;
      body: 'plain' | 'echo' | 'help';
    }
  | { kind: 'hang-up' };

/** A slow receiver occupies a connection, so the wait is limited. */
const MAX_SLOW_SECONDS = 120;

/** Ways to be received, for the menus of the console. */
export const DEMO_CHOICES: readonly { path: string; does: string }[] = [
  { path: '/demo/ok', does: 'answers 200' },
  { path: '/demo/fail/1', does: 'fails once, then 200' },
  { path: '/demo/fail/3', does: 'fails three times, then 200' },
  { path: '/demo/retry-after/10', does: '429 with Retry-After: 10, then 200' },
  { path: '/demo/slow/5', does: '200 after 5 s' },
  { path: '/demo/hang-up', does: 'closes the connection' },
  { path: '/demo/status/404', does: 'always 404' },
  { path: '/demo/status/503', does: 'always 503' },
  { path: '/demo/echo', does: 'answers with the request' },
];

export const DEMO_HELP = `The demo receiver does what its URL says:
  /demo/ok              200
  /demo/fail/N          500 to the first N requests of a delivery, then 200
  /demo/status/S        status S (200 to 999), always
  /demo/slow/S          200 after S seconds (at most ${MAX_SLOW_SECONDS})
  /demo/retry-after/S   429 with Retry-After: S to the first request of a delivery, then 200
  /demo/hang-up         closes the connection without an answer
  /demo/echo            200 with the request as JSON
`;

/**
 * @param pathname without the query
 * @param requestNumber of this delivery, 1 for its first
 */
export function demoAnswer(pathname: string, requestNumber: number): DemoAnswer {
  const [, what, figure] = /^\/demo\/([a-z-]+)(?:\/(\d{1,6}))?$/.exec(pathname) ?? [];
  const n = figure === undefined ? undefined : Number(figure);
  if (what === 'ok' && n === undefined) return status(200);
  if (what === 'echo' && n === undefined) return { ...status(200), body: 'echo' };
  if (what === 'hang-up' && n === undefined) return { kind: 'hang-up' };
  if (what === 'fail' && n !== undefined) return status(requestNumber <= n ? 500 : 200);
  if (what === 'slow' && n !== undefined) return { ...status(200), afterSeconds: Math.min(n, MAX_SLOW_SECONDS) };
  if (what === 'retry-after' && n !== undefined) {
    return requestNumber === 1 ? { ...status(429), headers: { 'retry-after': String(n) } } : status(200);
  }
  // 1xx only announces a response.
  if (what === 'status' && n !== undefined && n >= 200 && n <= 999) {
    const redirects = n >= 300 && n < 400 && n !== 304;
    return { ...status(n), headers: redirects ? { location: '/demo/ok' } : {} };
  }
  return { ...status(404), body: 'help' };
}

function status(code: number): DemoAnswer & { kind: 'status' } {
  return { kind: 'status', status: code, headers: {}, afterSeconds: 0, body: 'plain' };
}
