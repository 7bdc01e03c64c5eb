import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Reader } from './console-parts.ts';
import { html } from './html.ts';
import { type Answer, page } from './respond.ts';

/** How often a page that waits looks again, seconds. */
const LOOK_AGAIN_SECONDS = 2;
/** For so long an answer is kept for the page that waits for it. A reader who has gone must not find it there an hour later. */
const KEPT_MS = 5 * LOOK_AGAIN_SECONDS * 1000;

type UnderWay = { answer: Promise<Answer>; endedAtMs: number | undefined };

/**
 * A page that takes longer than a reader is patient: it says that it waits, and asks again until the answer is there. So a stack
 * whose database was asleep is no browser that seems to hang. A page that was asked for anew takes over the answer under way.
 */
export function createPatience(patienceMs: number, nowMs: () => number) {
  const waitedFor = new Map<string, UnderWay>();
  const begin = (answer: Promise<Answer>): UnderWay => {
    const begun: UnderWay = { answer, endedAtMs: undefined };
    void answer.then(() => (begun.endedAtMs = nowMs()));
    return begun;
  };
  const isFresh = ({ endedAtMs }: UnderWay): boolean => endedAtMs === undefined || nowMs() - endedAtMs < KEPT_MS;
  return async (
    { request, url, reader }: { request: IncomingMessage; url: URL; reader: Reader },
    make: () => Promise<Answer>,
  ): Promise<Answer> => {
    const key = `${reader.zone} ${url.pathname}${url.search}`;
    const known = request.method === 'GET' ? waitedFor.get(key) : undefined;
    const underWay = known !== undefined && isFresh(known) ? known : begin(make());
    const impatient = new AbortController();
    const answer = await Promise.race([
      underWay.answer,
      wait(patienceMs, undefined, { signal: impatient.signal, ref: false }).catch(() => undefined),
    ]);
    impatient.abort();
    for (const [other, one] of waitedFor) if (!isFresh(one)) waitedFor.delete(other);
    if (answer === undefined) waitedFor.set(key, underWay);
    else waitedFor.delete(key);
    return answer ?? waiting();
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
