import { DATABASE_WAKES, meansSleepingDatabase } from '../shared/runtime/sleeping-database.ts';
import { type Html, html } from './html.ts';
import type { Fault } from './invoke-function.ts';

/** What a fault means for whoever looks at the page, and what can be done about it. The first that fits. */
const MEANINGS: readonly (readonly [pattern: Pick<RegExp, 'test'>, words: string])[] = [
  [
    /AccessDenied|not authorized|UnrecognizedClient|InvalidClientToken/i,
    'Your AWS credentials may not invoke this function. grantInspect gives the right to look, grantOperate the right to change.',
  ],
  [
    /Expired|CredentialsProvider|Could not load credentials|Token has expired/i,
    'There are no valid AWS credentials: sign in again in the shell, and start surehook console anew.',
  ],
  [/TooManyRequests|throttl|Rate exceeded|ConcurrentInvocation/i, 'The function is throttled. Try again in a moment.'],
  [{ test: meansSleepingDatabase }, DATABASE_WAKES],
  [/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|TimeoutError|socket hang up/i, 'AWS cannot be reached from this machine.'],
  [/ResourceNotFound/i, 'The function is not there: was the stack deployed anew? Start surehook console again.'],
  [/timed out/i, 'The function ran out of time. Choose less, or try again.'],
];

/** A fault as people read it: what it means, then the function's own words. */
export function faultCallout(fault: Fault): Html {
  const { errorType, errorMessage } = fault;
  const meaning = meaningOf(fault);
  return html`<div class="callout bad" role="alert">
    ${meaning === undefined ? undefined : html`<p>${meaning}</p>`}
    <p><strong>${errorType}</strong> <bdi>${errorMessage}</bdi></p>
  </div>`;
}

function meaningOf({ errorType, errorMessage }: Fault): string | undefined {
  const text = `${errorType}: ${errorMessage}`;
  return MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
}

/** With which status a page that could not be made is answered. */
export function statusOf({ errorType }: Fault): number {
  if (errorType === 'InvalidRequest') return 422;
  return errorType.endsWith('NotFound') && errorType !== 'ResourceNotFound' ? 404 : 503;
}
