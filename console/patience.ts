import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Reader } from './console-parts.ts';
import { html } from './html.ts';
import { type Answer, page } from './respond.ts';

/** How often a page that waits looks again, seconds. */
const LOOK_AGAIN_SECONDS = 2;

/**
 * A page that takes longer than a reader is patient: it says that it waits, and asks again until the answer is there. So a stack
 * whose database was asleep is no browser that seems to hang. A page that was asked for anew takes over the answer under way.
 */
export function createPatience(patienceMs: number) {
  const underWay = new Map<string, Promise<Answer>>();
  return async (
    { request, url, reader }: { request: IncomingMessage; url: URL; reader: Reader },
    make: () => Promise<Answer>,
  ): Promise<Answer> => {
    const key = `${reader.zone} ${url.pathname}${url.search}`;
    const making = (request.method === 'GET' ? underWay.get(key) : undefined) ?? make();
    const impatient = new AbortController();
    const answer = await Promise.race([
      making,
      wait(patienceMs, undefined, { signal: impatient.signal, ref: false }).catch(() => undefined),
    ]);
    impatient.abort();
    if (answer !== undefined) {
      if (underWay.get(key) === making) underWay.delete(key);
      return answer;
    }
    underWay.set(key, making);
    return waiting();
  };
}

function waiting(): Answer {
  return page(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta http-equiv="refresh" content="${LOOK_AGAIN_SECONDS}" />
          <title>Asking the stack · Surehook</title>
          <link rel="stylesheet" href="/console/assets/shared.css" />
        </head>
        <body>
          <main>
            <h1>Asking the stack…</h1>
            <p role="status">
              A database that was asleep takes up to half a minute to wake up. This page looks again by itself.
            </p>
          </main>
        </body>
      </html> `.text,
  );
}
