import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConsoleActions } from './console-actions.ts';
import { createConsolePages } from './console-pages.ts';
import type { ConsoleParts, Reader, Route, Shown } from './console-parts.ts';
import { readForm } from './form-body.ts';
import { createHoldBanner } from './hold-banner.ts';
import { layout, messageView } from './layout.ts';
import { liveJson } from './live-element.ts';
import { createPatience } from './patience.ts';
import { createRequestGuard } from './request-guard.ts';
import { type Answer, json, page, plainText, send } from './respond.ts';
import { placeTimes } from './shown-time.ts';
import { readStaticAssets } from './static-assets.ts';
import { chosenZone } from './time-zone.ts';

/**
 * The console: pages for people over the functions of a stack.
 *
 * @returns a handler that resolves to false, with nothing touched, for a path that is not the console's, unless a browser asks
 * for a page: then it says that there is none. It never rejects.
 */
export function createConsole(
  parts: ConsoleParts,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const { nowMs = Date.now, patienceMs = 2_500 } = parts;
  const guard = createRequestGuard(parts.origin);
  const assets = readStaticAssets();
  const asset = (name: string): Shown | undefined => {
    const found = assets.get(name);
    return found && { answer: found };
  };
  const routes: Route[] = [
    { path: /^\/console\/assets\/([a-z.]+)$/, get: async ({ parameters: [name = ''] }) => asset(name) },
    { path: /^\/favicon\.ico$/, get: async () => asset('favicon.svg') },
    ...createConsolePages(parts),
    ...createConsoleActions(parts),
  ];
  const finish = createFinish(parts);
  const patience = createPatience(patienceMs, nowMs);
  return async (request, response) => {
    const url = parseUrl(request.url);
    const matching = url === undefined ? [] : routes.filter(({ path }) => path.test(url.pathname));
    // A browser asks for a page; whoever else asks is answered by the port itself.
    const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
    if (url === undefined || (matching.length === 0 && !wantsPage)) return false;
    const refusal = guard.refusal(request);
    if (refusal !== undefined) {
      send(response, plainText(`${refusal}\n`, 403));
      return true;
    }
    const reader = { zone: chosenZone(request.headers.cookie), nowMs: nowMs() };
    const making = async (): Promise<Answer> => {
      try {
        return await finish(await shownTo({ request, url, matching, reader }), reader);
      } catch (error) {
        parts.reportFault?.(error);
        return finish({ view: messageView('No answer', 'A function did not answer. Try again.', 503) }, reader);
      }
    };
    send(response, wantsPage ? await patience({ request, url, reader }, making) : await making());
    return true;
  };
}

/** Puts around a page what stands around every page, and the reader's clocks into it. */
function createFinish(parts: ConsoleParts): (shown: Shown, reader: Reader) => Promise<Answer> {
  const { stack, local } = parts;
  const readBanner = createHoldBanner(parts);
  return async (shown, reader) => {
    if ('answer' in shown) return shown.answer;
    const banner = await readBanner();
    if ('live' in shown) {
      const { elements, lists } = shown.live;
      return json(liveJson({ elements: { ...elements, banner }, lists }, (markup) => placeTimes(markup, reader)));
    }
    const { content, ...view } = shown.view;
    const shell = { stack: stack.name, isLocal: local !== undefined, dashboard: stack.dashboard, zone: reader.zone };
    const whole = layout(view, content, { ...shell, banner: banner.markup });
    return page(placeTimes(whole.text, reader), view.status);
  };
}

type Asked = { request: IncomingMessage; url: URL; matching: readonly Route[]; reader: Reader };

async function shownTo({ request, url, matching, reader }: Asked): Promise<Shown> {
  const parametersOf = ({ path }: Route): string[] => path.exec(url.pathname)?.slice(1) ?? [];
  if (matching.length === 0) return notFound();
  if (request.method === 'GET' || request.method === 'HEAD') {
    const route = matching.find(({ get }) => get !== undefined);
    if (route?.get === undefined) return wrongMethod('POST');
    return (await route.get({ query: url.searchParams, parameters: parametersOf(route), reader })) ?? notFound();
  }
  const route = matching.find(({ post }) => post !== undefined);
  if (request.method !== 'POST' || route?.post === undefined) {
    return wrongMethod(route === undefined ? 'GET, HEAD' : 'POST');
  }
  const body = await readForm(request);
  switch (body.kind) {
    case 'too large':
      return {
        view: messageView(
          'Too large',
          'A form can hold at most 300 KiB. Send larger payloads by invoke or by queue.',
          413,
        ),
      };
    case 'not a form':
      return { answer: plainText('A change must be sent as a form.\n', 415) };
    case 'form': {
      const posted = { fields: body.fields, parameters: parametersOf(route), request, reader };
      return (await route.post(posted)) ?? notFound();
    }
  }
}

function wrongMethod(allow: string): Shown {
  return { answer: { ...plainText('This address does not accept this method.\n', 405), headers: { allow } } };
}

function notFound(): Shown {
  return { view: messageView('Not found', 'There is nothing at this address.', 404) };
}

function parseUrl(target: string | undefined): URL | undefined {
  // Only an origin-form target: otherwise `//host/` would be taken for another host.
  return target?.startsWith('/') === true && URL.canParse(`http://127.0.0.1${target}`)
    ? new URL(`http://127.0.0.1${target}`)
    : undefined;
}
